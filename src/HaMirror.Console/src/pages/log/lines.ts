// Both nodes' lines as one list. Lines come twice, from a node's memory and from its events: what says the same at the same moment
// on the same node is one line. Order: by the nodes' clocks, then as they came.
import type { Level } from '../../api/types';
import type { LoggedLine } from '../../live/store';

export interface Entry extends LoggedLine {
  /** Milliseconds since 1970. */
  at: number;
  key: string;
}

/** What is to be seen. Empty: all of it. */
export interface LogFilter {
  text: string;
  level: Level;
  module: string;
  node: string;
  /** Milliseconds since 1970; null: no limit. */
  from: number | null;
  to: number | null;
}

const ranks: Readonly<Record<Level, number>> = { Detail: 0, Event: 1, Warning: 2, Critical: 3 };

export const entryOf = (line: LoggedLine): Entry => ({ ...line, at: Date.parse(line.time), key: `${line.node}\n${line.module}\n${line.time}\n${line.text}` });

export function merge(...lists: readonly (readonly Entry[])[]): Entry[] {
  const known = new Map<string, Entry>();
  for (const list of lists) for (const entry of list) if (!known.has(entry.key)) known.set(entry.key, entry);
  return [...known.values()].sort((a, b) => a.at - b.at || (a.node === b.node ? a.time.localeCompare(b.time) : 0));
}

export function passes(entry: Entry, filter: LogFilter): boolean {
  if ((ranks[entry.level] ?? 1) < ranks[filter.level]) return false;
  if (filter.module && entry.module !== filter.module) return false;
  if (filter.node && entry.node !== filter.node) return false;
  if (filter.from !== null && entry.at < filter.from) return false;
  if (filter.to !== null && entry.at > filter.to) return false;
  const wanted = filter.text.trim().toLowerCase();
  return wanted === '' || entry.text.toLowerCase().includes(wanted) || entry.module.toLowerCase().includes(wanted);
}

/** "Script start_prim > /var/log/.../userlog_X (1.0 s)": what comes before the file, the run's name, what comes after. */
export function hookRun(text: string): { before: string; run: string; after: string } | null {
  const match = /^(.*?> )(?:\S*\/)?(userlog_[A-Za-z0-9_.+:-]+)(.*)$/.exec(text);
  return match ? { before: match[1]!, run: match[2]!, after: match[3]! } : null;
}

/** As the file that is downloaded says it. */
export const plain = (entries: readonly Entry[]): string =>
  entries.map(entry => `${entry.time} ${entry.node || '-'} ${entry.module} ${entry.level} ${entry.text}\n`).join('');
