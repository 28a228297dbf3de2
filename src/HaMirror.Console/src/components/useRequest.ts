import { useCallback, useEffect, useRef, useState } from 'react';
import { api, type RequestOptions } from '../api/client';

export interface Asked<T> {
  /** What came last; stays while it is asked for again, and when that fails. */
  value: T | null;
  problem: unknown;
  busy: boolean;
  again: () => void;
}

/**
 * Reads something when a page opens, and again whenever `path` or the node changes.
 * @param path null: nothing is asked for
 * @param every milliseconds after which it is asked again; 0: never
 */
export function useRequest<T>(path: string | null, node?: string, every = 0): Asked<T> {
  const [state, setState] = useState<{ value: T | null; problem: unknown; busy: boolean }>({ value: null, problem: null, busy: path !== null });
  const [round, setRound] = useState(0);
  const key = useRef('');
  useEffect(() => {
    if (path === null) return;
    const end = new AbortController();
    const now = `${node ?? ''} ${path}`;
    const fresh = key.current !== now;
    key.current = now;
    setState(before => ({ value: fresh ? null : before.value, problem: fresh ? null : before.problem, busy: true }));
    const options: RequestOptions = { node, signal: end.signal };
    api.get<T>(path, options).then(
      value => setState({ value, problem: null, busy: false }),
      (problem: unknown) => { if (!end.signal.aborted) setState(before => ({ value: before.value, problem, busy: false })); },
    );
    const timer = every > 0 ? setTimeout(() => setRound(count => count + 1), every) : undefined;
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [path, node, every, round]);
  const again = useCallback(() => setRound(count => count + 1), []);
  return { ...state, again };
}
