import type { Health } from '../model/health';
import { healthWord } from '../model/health';
import { StateShape, type Shape } from './StateSign';
import classes from './HealthSign.module.css';

export const shapeOf: Readonly<Record<Health, Shape>> = { down: 'NotReady', unknown: 'Gone', alone: 'Transient', manual: 'Transient', busy: 'Transient', stopped: 'Idle', good: 'Ready' };

/** What a module is as a whole. */
export function HealthSign({ health }: { health: Health }) {
  return <span className={`${classes.sign} ${classes[health] ?? ''}`}><StateShape shape={shapeOf[health]} size={14} />{healthWord[health]}</span>;
}
