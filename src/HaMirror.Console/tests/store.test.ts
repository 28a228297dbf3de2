import { describe, expect, it } from 'vitest';
import type { NodeSummary } from '../src/api/types';
import { incoming } from '../src/live/connection';
import { changes } from '../src/live/Announcer';
import { after, emptyLive, linesKept, type Incoming, type LiveState } from '../src/live/store';
import { nodeStatus, standby, status } from './records';

const summary = (node: string, own: boolean): NodeSummary => ({ node, own, reachable: true, addresses: [], consoles: [`http://${node}:9010`] });
const begun = (...events: Incoming[]): LiveState => after(emptyLive, [{ kind: 'nodes', nodes: [summary('n2', true), summary('n1', false)], at: 1 }, ...events]);

describe('the live state', () => {
  it('keeps the nodes in the order of their names, whoever answers', () => {
    const state = begun();
    expect(state.order).toEqual(['n1', 'n2']);
    expect(after(state, [{ kind: 'nodes', nodes: [summary('n1', true), summary('n2', false)], at: 2 }]).order).toBe(state.order);
  });

  it('leaves alone what an event does not touch', () => {
    const before = begun({ kind: 'module', node: 'n1', status: status() }, { kind: 'module', node: 'n1', status: status({ module: 'db' }) });
    const next = after(before, [{ kind: 'module', node: 'n1', status: status({ phase: 'Transient' }) }]);
    expect(next.modules['db']).toBe(before.modules['db']);
    expect(next.modules['vm1']).not.toBe(before.modules['vm1']);
    expect(next.nodes).toBe(before.nodes);
    expect(after(before, [])).toBe(before);
  });

  it('forgets modules that a whole state does not name, of that node alone', () => {
    const before = begun({ kind: 'module', node: 'n1', status: status() }, { kind: 'module', node: 'n2', status: standby() }, { kind: 'module', node: 'n1', status: status({ module: 'db' }) });
    const next = after(before, [{ kind: 'status', node: 'n1', status: nodeStatus('n1', []) }]);
    expect(Object.keys(next.modules)).toEqual(['vm1']);
    expect(Object.keys(next.modules['vm1']!)).toEqual(['n2']);
  });

  it('removes a module only when no node has it', () => {
    const before = begun({ kind: 'module', node: 'n1', status: status() }, { kind: 'module', node: 'n2', status: standby() });
    const once = after(before, [{ kind: 'removed', node: 'n1', module: 'vm1' }]);
    expect(Object.keys(once.modules['vm1']!)).toEqual(['n2']);
    expect(after(once, [{ kind: 'removed', node: 'n2', module: 'vm1' }]).modules).toEqual({});
  });

  it('keeps what a silent node said, and since when it is silent', () => {
    const before = begun({ kind: 'module', node: 'n1', status: status() }, { kind: 'reach', node: 'n1', reach: 'gone', why: 'no', at: 5 });
    const next = after(before, [{ kind: 'reach', node: 'n1', reach: 'gone', why: 'still no', at: 9 }]);
    expect(next.modules['vm1']!['n1']!.state).toBe('PRIM');
    expect(next.nodes['n1']).toMatchObject({ reach: 'gone', since: 5, why: 'still no' });
  });

  it('shows the newest line that is no detail, and keeps a bounded number of lines', () => {
    const line = (second: number, level: 'Event' | 'Detail'): Incoming => ({ kind: 'log', node: 'n1', line: { time: new Date(second * 1000).toISOString(), module: 'vm1', level, text: `${second}` } });
    const state = begun(line(5, 'Event'), line(3, 'Event'), line(9, 'Detail'));
    expect(state.lastLine['vm1']!.text).toBe('5');
    expect(after(state, Array.from({ length: linesKept + 50 }, (_, index) => line(index, 'Event'))).lines).toHaveLength(linesKept);
  });

  it('takes rates from two counts of a node, and none over a gap or from a counter that began anew', () => {
    const counters = (writtenBytes: number) => [{ module: 'vm1', requests: writtenBytes, writtenBytes, writes: 0, lagBytes: 0, heldRequests: 0 }];
    const traffic = (time: number, count: number): Incoming => ({ kind: 'traffic', node: 'n1', time, modules: counters(count) });
    const points = begun(traffic(0, 0), traffic(1000, 4096), traffic(31_000, 9000), traffic(32_000, 10)).traffic['vm1']!['n1']!;
    expect(points.map(point => point.writtenPerSecond)).toEqual([null, 4096, null, null]);
  });

  it('announces a change of state once, and nothing of a first look', () => {
    const before = begun();
    const first = after(before, [{ kind: 'module', node: 'n1', status: status() }]);
    expect(changes(before, first)).toEqual([]);
    const next = after(first, [{ kind: 'module', node: 'n1', status: status({ state: 'ALONE' }) }]);
    expect(changes(first, next)).toEqual(['vm1 on n1: ALONE, ready.']);
    expect(changes(next, after(next, [{ kind: 'module', node: 'n1', status: status({ state: 'ALONE', dirtyBytes: 4096 }) }]))).toEqual([]);
  });
});

describe('incoming', () => {
  it('knows the events of the API and passes over others', () => {
    expect(incoming('n1', 'removed', '{"module":"m"}')).toEqual({ kind: 'removed', node: 'n1', module: 'm' });
    expect(incoming('n1', 'beat', '{}')).toBeNull();
    expect(incoming('n1', 'traffic', '{"time":"1970-01-01T00:00:01Z","modules":[]}')).toMatchObject({ kind: 'traffic', time: 1000 });
  });
});
