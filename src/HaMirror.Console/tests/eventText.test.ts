import { describe, expect, it } from 'vitest';
import { EventText } from '../src/api/eventText';

describe('EventText', () => {
  it('gives the same events wherever the stream is cut', () => {
    const whole = 'id: e-1\nevent: module\ndata: {"a":1}\n\n: comment\nevent: beat\r\ndata: {}\r\n\r\ndata:one\ndata: two\n\n';
    const expected = [{ id: 'e-1', kind: 'module', data: '{"a":1}' }, { id: 'e-1', kind: 'beat', data: '{}' }, { id: 'e-1', kind: 'message', data: 'one\ntwo' }];
    for (let size = 1; size <= whole.length; size++) {
      const text = new EventText();
      const events = [];
      for (let at = 0; at < whole.length; at += size) events.push(...text.push(whole.slice(at, at + size)));
      expect(events, `cut every ${size}`).toEqual(expected);
    }
  });

  it('keeps an event back until it is whole', () => {
    const text = new EventText();
    expect(text.push('event: module\ndata: {}\n')).toEqual([]);
    expect(text.push('\n')).toHaveLength(1);
  });
});
