import type { ConfigurationChange } from '../../api/configuration';
import { count } from '../../model/format';
import classes from './ChangeList.module.css';

/** What settings say now and would say, and when that counts. */
export function ChangeList({ changes }: { changes: readonly ConfigurationChange[] }) {
  const held = changes.filter(change => !change.whileRunning);
  const live = changes.filter(change => change.whileRunning);
  return (
    <div className={classes.stack}>
      {held.length > 0 && <Part title={`${count(held.length, 'change')} ${held.length === 1 ? 'needs' : 'need'} a stop of the module`} changes={held} />}
      {live.length > 0 && <Part title={`${count(live.length, 'change')} ${live.length === 1 ? 'takes' : 'take'} effect while the module runs`} changes={live} />}
    </div>
  );
}

function Part({ title, changes }: { title: string; changes: readonly ConfigurationChange[] }) {
  return (
    <div>
      <h3 className={classes.title}>{title}</h3>
      <ul className={classes.list}>{changes.map(change => <li key={`${change.file}${change.setting ?? ''}`}><One change={change} /></li>)}</ul>
    </div>
  );
}

function One({ change }: { change: ConfigurationChange }) {
  if (change.setting === undefined) {
    const what = change.before === undefined ? 'is new' : change.after === undefined ? 'is removed' : 'is changed';
    return <><span className="mono">{change.file}</span> {what}. <span className={classes.soft}>{change.effect}</span></>;
  }
  return (
    <>
      <span className="mono">{change.setting}</span>{' '}
      {change.before === undefined ? <>is new{change.after ? <>: <ins className={classes.now}>{change.after}</ins></> : ''}</>
        : change.after === undefined ? <>is removed{change.before ? <>: <del className={classes.old}>{change.before}</del></> : ''}</>
          : <><del className={classes.old}>{change.before || 'empty'}</del> → <ins className={classes.now}>{change.after || 'empty'}</ins></>}
      . <span className={classes.soft}>{change.effect}</span>
    </>
  );
}
