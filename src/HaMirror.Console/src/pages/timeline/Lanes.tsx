// The picture of the timeline: a lane for each node, all on one axis. It says nothing that the table below does not say in words, so
// readers pass over it.
import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { nodeName } from '../../live/hooks';
import type { ModulePair, NodeLive } from '../../live/store';
import { clock, count } from '../../model/format';
import { phaseWord } from '../../model/health';
import { barsOf, tickText, ticksOf, type Bar, type Change } from '../../model/timeline';
import classes from './Lanes.module.css';

const modulesAtOnce = 12, pixelsPerTick = 110;

function tone(bar: Bar): string {
  if (bar.phase === 'Transient') return 'transient';
  if (bar.state === 'STOP') return 'stopped';
  if (bar.phase === 'NotReady') return 'waiting';
  return bar.state === 'SECOND' ? 'standby' : 'serving';
}

function Lane({ node, bars, from, to }: { node: NodeLive; bars: readonly Bar[]; from: number; to: number }) {
  const share = (at: number) => ((at - from) / (to - from)) * 100;
  const gone = node.reach === 'gone' && node.since > from && node.since < to ? node.since : null;
  return (
    <div className={classes.lane}>
      <span className={classes.node}>{nodeName(node.name)}</span>
      <div className={classes.track}>
        {bars.map(bar => (
          <div
            key={`${bar.from}${bar.state}${bar.phase}`}
            className={`${classes.bar} ${classes[tone(bar)] ?? ''}`}
            style={{ left: `${share(bar.from)}%`, width: `max(2px, ${share(bar.to) - share(bar.from)}%)` }}
            title={`${nodeName(node.name)}: ${bar.state}, ${phaseWord[bar.phase]}, ${clock(bar.from, to)} – ${clock(bar.to, to)}${bar.cause ? `. ${bar.cause}` : ''}`}
          >
            <span>{bar.state}</span>
          </div>
        ))}
        {gone !== null && <div className={`${classes.bar} ${classes.gone}`} style={{ left: `${share(gone)}%`, right: 0 }} title={`${node.name} does not answer since ${clock(gone, to)}.`}><span>?</span></div>}
      </div>
    </div>
  );
}

function Axis({ from, to, width }: { from: number; to: number; width: number }) {
  const ticks = ticksOf(from, to, Math.max(2, Math.floor(width / pixelsPerTick)));
  return (
    <div className={classes.axis}>
      <span className={classes.node} />
      <div className={classes.marks}>
        {ticks.map(at => {
          const share = ((at - from) / (to - from)) * 100;
          return share < 3 || share > 96 ? null : <span key={at} style={{ left: `${share}%` }}>{tickText(at, to - from)}</span>;
        })}
      </div>
    </div>
  );
}

interface Props { modules: readonly string[]; changes: readonly Change[]; pairs: Readonly<Record<string, ModulePair>>; nodes: readonly NodeLive[]; from: number; to: number }

export function Lanes({ modules, changes, pairs, nodes, from, to }: Props) {
  const [all, setAll] = useState(false);
  const [width, setWidth] = useState(600);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current?.clientWidth ?? 600));
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const shown = all ? modules : modules.slice(0, modulesAtOnce);
  return (
    <>
      <div ref={box} className={classes.lanes} aria-hidden="true">
        {shown.map(module => (
          <div key={module} className={classes.module}>
            {modules.length > 1 && <div className={classes.name}>{module}</div>}
            {nodes.map(node => <Lane key={node.name} node={node} bars={barsOf(changes, module, node.name, from, to, pairs[module]?.[node.name])} from={from} to={to} />)}
          </div>
        ))}
        <Axis from={from} to={to} width={width} />
        <ul className={classes.legend}>
          <li><i className={classes.serving} />serves</li>
          <li><i className={classes.standby} />standby, may take over</li>
          <li><i className={classes.transient} />in transition</li>
          <li><i className={classes.waiting} />waits</li>
          <li><i className={classes.stopped} />stopped</li>
        </ul>
      </div>
      {modules.length > modulesAtOnce && <div className={classes.more}><Button variant="subtle" size="xs" onClick={() => setAll(!all)}>{all ? 'Show fewer modules' : `Show ${count(modules.length - modulesAtOnce, 'more module')}`}</Button></div>}
    </>
  );
}
