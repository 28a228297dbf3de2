import { useEffect, type ReactNode } from 'react';
import classes from './PageHeader.module.css';

/** The head of a page: its title, a line below, what can be done on the right. */
export function PageHeader({ title, below, actions }: { title: string; below?: ReactNode; actions?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · HaMirror`;
  }, [title]);
  return (
    <header className={classes.header}>
      <div className={classes.title}>
        <h1>{title}</h1>
        {below && <div className={classes.below}>{below}</div>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}
