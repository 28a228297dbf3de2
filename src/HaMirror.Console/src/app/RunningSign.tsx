// One line in the frame while something long goes on, whatever page is shown.
import { Link } from 'wouter';
import { useLive } from '../live/store';
import { allOperations, kindWord, noticed } from '../model/operations';
import classes from './RunningSign.module.css';

/** @param short where there is little room */
export function RunningSign({ short = false, onGo }: { short?: boolean; onGo?: (() => void) | undefined }) {
  const text = useLive(state => {
    const running = noticed(allOperations(state.operations), state.modules, state.nodes);
    const [first] = running;
    if (!first) return '';
    if (running.length > 1) return `${running.length} operations run`;
    return `${kindWord(first.kind)}${first.module ? ` of ${first.module}` : ''}${first.percent === undefined ? '' : `, ${Math.floor(first.percent)} %`}`;
  });
  if (text === '') return null;
  return (
    <Link href="/operations" className={short ? classes.short : classes.sign} onClick={onGo}>
      <span className={classes.turning} aria-hidden="true" />
      <span className={classes.text}>{text}</span>
      <span className="unseen">: go to the operations</span>
    </Link>
  );
}
