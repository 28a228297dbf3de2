import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Doors, home } from '../src/api/doors';
import { Problem } from '../src/api/problem';

const other = 'http://n2:9010';
let alive: Set<string>;
let asked: { url: string; init: RequestInit }[];

beforeEach(() => {
  alive = new Set(['', other]);
  asked = [];
  home.open = true;
  vi.stubGlobal('location', { origin: 'http://n1:9010', protocol: 'http:' });
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push({ url, init });
    const base = url.startsWith('http') ? new URL(url).origin : '';
    return alive.has(base) ? Promise.resolve(new Response('{}')) : Promise.reject(new TypeError('no'));
  });
});

function made(): Doors {
  const doors = new Doors();
  doors.learn('n1', true, ['http://n1:9010', 'http://10.0.0.1:9010']);
  doors.learn('n2', false, [other]);
  doors.setToken('hms1.token');
  return doors;
}

describe('doors', () => {
  it('sends the token to the other node only, and never a cookie there', async () => {
    const doors = made();
    await doors.fetch('/v1/status');
    expect(new Headers(asked[0]!.init.headers).has('Authorization')).toBe(false);
    expect(asked[0]!.init.credentials).toBe('same-origin');
    await doors.through(doors.others[0]!, '/v1/status');
    expect(new Headers(asked[1]!.init.headers).get('Authorization')).toBe('Bearer hms1.token');
    expect(asked[1]!.init.credentials).toBe('omit');
    expect(asked.every(each => !each.url.includes('token'))).toBe(true);
  });

  it('goes on through the other node when its own is gone', async () => {
    const doors = made();
    alive.delete('');
    expect((await doors.fetch('/v1/status')).ok).toBe(true);
    expect(doors.used.base).toBe(other);
    expect(asked.at(-1)!.url).toBe(`${other}/v1/status`);
  });

  it('does not send a change twice, and says that it is not known whether it was made', async () => {
    const doors = made();
    alive.delete('');
    await expect(doors.fetch('/v1/modules/m/swap', { method: 'POST' })).rejects.toThrow(/not known/);
    expect(asked.filter(each => each.url.endsWith('/swap'))).toHaveLength(1);
    expect(doors.used.base).toBe(other);
  });

  it('stays where it is when nobody answers, and when nobody could prove himself elsewhere', async () => {
    const doors = made();
    alive.clear();
    await expect(doors.fetch('/v1/status')).rejects.toBeInstanceOf(Problem);
    expect(doors.used).toBe(home);
    alive.add(other);
    doors.setToken(null);
    await expect(doors.fetch('/v1/status')).rejects.toBeInstanceOf(Problem);
    expect(doors.used).toBe(home);
  });

  it('stays where it is after a single failure of a node that answers', async () => {
    const doors = made();
    expect(await doors.turn(home)).toBe(true);
    expect(doors.used).toBe(home);
  });

  it('learns the other node only, and no plain address for an encrypted page', () => {
    expect(made().all.map(door => door.base)).toEqual(['', other]);
    vi.stubGlobal('location', { origin: 'https://n1:9010', protocol: 'https:' });
    expect(made().all.map(door => door.base)).toEqual(['']);
  });

  it('marks what changes something with the header that no other site can send', async () => {
    const doors = made();
    await doors.fetch('/v1/x', { method: 'DELETE' });
    expect(new Headers(asked[0]!.init.headers).get('HaMirror-Change')).toBe('1');
  });
});
