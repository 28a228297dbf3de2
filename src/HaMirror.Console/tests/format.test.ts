import { describe, expect, it } from 'vitest';
import { ago, bytes, clock, count, duration, percent } from '../src/model/format';

describe('format', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [1536, '1.5 KiB'], [1024 * 1024 - 1, '1.0 MiB'], [100 * 1024 ** 3, '100 GiB'], [-5, '0 B']])('shows %d bytes as %s', (value, shown) => expect(bytes(value)).toBe(shown));
  it.each([[0, '0 s'], [59.4, '59 s'], [60, '1 min'], [200, '3 min 20 s'], [7500, '2 h 5 min'], [273_600, '3 d 4 h']])('shows %d seconds as %s', (value, shown) => expect(duration(value)).toBe(shown));
  it.each([[0, '0 %'], [41.66, '41.7 %'], [99.96, '100 %']])('shows %d percent as %s', (value, shown) => expect(percent(value)).toBe(shown));
  it.each([[2000, 'just now'], [17_000, '15 s ago'], [130_000, '2 min ago'], [7_300_000, '2 h ago'], [200_000_000, '2 d ago']])('shows %d ms before as %s', (before, shown) => expect(ago(1_000_000_000 - before, 1_000_000_000)).toBe(shown));
  it('adds the day only when it is another one', () => {
    const noon = new Date(2026, 10, 26, 12, 0, 5).getTime();
    expect(clock(noon, noon + 1000)).toBe('12:00:05');
    expect(clock(noon, noon + 86_400_000)).toBe('2026-11-26 12:00:05');
  });
  it('counts one and many', () => expect([count(1, 'file'), count(1200, 'file')]).toEqual(['1 file', '1,200 files']));
});
