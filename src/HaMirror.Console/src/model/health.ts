// What a pair of states means for somebody who is called at night: does the service run, may the other node take over, what is
// wrong. The words of the states are SafeKit's (docs/states.md), its colours are the phase's: red, orange, green.
import type { Condition, ModuleStatus, Phase, State } from '../api/types';
import type { ModulePair, NodeLive } from '../live/store';

/** What is shown of a module as a whole; the order is "problems first". */
export type Health = 'down' | 'unknown' | 'alone' | 'manual' | 'busy' | 'stopped' | 'good';

export const healthOrder: readonly Health[] = ['down', 'unknown', 'alone', 'manual', 'busy', 'good', 'stopped'];

export const healthWord: Readonly<Record<Health, string>> = {
  down: 'Not served',
  unknown: 'Not known',
  alone: 'No standby',
  manual: 'Failover off',
  busy: 'Changing',
  stopped: 'Stopped',
  good: 'Protected',
};

export interface Verdict {
  health: Health;
  /** One sentence: what is, and why. */
  sentence: string;
  /** The node that serves. */
  serving?: string | undefined;
}

const serves = (status: ModuleStatus) => status.state === 'PRIM' || status.state === 'ALONE';
const isServing = (status: ModuleStatus) => serves(status) && status.phase === 'Ready';

/** @param nodes in the order in which they are shown */
export function judge(pair: ModulePair, nodes: readonly NodeLive[]): Verdict {
  const fresh = nodes.filter(node => node.reach === 'live').map(node => pair[node.name]).filter(status => status !== undefined);
  const stale = nodes.filter(node => node.reach !== 'live');
  const server = fresh.find(isServing);
  if (server) return judgeServed(server, fresh.find(status => status !== server), stale[0]?.name);
  if (fresh.length === 0) return { health: 'unknown', sentence: 'No node answers: whether the service runs is not known.' };
  const busy = fresh.find(status => status.phase === 'Transient');
  if (busy) return { health: 'busy', sentence: `${busy.node}: ${busy.reason ?? transient[busy.state]}` };
  const waiting = fresh.find(status => status.state === 'WAIT');
  if (waiting) return { health: 'down', sentence: `${waiting.node} waits: ${waiting.reason ?? 'it does not say why.'}` };
  const idle = fresh.find(status => status.state !== 'STOP');
  if (idle) return { health: stale.length > 0 && idle.state === 'SECOND' ? 'unknown' : 'down', sentence: standbyWithout(idle, stale[0]?.name) };
  if (stale.length > 0) return { health: 'unknown', sentence: `Stopped on ${fresh.map(status => status.node).join(' and ')}; ${stale.map(node => node.name).join(' and ')} does not answer.` };
  return { health: 'stopped', sentence: fresh.length === nodes.length ? 'Stopped on both nodes.' : `Stopped on ${fresh[0]!.node}; the other node has no such module.` };
}

function standbyWithout(status: ModuleStatus, gone: string | undefined): string {
  if (status.reason) return `${status.node}: ${status.reason}`;
  return gone ? `${status.node} is the standby; ${gone} does not answer.` : `${status.node} is ${status.state} ${status.phase}, and nothing serves.`;
}

const transient: Readonly<Record<State, string>> = {
  STOP: 'is stopping.', WAIT: 'is starting.', ALONE: 'is starting the service.', PRIM: 'is starting the service.', SECOND: 'is being synchronised.',
};

function judgeServed(server: ModuleStatus, other: ModuleStatus | undefined, gone: string | undefined): Verdict {
  const serving = server.node;
  if (server.state === 'PRIM' && server.peerState === 'SECOND' && server.peerPhase === 'Ready' && (!other || (other.state === 'SECOND' && other.phase === 'Ready'))) {
    return server.failoverOn
      ? { health: 'good', sentence: `Serves on ${serving}; ${other?.node ?? 'the other node'} holds every acknowledged write and takes over by itself.`, serving }
      : { health: 'manual', sentence: `Failover is off: ${other?.node ?? 'the other node'} is up to date, but will not take over by itself.`, serving };
  }
  const resync = server.resync ?? other?.resync;
  if (resync) return { health: 'alone', sentence: `Serves on ${serving}; the other replica is being synchronised and cannot take over yet.`, serving };
  if (server.reason) return { health: 'alone', sentence: `Serves on ${serving} without a standby: ${server.reason}`, serving };
  if (other && other.state === 'WAIT') return { health: 'alone', sentence: `Serves on ${serving} without a standby; ${other.node} waits: ${other.reason ?? 'it does not say why.'}`, serving };
  if (other && other.state === 'STOP') return { health: 'alone', sentence: `Serves on ${serving} without a standby; stopped on ${other.node}.`, serving };
  return { health: 'alone', sentence: `Serves on ${serving} without a standby${gone ? `; ${gone} does not answer` : ''}.`, serving };
}

export const stateWord: Readonly<Record<State, string>> = {
  STOP: 'stopped', WAIT: 'waits', ALONE: 'serves, no standby', PRIM: 'serves', SECOND: 'standby',
};

export const stateSentence: Readonly<Record<State, string>> = {
  STOP: 'The module does not run here.',
  WAIT: 'The module runs here but serves nothing: its data is not known to be up to date, or failover is off.',
  ALONE: 'The service runs here without a standby. What is written is remembered for the other node.',
  PRIM: 'The service runs here, and the other node holds every acknowledged write.',
  SECOND: 'This node takes over the primary\'s writes; once Ready it may take over the service.',
};

export const phaseWord: Readonly<Record<Phase, string>> = { NotReady: 'not ready', Transient: 'in transition', Ready: 'ready' };

export const conditionWord: Readonly<Record<Condition, string>> = {
  UpToDate: 'up to date', Outdated: 'outdated', Inconsistent: 'half-synced', Unknown: 'never synced',
};

export const conditionSentence: Readonly<Record<Condition, string>> = {
  UpToDate: 'This replica holds every acknowledged write.',
  Outdated: 'This replica is whole, but the other node has gone on without it.',
  Inconsistent: 'A resync has begun and not ended: this replica is a mixture of two moments.',
  Unknown: 'This replica was never synchronised.',
};

/** Sorts names: problems first, then by name. */
export function problemsFirst(a: { health: Health; name: string }, b: { health: Health; name: string }): number {
  return healthOrder.indexOf(a.health) - healthOrder.indexOf(b.health) || a.name.localeCompare(b.name, 'en', { numeric: true });
}
