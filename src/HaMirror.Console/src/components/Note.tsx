import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon';
import classes from './Note.module.css';

export type Tone = 'info' | 'good' | 'warn' | 'bad';

const icons: Readonly<Record<Tone, IconName>> = { info: 'info', good: 'check', warn: 'warning', bad: 'warning' };

/** Something an operator should know, beside what it is about. */
export function Note({ tone = 'info', title, children }: { tone?: Tone; title?: ReactNode; children?: ReactNode }) {
  return (
    <div className={`${classes.note} ${classes[tone] ?? ''}`}>
      <span className={classes.sign}><Icon name={icons[tone]} /></span>
      <div className={classes.text}>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}
