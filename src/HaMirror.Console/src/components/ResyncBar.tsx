import { Progress } from '@mantine/core';
import type { ResyncStatus } from '../api/types';
import { bytes, duration, percent, rate } from '../model/format';
import classes from './ResyncBar.module.css';

const planWord: Readonly<Record<string, string>> = {
  Leftover: 'Leftover marks', Dirty: 'Changed data', CompareAll: 'Everything is compared', CopyAll: 'Everything is copied',
};

/** How far a resync is, how fast, and how long it still takes. */
export function ResyncBar({ resync }: { resync: ResyncStatus }) {
  const left = resync.secondsLeft === undefined ? 'time left not known yet' : `${duration(resync.secondsLeft)} left`;
  return (
    <div className={classes.resync}>
      <div className={classes.line}><span>Resync: {planWord[resync.plan] ?? resync.plan}</span><span className="number">{percent(resync.percent)}</span></div>
      <Progress.Root size="sm"><Progress.Section value={resync.percent} color="blue" aria-label="Resync" aria-valuetext={`${percent(resync.percent)}, ${left}`} /></Progress.Root>
      <div className={`${classes.line} ${classes.soft} number`}><span>{rate(resync.bytesPerSecond)} · {bytes(resync.bytesToDo)} to do</span><span>{left}</span></div>
    </div>
  );
}
