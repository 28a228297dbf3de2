import { describe, expect, it } from 'vitest';
import { entryOf, hookRun, merge, passes, plain, type LogFilter } from '../src/pages/log/lines';

const line = (node: string, time: string, text: string, level: 'Event' | 'Warning' | 'Detail' = 'Event') => entryOf({ node, time, module: 'm1', level, text });
const all: LogFilter = { text: '', level: 'Detail', module: '', node: '', from: null, to: null };

describe('merge', () => {
  it('puts both nodes in order of time, also across offsets and digits', () => {
    const one = [line('n1', '2026-11-26T05:00:00.5+00:00', 'b'), line('n1', '2026-11-26T05:00:02+00:00', 'd')];
    const two = [line('n2', '2026-11-26T06:00:00.25+01:00', 'a'), line('n2', '2026-11-26T06:00:01+01:00', 'c')];
    expect(merge(one, two).map(entry => entry.text)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes a line once that came from the memory and from the events', () => {
    expect(merge([line('n1', '2026-11-26T05:00:00+00:00', 'a')], [line('n1', '2026-11-26T05:00:00+00:00', 'a')])).toHaveLength(1);
  });

  it('keeps what both nodes say at the same moment', () => {
    expect(merge([line('n1', '2026-11-26T05:00:00+00:00', 'a')], [line('n2', '2026-11-26T05:00:00+00:00', 'a')])).toHaveLength(2);
  });
});

describe('passes', () => {
  const entry = line('n1', '2026-11-26T05:00:00+00:00', 'Disk full', 'Warning');
  it.each([
    ['text in any case', { text: 'disk FULL' }, true],
    ['another text', { text: 'ready' }, false],
    ['a level below', { level: 'Event' }, true],
    ['a level above', { level: 'Critical' }, false],
    ['another module', { module: 'm2' }, false],
    ['another node', { node: 'n2' }, false],
    ['a time that begins later', { from: Date.parse('2026-11-26T05:00:01Z') }, false],
    ['a time around it', { from: Date.parse('2026-11-26T04:59:59Z'), to: Date.parse('2026-11-26T05:00:01Z') }, true],
  ] as [string, Partial<LogFilter>, boolean][])('%s', (_, change, expected) => {
    expect(passes(entry, { ...all, ...change })).toBe(expected);
  });
});

describe('hookRun', () => {
  it('finds the name of the run without its directory', () => {
    expect(hookRun('Script start_prim > /var/log/hamirror/m1/hooks/userlog_2026-11-26T051506_start_prim.ulog (1.0 s)'))
      .toEqual({ before: 'Script start_prim > ', run: 'userlog_2026-11-26T051506_start_prim.ulog', after: ' (1.0 s)' });
  });
  it('is null for other lines', () => expect(hookRun('Local state PRIM Ready')).toBeNull());
});

it('writes a line a line', () => {
  expect(plain([line('n1', '2026-11-26T05:00:00+00:00', 'a b')])).toBe('2026-11-26T05:00:00+00:00 n1 m1 Event a b\n');
});
