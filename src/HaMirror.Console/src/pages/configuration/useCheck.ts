import { useCallback, useEffect, useRef, useState } from 'react';
import { api } from '../../api/client';
import { configurationPath, type ConfigurationCheck } from '../../api/configuration';
import type { Files } from '../../model/moduleFiles';

const quietMilliseconds = 500;

export interface Checked {
  /** What both nodes say of the files as they are now; null: not known yet, or they have changed since. */
  check: ConfigurationCheck | null;
  /** The same of the last files that were looked at: shown until the next comes. */
  last: ConfigurationCheck | null;
  problem: unknown;
  busy: boolean;
  again: () => void;
}

/**
 * Lets both nodes look at files a moment after somebody stops typing.
 * @param files null: nothing to look at
 */
export function useCheck(module: string, node: string, files: Files | null): Checked {
  const [state, setState] = useState<{ of: Files | null; last: ConfigurationCheck | null; problem: unknown }>({ of: null, last: null, problem: null });
  const [round, setRound] = useState(0);
  const first = useRef(true);
  useEffect(() => {
    if (files === null) return;
    const end = new AbortController();
    const timer = setTimeout(() => {
      first.current = false;
      api.post<ConfigurationCheck>(configurationPath(module, '/check'), { files, makeDirectories: false }, { node, signal: end.signal }).then(
        check => setState({ of: files, last: check, problem: null }),
        (problem: unknown) => { if (!end.signal.aborted) setState({ of: files, last: null, problem }); },
      );
    }, first.current ? 0 : quietMilliseconds);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [module, node, files, round]);
  const again = useCallback(() => {
    setState({ of: null, last: null, problem: null });
    setRound(count => count + 1);
  }, []);
  const fresh = files !== null && state.of === files;
  return { check: fresh ? state.last : null, last: state.last, problem: fresh ? state.problem : null, busy: files !== null && !fresh, again };
}
