// Operations of both nodes as they are known: the running ones and the last that ended, newest first. A node's list replaces what was
// known of that node; an event changes one.
import type { OperationStatus } from '../api/types';
import type { LiveState } from './store';

export const operationsKept = 200;

export type OperationsByNode = Readonly<Record<string, readonly OperationStatus[]>>;

const newestFirst = (a: OperationStatus, b: OperationStatus) => Date.parse(b.begun) - Date.parse(a.begun);

export function takeOperations(state: LiveState, node: string, list: readonly OperationStatus[]): void {
  state.operations = { ...state.operations, [node]: [...list].sort(newestFirst).slice(0, operationsKept) };
}

export function takeOperation(state: LiveState, node: string, told: OperationStatus): void {
  const before = state.operations[node] ?? [];
  const known = before.some(each => each.id === told.id);
  takeOperations(state, node, known ? before.map(each => (each.id === told.id ? told : each)) : [told, ...before]);
}
