import { useEffect, useMemo, useState } from 'react';
import { modulePath, send } from '../../api/client';
import type { LogLine } from '../../api/types';
import { useLive, type LoggedLine, type NodeLive } from '../../live/store';

/** Newline-separated JSON, as the log comes. */
export function readLines(text: string, node: string): LoggedLine[] {
  return text.split('\n').filter(line => line !== '').map(line => ({ ...(JSON.parse(line) as LogLine), node }));
}

/** Two lists of lines as one, each line once, by time. */
export function merged(a: readonly LoggedLine[], b: readonly LoggedLine[]): LoggedLine[] {
  const seen = new Map<string, LoggedLine>();
  for (const line of [...a, ...b]) seen.set(`${line.node}\t${line.time}\t${line.text}`, line);
  return [...seen.values()].sort((left, right) => Date.parse(left.time) - Date.parse(right.time));
}

/** A module's lines of both nodes, oldest first: what was logged before, and what comes. */
export function useModuleLog(module: string, nodes: readonly NodeLive[], lines = 300): readonly LoggedLine[] {
  const names = nodes.filter(node => node.reach === 'live').map(node => node.name).join('\t');
  const [before, setBefore] = useState<readonly LoggedLine[]>([]);
  const arriving = useLive(state => state.lines);
  useEffect(() => {
    const end = new AbortController();
    for (const node of names === '' && nodes[0]?.name !== '' ? [] : names.split('\t')) {
      send('GET', modulePath(module, `/log?lines=${lines}`), { node, signal: end.signal })
        .then(response => response.text())
        .then(text => setBefore(known => merged(known, readLines(text, node))), () => undefined); // The page says elsewhere that the node does not answer.
    }
    return () => end.abort();
  }, [module, names, lines]);
  return useMemo(() => merged(before.filter(line => line.module === module), arriving.filter(line => line.module === module)), [before, arriving, module]);
}
