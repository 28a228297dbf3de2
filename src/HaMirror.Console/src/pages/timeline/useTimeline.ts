// The timeline as the nodes keep it, read again when an event says that there is more: a change of state is there at once, with its
// cause, and nothing is asked for while nothing happens.
import { useEffect, useMemo, useState } from 'react';
import { api, modulePath } from '../../api/client';
import type { ModuleTimeline } from '../../api/history';
import { useNodes } from '../../live/hooks';
import { useLive, type LiveState } from '../../live/store';
import { changesOf, joined, type Change } from '../../model/timeline';

export const entriesMost = 1000;
const batchMilliseconds = 250, overlapMilliseconds = 300_000, entriesMore = 300;

/** Whether the nodes have told something that the timeline holds. */
export function tellsMore(before: LiveState, now: LiveState, module: string): boolean {
  if (before.modules !== now.modules) {
    for (const [name, pair] of Object.entries(now.modules)) {
      if ((module !== '' && name !== module) || before.modules[name] === pair) continue;
      for (const [node, status] of Object.entries(pair)) {
        const was = before.modules[name]?.[node];
        if (!was || was.state !== status.state || was.phase !== status.phase || was.decision?.time !== status.decision?.time) return true;
      }
    }
  }
  if (before.lines === now.lines) return false;
  const known = before.lines.at(-1);
  for (let index = now.lines.length - 1; index >= 0 && now.lines[index] !== known; index--) {
    const line = now.lines[index]!;
    if ((module === '' || line.module === module) && /^(?:Action |Local state )/.test(line.text)) return true;
  }
  return false;
}

interface Timeline {
  changes: readonly Change[];
  /** Nodes whose entries are not here. */
  missing: readonly string[];
  busy: boolean;
  problem: unknown;
  /** There are earlier ones that are not shown. */
  cut: boolean;
}

/** @param module empty: all */
export function useTimeline(module: string): Timeline {
  const reached = useNodes().filter(node => node.reach === 'live').map(node => node.name).join('\n');
  const [state, setState] = useState<{ answers: readonly ModuleTimeline[]; busy: boolean; problem: unknown; of: string }>({ answers: [], busy: true, problem: null, of: module });
  useEffect(() => {
    const end = new AbortController();
    const base = module === '' ? '/v1/timeline' : modulePath(module, '/timeline');
    let timer: ReturnType<typeof setTimeout> | undefined;
    let newest = 0;
    const take = (answers: readonly ModuleTimeline[]) => {
      for (const answer of answers) for (const entry of answer.entries) newest = Math.max(newest, Date.parse(entry.time));
      setState(before => ({ answers: joined(before.of === module ? before.answers : [], answers), busy: false, problem: null, of: module }));
    };
    const ask = async (query: string) => {
      try {
        const answer = await api.get<ModuleTimeline | ModuleTimeline[]>(base + query, { signal: end.signal });
        take(Array.isArray(answer) ? answer : [answer]);
      } catch (problem) {
        if (!end.signal.aborted) setState(before => ({ ...before, busy: false, problem }));
      }
    };
    setState(before => (before.of === module ? { ...before, busy: true } : { answers: [], busy: true, problem: null, of: module }));
    void ask(`?limit=${entriesMost}`);
    const leave = useLive.subscribe((now, before) => {
      if (timer !== undefined || !tellsMore(before, now, module)) return;
      timer = setTimeout(() => {
        timer = undefined;
        void ask(newest === 0 ? `?limit=${entriesMost}` : `?limit=${entriesMore}&since=${encodeURIComponent(new Date(newest - overlapMilliseconds).toISOString())}`);
      }, batchMilliseconds);
    });
    return () => {
      leave();
      clearTimeout(timer);
      end.abort();
    };
  }, [module, reached]);
  return useMemo(() => {
    const changes = changesOf(state.answers);
    const counts = new Map<string, number>();
    for (const change of changes) counts.set(change.node, (counts.get(change.node) ?? 0) + 1);
    return { changes, missing: [...new Set(state.answers.flatMap(answer => answer.missing))], busy: state.busy, problem: state.problem, cut: [...counts.values()].some(count => count >= entriesMost) };
  }, [state]);
}
