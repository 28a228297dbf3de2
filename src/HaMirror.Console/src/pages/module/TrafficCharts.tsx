import { useMemo } from 'react';
import { Card } from '../../components/Card';
import { Chart, type ChartSeries } from '../../components/Chart';
import { nodeName } from '../../live/hooks';
import { useLive, type NodeLive } from '../../live/store';
import { bytes, rate } from '../../model/format';
import type { TrafficPoint } from '../../model/traffic';
import classes from './TrafficCharts.module.css';

const colors = ['--accent', '--good'];
const none: Readonly<Record<string, readonly TrafficPoint[]>> = {};

function series(nodes: readonly NodeLive[], points: Readonly<Record<string, readonly TrafficPoint[]>>, value: (point: TrafficPoint) => number | null): ChartSeries[] {
  return nodes.map((node, index) => {
    const own = points[node.name] ?? [];
    return { label: nodeName(node.name), color: colors[index % colors.length]!, dashed: index > 0, times: own.map(point => point.time / 1000), values: own.map(value) };
  });
}

/** What was written, what waits for the peer, and how fast a resync goes, over the last minutes. */
export function TrafficCharts({ module, nodes }: { module: string; nodes: readonly NodeLive[] }) {
  const points = useLive(state => state.traffic[module]) ?? none;
  const writes = useMemo(() => series(nodes, points, point => point.writtenPerSecond), [nodes, points]);
  const lag = useMemo(() => series(nodes, points, point => point.lagBytes), [nodes, points]);
  const resync = useMemo(() => series(nodes, points, point => point.resyncPerSecond), [nodes, points]);
  const resynced = resync.some(each => each.values.some(value => value !== null));
  return (
    <div className={classes.charts}>
      <Card title="Writes of the service"><Chart label="Bytes written a second" series={writes} format={rate} /></Card>
      <Card title="Waiting for the standby"><Chart label="Replication lag" series={lag} format={bytes} /></Card>
      {resynced && <Card title="Resync"><Chart label="Bytes a second that the resync looks at" series={resync} format={rate} /></Card>}
    </div>
  );
}
