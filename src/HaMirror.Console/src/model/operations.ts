// What takes long, in words. Both sides of a resync tell of it: one of them is shown.
import type { OperationStatus } from '../api/types';
import type { ModulePair, NodeLive } from '../live/store';
import type { OperationsByNode } from '../live/operations';

const kindWords: Readonly<Record<string, string>> = {
  start: 'Start', prim: 'Start as primary', second: 'Start as secondary', stop: 'Stop', 'force-stop': 'Stop by force', restart: 'Restart of the service', stopstart: 'Stop and start',
  swap: 'Swap', attach: 'Taking the disk back', verify: 'Verification', seed: 'Seed', resync: 'Resync', diff: 'Look at the difference',
  configuration: 'Change of the configuration', 'salvage-export': 'Export of a salvage set', 'salvage-restore': 'Restore of salvaged files',
};

export const kindWord = (kind: string): string => kindWords[kind] ?? kind;

/** What ends by itself when all is well, as the state of a module is waited for. */
const waits = new Set(['start', 'prim', 'second', 'stop', 'force-stop', 'restart', 'stopstart', 'swap', 'attach']);

/** What is asked for with the button: a wait ends and the module goes on. */
export const cancelWord = (operation: OperationStatus): string => (waits.has(operation.kind) ? 'Stop waiting' : 'Stop');

export const outcomeWord = { running: 'runs', done: 'done', failed: 'failed', cancelled: 'stopped' } as const;

const sameResync = (a: OperationStatus, b: OperationStatus) => a.kind === 'resync' && b.kind === 'resync' && a.module === b.module && a.node !== b.node
  && Date.parse(a.begun) < (b.ended ? Date.parse(b.ended) : Infinity) && Date.parse(b.begun) < (a.ended ? Date.parse(a.ended) : Infinity);

/** The primary's side makes the other one equal; where it is not known, the target's is shown. */
const isSource = (operation: OperationStatus) => operation.text.startsWith('The other node');

const lists = new WeakMap<OperationsByNode, OperationStatus[]>();

/** Both nodes' as one list, newest first. Asked for with each change of anything, so it is made once for each change of an operation. */
export function allOperations(known: OperationsByNode): OperationStatus[] {
  let list = lists.get(known);
  if (!list) lists.set(known, list = together(known));
  return list;
}

function together(known: OperationsByNode): OperationStatus[] {
  const all = Object.values(known).flat().sort((a, b) => Date.parse(b.begun) - Date.parse(a.begun));
  return all.filter((each, index) => {
    if (each.kind !== 'resync') return true;
    const twin = all.findIndex(other => sameResync(each, other));
    return twin < 0 || (isSource(each) === isSource(all[twin]!) ? index < twin : isSource(each));
  });
}

/** Those that an eye should be kept on: what moves, as far as is known, not a wait for a node that may come tomorrow. */
export function noticed(operations: readonly OperationStatus[], modules: Readonly<Record<string, ModulePair>>, nodes: Readonly<Record<string, NodeLive>>): OperationStatus[] {
  const running = operations.filter(each => each.state === 'running' && nodes[each.node]?.reach !== 'gone');
  const resynced = new Set(running.filter(each => each.kind === 'resync').map(each => each.module)); // Of a start that resyncs the resync tells more.
  return running.filter(each => !waits.has(each.kind) || (!resynced.has(each.module) && (each.module !== undefined && modules[each.module]?.[each.node]?.phase === 'Transient')));
}

/** "anna@10.0.0.9"; what nobody asked for was begun by the node itself. */
export const beganBy = (operation: OperationStatus): string => (operation.by === 'agent' ? 'by itself' : `by ${operation.by}`);
