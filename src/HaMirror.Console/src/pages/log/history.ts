// What was logged before the page was opened. All modules at once: their last lines without details. One module, details, or a time:
// each module's own log, as far as the nodes have it in memory (2000 lines a module).
import { useEffect, useMemo, useState } from 'react';
import { modulePath, send } from '../../api/client';
import type { LogLine } from '../../api/types';
import { useNodes } from '../../live/hooks';
import { useLive } from '../../live/store';
import { entryOf, type Entry } from './lines';

const linesOfAll = 300, linesOfOne = 2000, atOnce = 4;

interface History {
  entries: readonly Entry[];
  busy: boolean;
  /** By node. */
  problems: readonly { node: string; problem: unknown }[];
}

/** Lines that are JSON objects, or one array of them. */
function parse(text: string): LogLine[] {
  if (text.startsWith('[')) return JSON.parse(text) as LogLine[];
  return text.split('\n').filter(line => line.length > 0).map(line => JSON.parse(line) as LogLine);
}

async function read(node: string, paths: readonly string[], signal: AbortSignal): Promise<Entry[]> {
  const waiting = [...paths];
  const found: Entry[] = [];
  const worker = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const response = await send('GET', path, { node, signal });
      for (const line of parse(await response.text())) found.push(entryOf({ ...line, node }));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}

/** @param from milliseconds since 1970; null: as far back as the nodes keep it */
export function useHistory(module: string, details: boolean, from: number | null): History & { again: () => void } {
  const nodes = useNodes();
  const reached = nodes.filter(node => node.reach === 'live').map(node => node.name).join('\n');
  const started = nodes.some(node => node.reach === 'live');
  const all = useLive(state => Object.keys(state.modules).join('\n'));
  const each = module !== '' || details || from !== null;
  const modules = each ? module || all : '';
  const [history, setHistory] = useState<History>({ entries: [], busy: true, problems: [] });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!started) return;
    const end = new AbortController();
    const since = from === null ? '' : `&since=${encodeURIComponent(new Date(from).toISOString())}`;
    const paths = each ? modules.split('\n').filter(Boolean).map(name => modulePath(name, `/log?lines=${linesOfOne}${since}`)) : [`/v1/log?lines=${linesOfAll}`];
    setHistory(before => ({ ...before, busy: true }));
    void Promise.all(reached.split('\n').map(async node => {
      try {
        return { node, entries: await read(node, paths, end.signal), problem: null };
      } catch (problem) {
        return { node, entries: [], problem };
      }
    })).then(answers => {
      if (end.signal.aborted) return;
      setHistory({ entries: answers.flatMap(answer => answer.entries), busy: false, problems: answers.filter(answer => answer.problem !== null) });
    });
    return () => end.abort();
  }, [started, reached, each, modules, from, round]);
  return useMemo(() => ({ ...history, again: () => setRound(count => count + 1) }), [history]);
}
