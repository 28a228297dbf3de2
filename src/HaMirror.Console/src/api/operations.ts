// What takes long: asking for it, ending it, waiting for its end (Prefer: respond-async). It goes on at its node without the page: what is lost when nobody
// answers is only the sight of it.
import { api } from './client';
import { Problem } from './problem';
import type { OperationStatus } from './types';

const operations = '/v1/operations';
const lookMilliseconds = 300, silenceMilliseconds = 90_000;

const pause = (milliseconds: number) => new Promise<void>(resolve => { setTimeout(resolve, milliseconds); });

export const readOperations = (node: string): Promise<OperationStatus[]> => api.get<OperationStatus[]>(operations, { node });

/** Ends what can be ended half-way; of a wait for a state only the waiting: the module goes on. @throws {Problem} */
export const cancelOperation = (operation: OperationStatus): Promise<void> =>
  api.delete(`${operations}/${encodeURIComponent(operation.id)}`, { node: operation.node });

/**
 * @param tell each time something is known of it
 * @returns what the operation ends with
 * @throws {Problem} why it failed, or that its node does not say any more what became of it
 */
export async function outcome<T>(begun: OperationStatus, tell: (now: OperationStatus) => void): Promise<T> {
  let now = begun;
  let heard = Date.now();
  tell(now);
  while (now.state === 'running') {
    await pause(lookMilliseconds);
    try {
      now = await api.get<OperationStatus>(`${operations}/${encodeURIComponent(begun.id)}`, { node: begun.node });
      heard = Date.now();
      tell(now);
    } catch (error) {
      const problem = Problem.of(error);
      if (problem.status === 404) throw unknown(begun, `${begun.node || 'The node'} was started anew meanwhile`);
      if (!(problem.silent || problem.status === 502 || problem.status === 504)) throw problem;
      if (Date.now() - heard > silenceMilliseconds) throw unknown(begun, `${begun.node || 'The node'} does not answer any more`);
      tell({ ...now, text: `${begun.node || 'The node'} does not answer; it is asked again.` });
    }
  }
  if (now.state === 'done') return now.result as T;
  throw now.problem ? new Problem(now.problem.status, now.problem.title, now.problem.detail, now.problem.errors ?? []) : new Problem(0, now.text);
}

const unknown = (begun: OperationStatus, why: string) =>
  new Problem(0, `${why}: what became of "${begun.text}" is not known.`, 'Look at what is there now before you ask again; the log tells what happened.');
