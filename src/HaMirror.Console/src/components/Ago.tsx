import { ago, clock } from '../model/format';
import { useNow } from './useNow';

/** When something was, coarsely; the exact time when pointed at. */
export function Ago({ time }: { time: string }) {
  const now = useNow();
  const then = Date.parse(time);
  return <time dateTime={time} title={clock(then, now)}>{ago(then, now)}</time>;
}
