import { Progress } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { OperationStatus } from '../../api/types';
import { cancelOperation } from '../../api/operations';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { nodeName } from '../../live/hooks';
import { bytes, duration, percent, rate } from '../../model/format';
import { beganBy, cancelWord, kindWord } from '../../model/operations';
import classes from './Operations.module.css';

/** How far it is, how fast, and how long it still takes, as far as its kind tells. */
export function figures(operation: OperationStatus): string[] {
  return [
    operation.bytesDone !== undefined && operation.bytesTotal !== undefined && operation.bytesTotal > 0 ? `${bytes(operation.bytesDone)} of ${bytes(operation.bytesTotal)}` : '',
    operation.bytesPerSecond !== undefined && operation.bytesPerSecond > 0 ? rate(operation.bytesPerSecond) : '',
    operation.secondsLeft !== undefined ? `${duration(operation.secondsLeft)} left` : operation.percent !== undefined ? 'time left not known yet' : '',
  ].filter(Boolean);
}

/** Something that goes on now. */
export function RunningOperation({ operation, gone }: { operation: OperationStatus; gone: boolean }) {
  const role = useRefusal('Control');
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const refusal = role ?? (gone ? `${operation.node} does not answer.` : operation.canCancel ? null : operation.kind === 'resync' ? 'A resync ends by itself; stopping the module on the standby ends it, too.' : 'This cannot be stopped half-way.');
  const name = `${kindWord(operation.kind)}${operation.module ? ` of ${operation.module}` : ''} on ${nodeName(operation.node)}`;
  const cancel = () => {
    setProblem(null);
    setBusy(true);
    cancelOperation(operation).then(() => toast(`${name}: asked to end.`), setProblem).finally(() => setBusy(false));
  };
  const told = figures(operation);
  return (
    <li className={classes.running} aria-label={name}>
      <div className={classes.head}>
        <h3>{kindWord(operation.kind)}{operation.module && <> of <Link href={`/modules/${encodeURIComponent(operation.module)}`}>{operation.module}</Link></>} <span className={classes.soft}>on {nodeName(operation.node)}</span></h3>
        <ActionButton label={cancelWord(operation)} size="xs" refusal={refusal} loading={busy} name={`${cancelWord(operation)}: ${name}`} onClick={cancel} />
      </div>
      <p>{gone ? `${operation.node} does not answer; this is what it said last. ` : ''}{operation.text}</p>
      {operation.percent !== undefined && (
        <>
          <Progress.Root size="md"><Progress.Section value={operation.percent} color="blue" aria-label={name} aria-valuetext={[percent(operation.percent), ...told].join(', ')} /></Progress.Root>
          <div className={`${classes.figures} number`}><strong>{percent(operation.percent)}</strong><span>{told.join(' · ')}</span></div>
        </>
      )}
      <p className={classes.soft}>Begun <Ago time={operation.begun} /> {beganBy(operation)}</p>
      {problem !== null && <ProblemNote problem={problem} />}
    </li>
  );
}
