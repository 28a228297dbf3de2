// What is known of both nodes, as it comes. Invariants: an object in here changes only when what it says has changed, so that
// whoever shows it is drawn again only then; what belongs to a node that does not answer any more stays, and is marked as old.
import { create } from 'zustand';
import type { LogLine, ModuleStatus, ModuleTraffic, NodeStatus, NodeSummary, OperationStatus } from '../api/types';
import { trafficPoint, type TrafficPoint } from '../model/traffic';
import { takeOperation, takeOperations, type OperationsByNode } from './operations';

/** live: its events arrive. gone: it does not answer. waiting: not known yet. */
export type Reach = 'waiting' | 'live' | 'gone';

export interface NodeLive {
  name: string;
  reach: Reach;
  /** When `reach` became so. */
  since: number;
  /** Why it is gone, as a sentence. */
  why?: string | undefined;
  status?: NodeStatus | undefined;
  consoles: readonly string[];
}

/** One module on both nodes, by node. */
export type ModulePair = Readonly<Record<string, ModuleStatus>>;

export const linesKept = 2000;
export const pointsKept = 600;

export interface LiveState {
  /** In the order in which they are shown; a node without a cluster has an empty name. */
  order: readonly string[];
  nodes: Readonly<Record<string, NodeLive>>;
  modules: Readonly<Record<string, ModulePair>>;
  /** Newest line of each module that is not a detail. */
  lastLine: Readonly<Record<string, LoggedLine>>;
  /** Both nodes' newest lines since the page was opened, in order of arrival. */
  lines: readonly LoggedLine[];
  /** By module and node, oldest first. */
  traffic: Readonly<Record<string, Readonly<Record<string, readonly TrafficPoint[]>>>>;
  operations: OperationsByNode;
  /** Both nodes' names are known. */
  started: boolean;
}

export interface LoggedLine extends LogLine { node: string }

/** Something that came from a node. */
export type Incoming =
  | { kind: 'status'; node: string; status: NodeStatus }
  | { kind: 'node'; node: string; status: NodeStatus }
  | { kind: 'module'; node: string; status: ModuleStatus }
  | { kind: 'removed'; node: string; module: string }
  | { kind: 'log'; node: string; line: LogLine }
  | { kind: 'traffic'; node: string; time: number; modules: ModuleTraffic[] }
  | { kind: 'operation'; node: string; operation: OperationStatus }
  | { kind: 'operations'; node: string; operations: readonly OperationStatus[] }
  | { kind: 'reach'; node: string; reach: Reach; why?: string | undefined; at: number }
  | { kind: 'nodes'; nodes: readonly NodeSummary[]; at: number };

export const emptyLive: LiveState = { order: [], nodes: {}, modules: {}, lastLine: {}, lines: [], traffic: {}, operations: {}, started: false };

/** The state after some events; the same object when nothing has changed. */
export function after(before: LiveState, events: readonly Incoming[]): LiveState {
  if (events.length === 0) return before;
  const next = { ...before };
  for (const event of events) apply(next, event);
  return shallowSame(before, next) ? before : next;
}

function apply(state: LiveState, event: Incoming): void {
  switch (event.kind) {
    case 'nodes': return takeNodes(state, event.nodes, event.at);
    case 'reach': return takeReach(state, event);
    case 'status': {
      setNode(state, event.node, { status: { ...event.status, modules: [] } });
      const named = new Set(event.status.modules.map(module => module.module));
      for (const [name, pair] of Object.entries(state.modules)) if (pair[event.node] && !named.has(name)) removeModule(state, event.node, name);
      for (const module of event.status.modules) setModule(state, event.node, module);
      return;
    }
    case 'node': return setNode(state, event.node, { status: event.status });
    case 'module': return setModule(state, event.node, event.status);
    case 'removed': return removeModule(state, event.node, event.module);
    case 'log': {
      const line = { ...event.line, node: event.node };
      state.lines = [...(state.lines.length >= linesKept ? state.lines.slice(1 - linesKept) : state.lines), line];
      const last = state.lastLine[line.module];
      if (line.level !== 'Detail' && (!last || last.time <= line.time)) state.lastLine = { ...state.lastLine, [line.module]: line };
      return;
    }
    case 'operation': return takeOperation(state, event.node, event.operation);
    case 'operations': return takeOperations(state, event.node, event.operations);
    case 'traffic': return takeTraffic(state, event.node, event.time, event.modules);
  }
}

function takeNodes(state: LiveState, nodes: readonly NodeSummary[], at: number): void {
  const names = nodes.length > 0 ? nodes.map(node => node.node) : [''];
  // The order stays when the other node answers: nothing on the screen changes places because a node has died.
  const order = [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (!state.started || order.join('\n') !== state.order.join('\n')) state.order = order;
  state.started = true;
  for (const name of order) {
    const consoles = nodes.find(node => node.node === name)?.consoles ?? [];
    const before = state.nodes[name];
    if (!before) state.nodes = { ...state.nodes, [name]: { name, reach: 'waiting', since: at, consoles } };
    else if (consoles.length > 0 && consoles.join(' ') !== before.consoles.join(' ')) setNode(state, name, { consoles });
  }
}

function takeReach(state: LiveState, event: Extract<Incoming, { kind: 'reach' }>): void {
  const before = state.nodes[event.node];
  if (before && before.reach === event.reach && before.why === event.why) return;
  setNode(state, event.node, { reach: event.reach, why: event.why, since: before?.reach === event.reach ? before.since : event.at });
}

function setNode(state: LiveState, name: string, change: Partial<NodeLive>): void {
  const before = state.nodes[name] ?? { name, reach: 'waiting' as const, since: 0, consoles: [] };
  state.nodes = { ...state.nodes, [name]: { ...before, ...change } };
}

function setModule(state: LiveState, node: string, status: ModuleStatus): void {
  state.modules = { ...state.modules, [status.module]: { ...state.modules[status.module], [node]: status } };
}

function removeModule(state: LiveState, node: string, module: string): void {
  const pair = state.modules[module];
  if (!pair?.[node]) return;
  const { [node]: _, ...rest } = pair;
  const { [module]: __, ...others } = state.modules;
  state.modules = Object.keys(rest).length > 0 ? { ...others, [module]: rest } : others;
}

function takeTraffic(state: LiveState, node: string, time: number, modules: readonly ModuleTraffic[]): void {
  if (modules.length === 0) return;
  const traffic = { ...state.traffic };
  for (const counters of modules) {
    const nodes = traffic[counters.module] ?? {};
    const points = nodes[node] ?? [];
    const point = trafficPoint(points.at(-1), time, counters, state.modules[counters.module]?.[node]?.resync?.bytesPerSecond ?? null);
    const kept = points.length >= pointsKept ? points.slice(1 - pointsKept) : points;
    traffic[counters.module] = { ...nodes, [node]: [...kept, point] };
  }
  state.traffic = traffic;
}

function shallowSame(a: LiveState, b: LiveState): boolean {
  return (Object.keys(a) as (keyof LiveState)[]).every(key => Object.is(a[key], b[key]));
}

export const useLive = create<LiveState>(() => emptyLive);
