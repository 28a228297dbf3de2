import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { OperationStatus } from '../../api/types';
import { StateShape, type Shape } from '../../components/StateSign';
import { nodeName } from '../../live/hooks';
import { clock, count, duration } from '../../model/format';
import { beganBy, kindWord, outcomeWord } from '../../model/operations';
import classes from './Operations.module.css';

const rowsAtOnce = 50;
const shapes: Readonly<Record<OperationStatus['state'], Shape>> = { running: 'Transient', done: 'Ready', failed: 'NotReady', cancelled: 'Idle' };

/** What has ended, newest first, each with how. */
export function PastTable({ operations }: { operations: readonly OperationStatus[] }) {
  const [rows, setRows] = useState(rowsAtOnce);
  const now = Date.now();
  return (
    <>
      <table role="table" className={classes.past}>
        <caption className="unseen">Operations that have ended, newest first</caption>
        <thead role="rowgroup">
          <tr role="row">{['Begun', 'What', 'Outcome', 'Took'].map(head => <th role="columnheader" scope="col" key={head}>{head}</th>)}</tr>
        </thead>
        <tbody role="rowgroup">
          {operations.slice(0, rows).map(each => (
            <tr role="row" key={`${each.node}${each.id}`}>
              <td role="cell" className={`${classes.time} number`}>{clock(Date.parse(each.begun), now)}</td>
              <td role="cell" className={classes.kind}>
                <strong>{kindWord(each.kind)}</strong>{each.module && <> of <Link href={`/modules/${encodeURIComponent(each.module)}`}>{each.module}</Link></>}
                <span className={classes.by}>on {nodeName(each.node)}, {beganBy(each)}</span>
              </td>
              <td role="cell" className={classes.end}><div className={classes.outcome}>
                <span className={`${classes.sign} ${classes[each.state] ?? ''}`}><StateShape shape={shapes[each.state]} size={14} />{outcomeWord[each.state]}</span>
                <span>{each.problem?.title ?? each.text}{each.problem?.detail && <span className={classes.by}>{each.problem.detail}</span>}</span>
              </div></td>
              <td role="cell" className={`${classes.took} number`}>{each.ended === undefined ? '–' : duration((Date.parse(each.ended) - Date.parse(each.begun)) / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {operations.length > rows && <div className={classes.more}><Button variant="subtle" size="xs" onClick={() => setRows(rows + rowsAtOnce)}>Show earlier ones ({count(operations.length - rows, 'more', 'more')})</Button></div>}
    </>
  );
}
