import { create } from 'zustand';
import { api, readSession } from '../api/client';
import { doors, home } from '../api/doors';
import { Problem } from '../api/problem';
import type { Role, SessionStatus } from '../api/types';

interface SessionState {
  /** asking: nobody has answered yet. */
  phase: 'asking' | 'out' | 'in';
  session: SessionStatus | null;
  /** Why the login page is shown to somebody who was in. */
  ended: boolean;
  problem: Problem | null;
}

export const useSession = create<SessionState>(() => ({ phase: 'asking', session: null, ended: false, problem: null }));

export async function resume(): Promise<void> {
  try {
    const session = await readSession();
    useSession.setState({ phase: session ? 'in' : 'out', session, problem: null });
  } catch (error) {
    useSession.setState({ phase: 'asking', problem: Problem.of(error) });
  }
}

/** @throws {Problem} wrong password, too many failures, nobody answers */
export async function logIn(name: string, password: string): Promise<void> {
  const session = await api.post<SessionStatus>('/v1/session', { name, password });
  doors.setToken(session.token ?? null);
  const { token: _, ...shown } = session;
  useSession.setState({ phase: 'in', session: shown, ended: false, problem: null });
}

export async function logOut(): Promise<void> {
  await api.delete('/v1/session');
  doors.setToken(null);
  useSession.setState({ phase: 'out', session: null, ended: false, problem: null });
}

let looking: Promise<boolean> | null = null;

/**
 * Somebody was answered 401. Before the page gives up it asks who is logged in: what was refused may have been asked before a
 * password was changed, and the other node may not have heard yet of an account that is a moment old.
 * @returns he is still in
 */
export function stillIn(): Promise<boolean> {
  looking ??= look().finally(() => { looking = null; });
  return looking;
}

/** At another door than the first, where the session is new, the node gets a moment to learn of it. */
const secondLooks: readonly number[] = [500, 1500];

async function look(): Promise<boolean> {
  for (const wait of doors.used === home ? [0] : [0, ...secondLooks]) {
    if (wait > 0) await new Promise(resolve => { setTimeout(resolve, wait); });
    try {
      if (await readSession()) return true;
    } catch {
      return true; // Nobody answers: that ends no session.
    }
  }
  sessionEnded();
  return false;
}

/** Another session of the same user has taken the place of this one. */
export function sessionRenewed(session: SessionStatus): void {
  doors.setToken(session.token ?? null);
  const { token: _, ...shown } = session;
  useSession.setState({ session: shown });
}

/** The session is over: expired, or ended by somebody. */
export function sessionEnded(): void {
  const { phase } = useSession.getState();
  if (phase === 'in') useSession.setState({ phase: 'out', session: null, ended: true });
}

const ranks: Readonly<Record<Role, number>> = { Monitor: 0, Control: 1, Admin: 2 };

export const mayBe = (role: Role | undefined, needed: Role): boolean => role !== undefined && ranks[role] >= ranks[needed];

/** Why the user may not do what needs the role; null: he may. */
export function useRefusal(needed: Role): string | null {
  const role = useSession(state => state.session?.role);
  return mayBe(role, needed) ? null : `This needs the role ${needed}; yours is ${role ?? 'none'}. An administrator can change it.`;
}

