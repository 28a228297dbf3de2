// A phase has a colour, a word and a shape, so that nobody needs to see colours: green circle with a tick, orange diamond, red
// octagon with a bar, and a dashed grey circle where a node does not answer.
import type { Phase, State } from '../api/types';
import { phaseWord, stateSentence } from '../model/health';
import classes from './StateSign.module.css';

export type Shape = Phase | 'Gone' | 'Idle';

export function StateShape({ shape, size = 18 }: { shape: Shape; size?: number }) {
  return (
    <svg className={classes[shape]} width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {shape === 'Ready' && <><circle cx="10" cy="10" r="8.5" fill="currentColor" /><path d="M6 10.400l2.800 2.800L14 7.600" fill="none" stroke="var(--surface)" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" /></>}
      {shape === 'Transient' && <><path d="M10 1l9 9-9 9-9-9z" fill="currentColor" /><path d="M10 5.500v5.500M10 14v.1" stroke="var(--surface)" strokeWidth="2" strokeLinecap="round" /></>}
      {shape === 'NotReady' && <><path d="M6.300 1.500h7.400l4.800 4.800v7.400l-4.800 4.800H6.300l-4.800-4.800V6.300z" fill="currentColor" /><path d="M6 10h8" stroke="var(--surface)" strokeWidth="2.400" strokeLinecap="round" /></>}
      {shape === 'Idle' && <rect x="3.500" y="3.500" width="13" height="13" rx="2" fill="none" stroke="currentColor" strokeWidth="2" />}
      {shape === 'Gone' && <circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="3.500 2.780" />}
    </svg>
  );
}

/** State and phase of one node, in shape, colour and words. `old`: the node does not answer, this is what it said last. */
export function StateSign({ state, phase, old = false }: { state: State; phase: Phase; old?: boolean }) {
  const shape: Shape = old ? 'Gone' : phase;
  return (
    <span className={`${classes.sign} ${classes[shape] ?? ''}`} title={stateSentence[state]}>
      <StateShape shape={shape} />
      <span className={classes.state}>{state}</span>
      <span className={classes.phase}>{old ? 'last known' : phaseWord[phase]}</span>
    </span>
  );
}
