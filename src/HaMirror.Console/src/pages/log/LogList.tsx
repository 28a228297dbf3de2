// The newest lines at the bottom, as in a terminal, and the view stays there until somebody scrolls up. A bounded number of rows is
// in the page; earlier ones are put in front when they are asked for.
import { Button, Tooltip } from '@mantine/core';
import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useRefusal } from '../../app/session';
import { StateShape, type Shape } from '../../components/StateSign';
import { nodeName } from '../../live/hooks';
import { clock, count } from '../../model/format';
import type { Run } from './HookOutput';
import { hookRun, type Entry } from './lines';
import classes from './LogList.module.css';

const rowsAtOnce = 400, nearPixels = 40;
const shapes: Readonly<Record<string, Shape>> = { Critical: 'NotReady', Warning: 'Transient' };

const milliseconds = (at: number) => new Date(at).getMilliseconds().toString().padStart(3, '0');

const Row = memo(function Row({ entry, today, refusal, onRun }: { entry: Entry; today: string; refusal: string | null; onRun: (run: Run) => void }) {
  const hook = hookRun(entry.text);
  const shape = shapes[entry.level];
  return (
    <li className={`${classes.row} ${classes[entry.level] ?? ''}`}>
      <time className={`${classes.time} number`} dateTime={entry.time}>{clock(entry.at, Date.parse(today))}<span className={classes.ms}>.{milliseconds(entry.at)}</span></time>
      <span className={classes.node}>{nodeName(entry.node)}</span>
      <span className={classes.module}>{entry.module}</span>
      <span className={classes.level}>{shape && <StateShape shape={shape} size={13} />}{entry.level}</span>
      <span className={classes.text}>
        {hook
          ? <>{hook.before}<RunLink refusal={refusal} run={{ module: entry.module, node: entry.node, run: hook.run }} onRun={onRun} />{hook.after}</>
          : entry.text}
      </span>
    </li>
  );
});

function RunLink({ run, refusal, onRun }: { run: Run; refusal: string | null; onRun: (run: Run) => void }) {
  const button = <button type="button" className={classes.run} aria-disabled={refusal !== null || undefined} onClick={() => { if (refusal === null) onRun(run); }} aria-label={`Show the output of ${run.run}`}>{run.run}</button>;
  return refusal === null ? button : <Tooltip label={refusal}>{button}</Tooltip>;
}

export function LogList({ entries, onRun }: { entries: readonly Entry[]; onRun: (run: Run) => void }) {
  const refusal = useRefusal('Control');
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const [rows, setRows] = useState(rowsAtOnce);
  const shown = entries.slice(-rows);
  const earlier = entries.length - shown.length;
  const today = new Date().toDateString();
  const last = entries.at(-1)?.key;
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [last, entries.length]);
  useEffect(() => {
    // Another width breaks lines elsewhere.
    const watch = new ResizeObserver(() => { if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight; });
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const toEnd = () => {
    atEnd.current = true;
    setAway(false);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  const showEarlier = () => {
    const before = box.current?.scrollHeight ?? 0;
    setRows(rows + rowsAtOnce);
    requestAnimationFrame(() => { if (box.current) box.current.scrollTop += box.current.scrollHeight - before; });
  };
  const onScroll = () => {
    const element = box.current!;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPixels;
    setAway(!atEnd.current);
  };
  return (
    <div className={classes.frame}>
      <div className={classes.box} ref={box} role="log" aria-live="off" aria-label="Log lines, oldest first" tabIndex={0} onScroll={onScroll}>
        {earlier > 0 && <div className={classes.earlier}><Button variant="subtle" size="xs" onClick={showEarlier}>Show earlier lines ({count(earlier, 'more', 'more')})</Button></div>}
        <ol className={classes.list}>{shown.map(entry => <Row key={entry.key} entry={entry} today={today} refusal={refusal} onRun={onRun} />)}</ol>
      </div>
      {away && <div className={classes.newest}><Button size="xs" onClick={toEnd}>Go to the newest line</Button></div>}
    </div>
  );
}
