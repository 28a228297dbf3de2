// A change that needs a stop, with the stop before it and the start after it. What ran before runs afterwards, with the new
// configuration or, when that was refused, with the old one.
import { api, modulePath } from '../../api/client';
import { Problem } from '../../api/problem';
import type { ModuleStatus } from '../../api/types';

export interface Running { node: string; state: ModuleStatus['state'] }

const lookMilliseconds = 500, stopMilliseconds = 900_000, startMilliseconds = 120_000;

const pause = (milliseconds: number) => new Promise<void>(resolve => { setTimeout(resolve, milliseconds); });
const serves = (one: Running) => one.state === 'PRIM' || one.state === 'ALONE';

async function until(module: string, node: string, wanted: (status: ModuleStatus) => boolean, milliseconds: number): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await pause(lookMilliseconds)) {
    if (wanted(await api.get<ModuleStatus>(modulePath(module), { node }))) return true;
  }
  return false;
}

/**
 * @param running where it runs now
 * @param tell hears each step
 * @throws {Problem} it was not changed, and why; whether it runs again is said
 */
export async function stopAround<T>(module: string, running: readonly Running[], tell: (step: string) => void, change: () => Promise<T>): Promise<T> {
  // The standby first, or it would take over; the server first again, so that the standby has somebody to follow.
  const standbyFirst = [...running].sort((a, b) => Number(serves(a)) - Number(serves(b)));
  const stopped: Running[] = [];
  try {
    for (const one of standbyFirst) {
      tell(`It stops on ${one.node}.`);
      stopped.push(one);
      await api.post(modulePath(module, '/stop'), {}, { node: one.node });
      if (!await until(module, one.node, status => status.state === 'STOP', stopMilliseconds)) throw new Problem(0, `${module} does not come to its stop on ${one.node}.`, 'Its log tells which hook hangs. Stop it by force on its page, then apply the change.');
    }
    const answer = await change();
    await startAgain(module, stopped, tell);
    return answer;
  } catch (error) {
    const problem = Problem.of(error);
    try {
      await startAgain(module, stopped, tell);
    } catch (further) {
      throw new Problem(problem.status, problem.title, `${problem.remedy ?? ''} And it was not started again: ${Problem.of(further).title}`.trim(), problem.errors);
    }
    throw problem;
  }
}

async function startAgain(module: string, stopped: readonly Running[], tell: (step: string) => void): Promise<void> {
  for (const one of [...stopped].reverse()) {
    tell(`It starts on ${one.node}.`);
    const now = await api.get<ModuleStatus>(modulePath(module), { node: one.node });
    if (now.state === 'STOP') await api.post(modulePath(module, '/start'), {}, { node: one.node });
    if (serves(one) && !await until(module, one.node, status => status.phase === 'Ready' && (status.state === 'ALONE' || status.state === 'PRIM'), startMilliseconds)) tell(`${one.node} takes its time.`);
  }
}
