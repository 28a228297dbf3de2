import type { ReactNode } from 'react';
import classes from './Wide.module.css';

/** Around a table that may be wider than the screen: it scrolls by itself, by keyboard too. */
export function Wide({ label, children }: { label: string; children: ReactNode }) {
  return <div className={classes.wide} role="region" aria-label={label} tabIndex={0}>{children}</div>;
}
