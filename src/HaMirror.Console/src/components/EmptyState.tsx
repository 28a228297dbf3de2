import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon';
import classes from './EmptyState.module.css';

/** Where nothing is to be shown: why, and what to do next. */
export function EmptyState({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <span className={classes.sign}><Icon name={icon} size={28} /></span>
      <h2>{title}</h2>
      {children && <div className={classes.text}>{children}</div>}
    </div>
  );
}
