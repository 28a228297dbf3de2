import { Button } from '@mantine/core';
import { xmlPath, type ConfigurationCheck, type ConfigurationFault } from '../../api/configuration';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { count } from '../../model/format';
import classes from './CheckCard.module.css';
import type { Checked } from './useCheck';

interface Props { checked: Checked; isNew: boolean; onPlace: (path: string, line: number, column: number) => void }

/** What both nodes say of the draft as it is now. */
export function CheckCard({ checked, isNew, onPlace }: Props) {
  const { check, problem } = checked;
  return (
    <section aria-label="Check" aria-live="polite" className={classes.check}>
      {problem !== null
        ? <><ProblemNote problem={problem} /><div><Button size="xs" variant="default" onClick={checked.again}>Check again</Button></div></>
        : check ? <Verdict check={check} isNew={isNew} onPlace={onPlace} /> : <p className={classes.busy}>The nodes look at it …</p>}
    </section>
  );
}

function Verdict({ check, isNew, onPlace }: { check: ConfigurationCheck; isNew: boolean; onPlace: Props['onPlace'] }) {
  const silent = check.nodes.filter(node => !node.reachable);
  const names = check.nodes.filter(node => node.reachable).map(node => node.node || 'this node').join(' and ');
  return (
    <>
      {check.faults.length > 0
        ? <Note tone="bad" title={`${count(check.faults.length, 'fault')}: it cannot be applied like this.`}><ul className={classes.faults}>{check.faults.map(fault => <li key={`${fault.node}${fault.file}${fault.line}${fault.text}`}><Fault fault={fault} onPlace={onPlace} /></li>)}</ul></Note>
        : <Note tone="good" title={`No fault, say ${names}.`}><p>{sum(check, isNew)}</p>{check.notes.length > 0 && <details className={classes.notes}><summary>{count(check.notes.length, 'note')}</summary><ul>{check.notes.map(note => <li key={note}>{note}</li>)}</ul></details>}</Note>}
      {silent.map(node => <Note key={node.node} tone="warn" title={`${node.node} does not answer, so nothing can be applied now.`}><p>{node.refusal} Both nodes change, or none does.</p></Note>)}
    </>
  );
}

function sum(check: ConfigurationCheck, isNew: boolean): string {
  if (isNew) return 'Both nodes would take it.';
  if (check.changes.length === 0) return 'It is what runs now.';
  const held = check.changes.filter(change => !change.whileRunning).length;
  const all = `${count(check.changes.length, 'difference')} from what runs`;
  if (held === 0) return `${all}: ${check.changes.length === 1 ? 'it takes' : 'all take'} effect while the module runs.`;
  const stopped = check.nodes.every(node => node.state === undefined || node.state === 'STOP');
  return `${all}: ${held === check.changes.length ? (held === 1 ? 'it needs' : 'all need') : held === 1 ? '1 of them needs' : `${held} of them need`} the module stopped${stopped ? ', and it is' : ' on both nodes'}.`;
}

function Fault({ fault, onPlace }: { fault: ConfigurationFault; onPlace: Props['onPlace'] }) {
  const file = fault.file === xmlPath ? '' : `${fault.file}, `;
  const text = fault.text.slice(0, 1).toUpperCase() + fault.text.slice(1);
  return (
    <>
      {fault.line > 0
        ? <button type="button" className={classes.place} onClick={() => onPlace(fault.file, fault.line, fault.column)}>{file}line {fault.line}</button>
        : fault.file === xmlPath ? null : <button type="button" className={classes.place} onClick={() => onPlace(fault.file, 0, 0)}>{fault.file}</button>}
      {fault.line === 0 && fault.node ? <strong className={classes.node}>{fault.node}: </strong> : ' '}{text}{/[.!?]$/.test(text) ? '' : '.'}
    </>
  );
}
