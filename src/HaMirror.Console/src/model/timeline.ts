// What became of modules, on one axis of time: rows for the table, bars for the picture. Times are the nodes' own; two nodes whose
// clocks differ are shown as they say.
import type { ModuleTimeline, TimelineEntry } from '../api/history';
import type { ModuleStatus, Phase, State } from '../api/types';

export interface Standing { state: State; phase: Phase }

/** One entry, and what the other nodes were at that moment as far as is known. */
export interface Change extends TimelineEntry {
  module: string;
  /** Milliseconds since 1970. */
  at: number;
  key: string;
  beside: Readonly<Record<string, Standing>>;
}

/** A node's state from one change to the next. */
export interface Bar extends Standing { from: number; to: number; cause: string | undefined }

const keyOf = (module: string, entry: TimelineEntry) => `${module}\t${entry.node}\t${Date.parse(entry.time)}\t${entry.kind}\t${entry.text}`;

/** Several answers as one list, each entry once, oldest first. */
export function changesOf(answers: readonly ModuleTimeline[]): Change[] {
  const known = new Map<string, Change>();
  for (const answer of answers) {
    for (const entry of answer.entries) {
      const key = keyOf(answer.module, entry);
      if (!known.has(key)) known.set(key, { ...entry, module: answer.module, at: Date.parse(entry.time), key, beside: {} });
    }
  }
  const sorted = [...known.values()].sort((a, b) => a.at - b.at || a.time.localeCompare(b.time));
  const standing = new Map<string, Record<string, Standing>>();
  return sorted.map(change => {
    const now = standing.get(change.module) ?? {};
    const { [change.node]: _, ...beside } = now;
    if (change.state && change.phase) standing.set(change.module, { ...now, [change.node]: { state: change.state, phase: change.phase } });
    return { ...change, beside };
  });
}

/** Answers of before and now, by module. */
export function joined(before: readonly ModuleTimeline[], now: readonly ModuleTimeline[]): ModuleTimeline[] {
  const all = new Map(before.map(each => [each.module, each]));
  for (const each of now) {
    const known = all.get(each.module);
    if (!known) {
      all.set(each.module, each);
      continue;
    }
    const keys = new Set(known.entries.map(entry => keyOf(each.module, entry)));
    const fresh = each.entries.filter(entry => !keys.has(keyOf(each.module, entry)));
    all.set(each.module, { module: each.module, entries: fresh.length > 0 ? [...known.entries, ...fresh] : known.entries, missing: each.missing });
  }
  return [...all.values()];
}

/**
 * The bars of a module on a node between two times.
 * @param status what the node says now; its last bar reaches to the end
 */
export function barsOf(changes: readonly Change[], module: string, node: string, from: number, to: number, status: ModuleStatus | undefined): Bar[] {
  const own = changes.filter(change => change.module === module && change.node === node && change.state && change.phase && change.at <= to);
  if (own.length === 0) {
    if (!status) return [];
    const since = Date.parse(status.since);
    return since > to ? [] : [{ state: status.state, phase: status.phase, from: Math.max(from, since), to, cause: undefined }];
  }
  const bars: Bar[] = [];
  own.forEach((change, index) => {
    const end = own[index + 1]?.at ?? to;
    if (end < from) return;
    const last = bars.at(-1);
    // An agent that starts tells the state again.
    if (last && last.state === change.state && last.phase === change.phase) last.to = end;
    else bars.push({ state: change.state!, phase: change.phase!, from: Math.max(from, change.at), to: end, cause: change.cause });
  });
  return bars;
}

const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
const steps = [second, 5 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 30 * day, 90 * day, 365 * day];

/** Round times between two, at most so many; days begin at the browser's midnight. */
export function ticksOf(from: number, to: number, most: number): number[] {
  const step = steps.find(each => (to - from) / each <= most) ?? steps.at(-1)!;
  const offset = new Date(from).getTimezoneOffset() * minute;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) ticks.push(at);
  return ticks;
}

const two = (value: number) => value.toString().padStart(2, '0');

/** As exact as the distance of the ticks asks for. */
export function tickText(at: number, span: number): string {
  const date = new Date(at);
  if (span > 4 * day) return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (span > day) return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
  return span < 10 * minute ? `${clock}:${two(date.getSeconds())}` : clock;
}

/** Modules in the order in which they are looked for: what changed last comes first. */
export function modulesByChange(changes: readonly Change[], modules: readonly string[]): string[] {
  const last = new Map<string, number>();
  for (const change of changes) if (change.kind === 'state') last.set(change.module, change.at);
  return [...modules].sort((a, b) => (last.get(b) ?? 0) - (last.get(a) ?? 0) || a.localeCompare(b, 'en', { numeric: true }));
}
