// Both nodes side by side, newest first. On a narrow screen a row is a block of its own; the roles are written out, because a table
// that is laid out otherwise would be none for readers.
import { Button } from '@mantine/core';
import { memo, useState } from 'react';
import { Link } from 'wouter';
import { Icon } from '../../components/Icon';
import { StateSign } from '../../components/StateSign';
import { nodeName } from '../../live/hooks';
import type { NodeLive } from '../../live/store';
import { clock, count } from '../../model/format';
import { phaseWord } from '../../model/health';
import type { Change } from '../../model/timeline';
import classes from './ChangeTable.module.css';

const rowsAtOnce = 100;
const kindWord = { action: 'Asked for', decision: 'Decided' } as const;

const milliseconds = (at: number) => new Date(at).getMilliseconds().toString().padStart(3, '0');

function What({ change }: { change: Change }) {
  const said = change.kind === 'state' ? change.cause : change.text;
  return (
    <div className={classes.what}>
      {change.state && change.phase && <StateSign state={change.state} phase={change.phase} />}
      {(change.kind === 'action' || change.kind === 'decision') && <span className={classes.kind}><Icon name={change.kind === 'action' ? 'user' : 'info'} size={15} />{kindWord[change.kind]}</span>}
      {said && <span className={classes.cause}>{said}</span>}
    </div>
  );
}

const Row = memo(function Row({ change, nodes, today, withModule }: { change: Change; nodes: readonly NodeLive[]; today: string; withModule: boolean }) {
  return (
    <tr role="row" className={classes.row}>
      <td role="cell" className={classes.time}><time className="number" dateTime={change.time}>{clock(change.at, Date.parse(today))}<span className={classes.ms}>.{milliseconds(change.at)}</span></time></td>
      {withModule && <td role="cell" className={classes.module}><Link href={`/modules/${encodeURIComponent(change.module)}`}>{change.module}</Link></td>}
      {nodes.map(node => {
        if (node.name === change.node) return <td role="cell" key={node.name} className={classes.own}><span className={classes.label}>{nodeName(node.name)}</span><What change={change} /></td>;
        const beside = change.beside[node.name];
        return <td role="cell" key={node.name} className={classes.beside}>{beside && change.kind === 'state' ? `${beside.state} ${phaseWord[beside.phase]}` : ''}</td>;
      })}
    </tr>
  );
});

/** @param changes oldest first */
export function ChangeTable({ changes, nodes, withModule }: { changes: readonly Change[]; nodes: readonly NodeLive[]; withModule: boolean }) {
  const [rows, setRows] = useState(rowsAtOnce);
  const shown = changes.slice(-rows).reverse();
  const today = new Date().toDateString();
  return (
    <>
      <table role="table" className={`${classes.table} ${withModule ? classes.all : ''}`}>
        <caption className="unseen">Changes of {withModule ? 'all modules' : 'the module'} on both nodes, newest first</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">Time</th>
            {withModule && <th role="columnheader" scope="col">Module</th>}
            {nodes.map(node => <th role="columnheader" scope="col" key={node.name}>{nodeName(node.name)}</th>)}
          </tr>
        </thead>
        <tbody role="rowgroup">{shown.map(change => <Row key={change.key} change={change} nodes={nodes} today={today} withModule={withModule} />)}</tbody>
      </table>
      {changes.length > rows && <div className={classes.more}><Button variant="subtle" size="xs" onClick={() => setRows(rows + rowsAtOnce)}>Show earlier changes ({count(changes.length - rows, 'more', 'more')})</Button></div>}
    </>
  );
}
