import { useMemo } from 'react';
import { Link } from 'wouter';
import { Card } from '../../components/Card';
import type { NodeLive } from '../../live/store';
import { clock } from '../../model/format';
import { useModuleLog } from './useModuleLog';
import classes from './LogTail.module.css';

const shown = 12;

/** The newest lines of both nodes' logs of the module, newest first. */
export function LogTail({ module, nodes }: { module: string; nodes: readonly NodeLive[] }) {
  const lines = useModuleLog(module, nodes);
  const newest = useMemo(() => lines.filter(line => line.level !== 'Detail').slice(-shown).reverse(), [lines]);
  const now = Date.now();
  return (
    <Card title="Last events" aside={<span className={classes.more}><Link href={`/timeline?module=${encodeURIComponent(module)}`}>Timeline</Link><Link href={`/log?module=${encodeURIComponent(module)}`}>Whole log</Link></span>} flush>
      {newest.length === 0 && <p className={classes.none}>Nothing was logged yet.</p>}
      <ol className={classes.lines}>
        {newest.map(line => (
          <li key={`${line.node}${line.time}${line.text}`} className={classes[line.level]}>
            <time className="number" dateTime={line.time}>{clock(Date.parse(line.time), now)}</time>
            <span className={classes.node}>{line.node}</span>
            <span className={classes.text}>{line.level === 'Critical' || line.level === 'Warning' ? <strong>{line.level}: </strong> : null}{line.text}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
