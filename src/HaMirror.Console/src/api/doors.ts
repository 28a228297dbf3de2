// The page came from one node and goes on with the other when that one dies. A "door" is the console of a node by which requests
// enter; each node answers for both (/v1/nodes/NODE/...), so one door is enough. At the first door the session's cookie proves
// who asks. A cookie never goes to the other node (SameSite=Strict): there the same session's token does, which the page fetched
// while its own node lived and keeps in memory only.
// Invariant: only a door that has answered becomes the one that is used.
import { Problem } from './problem';

export interface Door {
  /** Origin, without a slash at the end; empty: where the page came from. */
  readonly base: string;
  /** The node behind it; empty until that is known. */
  node: string;
  /** Null: nobody has tried yet. */
  open: boolean | null;
}

export const home: Door = { base: '', node: '', open: true };
const changeHeader = 'HaMirror-Change';
const knockMilliseconds = 2500;

/** All that leads to the cluster, and which one is in use. */
export class Doors {
  private list: Door[] = [home];
  private current: Door = home;
  private token: string | null = null;
  private turning: Promise<boolean> | null = null;
  private readonly watchers = new Set<() => void>();

  get all(): readonly Door[] { return this.list; }

  get used(): Door { return this.current; }

  /** The other node's doors, once somebody has said where they are. */
  get others(): readonly Door[] { return this.list.filter(door => door !== home); }

  onChange(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  setToken(token: string | null): void { this.token = token; }

  get hasToken(): boolean { return this.token !== null; }

  /** What a node says of where consoles are. The page's own origin is a door already. */
  learn(node: string, own: boolean, bases: readonly string[]): void {
    if (own && this.current === home) home.node = node;
    for (const base of bases) {
      if (own && this.current === home) continue; // Other names of the node that served the page: dead when it is.
      if (base === location.origin || this.list.some(door => door.base === base)) continue;
      if (location.protocol === 'https:' && base.startsWith('http:')) continue; // A browser refuses that.
      this.list = [...this.list, { base, node, open: null }];
    }
    this.changed();
  }

  /** One request through the door in use; through another when nobody answers. What was sent may have arrived, so only what may
   * be sent twice is. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const door = this.current;
    try {
      return await this.through(door, path, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      const reading = (init.method ?? 'GET') === 'GET';
      const turned = await this.turn(door);
      if (turned && reading) return await this.through(this.current, path, init);
      if (turned) {
        throw new Problem(0, `Node ${door.node || 'that served this page'} went away while it was asked. Whether it did it is not known.`,
          'Look at the module\'s state, and ask again if need be: the page goes on with the other node.');
      }
      throw new Problem(0, 'No node answers.', 'The page tries again by itself. Is this computer still on the network?');
    }
  }

  /** A door, whichever is in use. */
  through(door: Door, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if ((init.method ?? 'GET') !== 'GET') headers.set(changeHeader, '1');
    if (door !== home && this.token) headers.set('Authorization', `Bearer ${this.token}`);
    return fetch(door.base + path, { ...init, headers, cache: 'no-store', credentials: door === home ? 'same-origin' : 'omit', redirect: 'error' });
  }

  /** Does somebody answer there? The same browser may refuse it, too: it does not know the certificate. */
  async knock(door: Door): Promise<boolean> {
    const open = await this.through(door, '/health', { signal: AbortSignal.timeout(knockMilliseconds) }).then(() => true, () => false);
    if (door.open !== open) {
      door.open = open;
      this.changed();
    }
    return open;
  }

  /** The door has failed: takes the first that answers, the same one too if it does again. */
  turn(failed: Door): Promise<boolean> {
    if (failed !== this.current) return Promise.resolve(true);
    this.turning ??= this.seek(failed).finally(() => { this.turning = null; });
    return this.turning;
  }

  private async seek(failed: Door): Promise<boolean> {
    if (await this.knock(failed)) return true;
    const rest = this.list.filter(door => door !== failed && (door === home || this.token !== null));
    const answers = await Promise.all(rest.map(async door => ({ door, open: await this.knock(door) })));
    const found = answers.find(answer => answer.open)?.door;
    if (!found) return false;
    this.current = found;
    this.changed();
    return true;
  }

  private changed(): void { for (const watcher of this.watchers) watcher(); }
}

export const doors = new Doors();
