// A live chart of a few series over the last minutes. uPlot draws on a canvas, so a second costs one small drawing; colours are read
// from the theme and read again when it changes.
import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import classes from './Chart.module.css';

export interface ChartSeries {
  label: string;
  /** A colour of theme.css, e.g. `--accent`. */
  color: string;
  /** Seconds since 1970, rising. */
  times: readonly number[];
  values: readonly (number | null)[];
  dashed?: boolean;
}

interface Props {
  label: string;
  series: readonly ChartSeries[];
  format: (value: number) => string;
  /** Seconds that are shown. */
  span?: number;
  height?: number;
  /** The axis reaches at least so far: noise is not to look like a storm. */
  least?: number;
}

// Sizes are binary, and so are the steps of their axis.
const steps = Array.from({ length: 60 }, (_, power) => 2 ** power);

const two = (value: number) => value.toString().padStart(2, '0');

/** 24 hours, like everywhere in the console. */
function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}${date.getSeconds() === 0 ? '' : `:${two(date.getSeconds())}`}`;
}

function table(series: readonly ChartSeries[]): uPlot.AlignedData {
  if (series.length === 0) return [[]];
  return uPlot.join(series.map(each => [[...each.times], [...each.values]] as uPlot.AlignedData));
}

const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function Chart({ label, series, format, span = 300, height = 170, least = 65_536 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(series);
  newest.current = series;
  const { colorScheme } = useMantineColorScheme();
  const shape = series.map(each => `${each.label}${each.color}`).join('|');

  useEffect(() => {
    const element = place.current!;
    const axis = { stroke: color('--ink-soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { stroke: color('--line'), width: 1 }, font: '12px system-ui, sans-serif' };
    const now = () => Date.now() / 1000;
    const drawn = new uPlot({
      width: element.clientWidth || 300,
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: true, range: () => [now() - span, now()] }, y: { range: (_, __, most) => [0, Math.max(most || 0, least) * 1.15] } },
      axes: [{ ...axis, space: 70, values: (_, marks) => marks.map(timeOfDay) }, { ...axis, size: 76, space: 36, incrs: steps, values: (_, marks) => marks.map(mark => format(mark)) }],
      series: [{}, ...newest.current.map(each => ({ label: each.label, stroke: color(each.color), width: 2, points: { show: false }, spanGaps: false, ...(each.dashed ? { dash: [6, 4] } : {}) }))],
    }, table(newest.current), element);
    plot.current = drawn;
    const watch = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [shape, colorScheme, format, span, height, least]);

  useEffect(() => { plot.current?.setData(table(series)); }, [series]);

  const now = series.map(each => `${each.label}: ${lastOf(each, format)}`).join(', ');
  return (
    <figure className={classes.chart}>
      <figcaption className={classes.legend}>
        {series.map(each => <span key={each.label}><span className={each.dashed ? classes.dashed : classes.line} style={{ borderColor: `var(${each.color})` }} />{each.label} <strong className="number">{lastOf(each, format)}</strong></span>)}
      </figcaption>
      <div ref={place} role="img" aria-label={`${label}, the last ${Math.round(span / 60)} minutes. Now: ${now || 'nothing'}.`} />
    </figure>
  );
}

function lastOf(series: ChartSeries, format: (value: number) => string): string {
  const value = series.values.at(-1);
  return value === null || value === undefined ? '–' : format(value);
}
