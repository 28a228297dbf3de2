import { describe, expect, it } from 'vitest';
import type { ModuleTimeline, TimelineEntry } from '../src/api/history';
import { after, emptyLive } from '../src/live/store';
import { barsOf, changesOf, joined, modulesByChange, tickText, ticksOf } from '../src/model/timeline';
import { tellsMore } from '../src/pages/timeline/useTimeline';
import { status } from './records';

const at = (second: number) => new Date(Date.UTC(2026, 10, 26, 12, 0, second)).toISOString();
const entry = (node: string, second: number, state: 'ALONE' | 'PRIM' | 'SECOND' | 'STOP', phase: 'Ready' | 'Transient' | 'NotReady' = 'Ready', cause?: string): TimelineEntry =>
  ({ time: at(second), node, kind: 'state', state, phase, text: `Local state ${state} ${phase}`, ...(cause === undefined ? {} : { cause }) });
const answer = (module: string, ...entries: TimelineEntry[]): ModuleTimeline => ({ module, entries, missing: [] });

describe('changesOf', () => {
  it('puts both nodes on one axis and says what the other one was then', () => {
    const changes = changesOf([answer('m', entry('n2', 5, 'SECOND'), entry('n1', 1, 'ALONE'), entry('n1', 6, 'PRIM'))]);
    expect(changes.map(change => [change.node, change.state])).toEqual([['n1', 'ALONE'], ['n2', 'SECOND'], ['n1', 'PRIM']]);
    expect(changes[0]!.beside).toEqual({});
    expect(changes[1]!.beside).toEqual({ n1: { state: 'ALONE', phase: 'Ready' } });
    expect(changes[2]!.beside).toEqual({ n2: { state: 'SECOND', phase: 'Ready' } });
  });

  it('keeps modules apart and takes an entry once, however its time is written', () => {
    const again = { ...entry('n1', 1, 'ALONE'), time: at(1).replace('Z', '+00:00') };
    const changes = changesOf([answer('a', entry('n1', 1, 'ALONE'), again), answer('b', entry('n2', 2, 'STOP'))]);
    expect(changes).toHaveLength(2);
    expect(changes[1]!.beside).toEqual({});
  });
});

describe('joined', () => {
  it('adds what is new, and says anew who is missing', () => {
    const before = [answer('a', entry('n1', 1, 'ALONE'))];
    const now = [{ ...answer('a', entry('n1', 1, 'ALONE'), entry('n1', 2, 'PRIM')), missing: ['n2'] }, answer('b', entry('n1', 3, 'STOP'))];
    const all = joined(before, now);
    expect(all.map(each => [each.module, each.entries.length, each.missing])).toEqual([['a', 2, ['n2']], ['b', 1, []]]);
  });
});

describe('barsOf', () => {
  const changes = changesOf([answer('m', entry('n1', 10, 'ALONE', 'Transient', 'Action prim called by anna'), entry('n1', 20, 'ALONE'), entry('n1', 30, 'ALONE'), entry('n1', 40, 'PRIM'))]);
  const second = (value: number) => Date.parse(at(value));

  it('reaches from change to change, to the end, and knows the cause', () => {
    const bars = barsOf(changes, 'm', 'n1', second(0), second(60), undefined);
    expect(bars.map(bar => [bar.state, bar.phase, (bar.from - second(0)) / 1000, (bar.to - second(0)) / 1000])).toEqual([['ALONE', 'Transient', 10, 20], ['ALONE', 'Ready', 20, 40], ['PRIM', 'Ready', 40, 60]]);
    expect(bars[0]!.cause).toBe('Action prim called by anna');
  });

  it('begins at the edge with what was before it', () => {
    const bars = barsOf(changes, 'm', 'n1', second(25), second(35), undefined);
    expect(bars).toEqual([{ state: 'ALONE', phase: 'Ready', from: second(25), to: second(35), cause: undefined }]);
  });

  it('takes the present state where nothing is remembered', () => {
    const bars = barsOf([], 'm', 'n2', second(0), second(60), status({ state: 'SECOND', since: at(15) }));
    expect(bars).toEqual([{ state: 'SECOND', phase: 'Ready', from: second(15), to: second(60), cause: undefined }]);
    expect(barsOf([], 'm', 'n2', second(0), second(60), undefined)).toEqual([]);
  });
});

describe('ticksOf', () => {
  it.each([[60_000, 6], [3_600_000, 5], [86_400_000, 8], [40 * 86_400_000, 4]])('are round and few over %d ms', (span, most) => {
    const from = Date.UTC(2026, 10, 26, 12, 3, 7);
    const ticks = ticksOf(from, from + span, most);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(most + 1);
    expect(ticks.every(tick => tick >= from && tick <= from + span)).toBe(true);
  });

  it('are written as exactly as they need', () => {
    const noon = new Date(2026, 10, 26, 12, 5, 30).getTime();
    expect(tickText(noon, 60_000)).toBe('12:05:30');
    expect(tickText(noon, 3_600_000)).toBe('12:05');
    expect(tickText(noon, 3 * 86_400_000)).toBe('11-26 12:05');
    expect(tickText(noon, 30 * 86_400_000)).toBe('2026-11-26');
  });
});

describe('modulesByChange', () => {
  it('puts what changed last first, and what never did by name', () => {
    expect(modulesByChange(changesOf([answer('b', entry('n1', 1, 'ALONE')), answer('c', entry('n1', 9, 'PRIM'))]), ['a', 'b', 'c', 'a10', 'a9'])).toEqual(['c', 'b', 'a', 'a9', 'a10']);
  });
});

describe('tellsMore', () => {
  const before = after(emptyLive, [{ kind: 'module', node: 'n1', status: status() }]);
  const with_ = (text: string, module = 'vm1') => after(before, [{ kind: 'log', node: 'n1', line: { time: at(1), module, level: 'Event', text } }]);

  it('hears of states, actions and decisions, of the module that is shown', () => {
    expect(tellsMore(before, after(before, [{ kind: 'module', node: 'n1', status: status({ state: 'ALONE' }) }]), '')).toBe(true);
    expect(tellsMore(before, with_('Action swap called by anna'), 'vm1')).toBe(true);
    expect(tellsMore(before, with_('Action swap called by anna', 'vm2'), 'vm1')).toBe(false);
    expect(tellsMore(before, with_('Script transition > x (0.0 s)'), '')).toBe(false);
    expect(tellsMore(before, after(before, [{ kind: 'module', node: 'n1', status: status({ dirtyBytes: 9 }) }]), '')).toBe(false);
  });
});
