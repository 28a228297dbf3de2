// The last look before both nodes change: what differs, what it needs, and then how far it is.
import { Checkbox, Progress, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { applyFiles, restoreVersion, type ChangeRequest, type ConfigurationApplied, type ConfigurationCheck } from '../../api/configuration';
import { Problem } from '../../api/problem';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import type { Files } from '../../model/moduleFiles';
import classes from './ApplyDialog.module.css';
import { ChangeList } from './ChangeList';
import { stopAround, type Running } from './stopAround';
import { useCheck } from './useCheck';

interface Props {
  change: ChangeRequest;
  files: Files;
  /** A kept version that comes back; null: the files are a draft. */
  version: { id: string; time: string } | null;
  /** By name, for sentences. */
  nodes: readonly string[];
  running: readonly Running[];
  onApplied: (applied: ConfigurationApplied) => void;
  /** Somebody else was faster. */
  onOutdated: (problem: Problem) => void;
  onClose: () => void;
}

const missing = /The directory (\S+) is missing/;

export function ApplyDialog({ change, files, version, nodes, running, onApplied, onOutdated, onClose }: Props) {
  const { module } = change;
  const checked = useCheck(module, change.node, files);
  const { check } = checked;
  const [make, setMake] = useState(true);
  const [comment, setComment] = useState('');
  const [step, setStep] = useState<{ text: string; percent: number | null } | null>(null);
  const directories = useMemo(() => [...new Set((check?.notes ?? []).flatMap(note => missing.exec(note)?.[1] ?? []))], [check]);
  const stopping = check !== null && check.needsStop && running.length > 0;
  const both = nodes.length > 1 ? `${nodes.join(' and ')}` : nodes[0] || 'this node';
  const ready = check !== null && check.valid && check.nodes.every(node => node.reachable && (node.refusal === undefined || stopping));

  const makeIt = () => {
    const tell = (now: { text: string; percent?: number }) => setStep({ text: now.text, percent: now.percent ?? null });
    return version ? restoreVersion(change, version.id, tell) : applyFiles(change, files, make && directories.length > 0, comment.trim(), tell);
  };
  const run = async () => {
    try {
      const applied = stopping ? await stopAround(module, running, text => setStep({ text, percent: null }), makeIt) : await makeIt();
      toast(applied.finished ? `${module}: ${both} ${nodes.length > 1 ? 'have' : 'has'} the ${change.match === null ? 'new module' : 'new configuration'}.` : `${module}: it is decided, and the other node gets it by itself.`);
      onApplied(applied);
    } catch (error) {
      setStep(null);
      if (!(error instanceof Problem && error.outdated)) throw error;
      onOutdated(error);
    }
  };
  const title = version ? `Restore the version of ${version.time}?` : change.match === null ? `Make ${module} on ${both}?` : `Change ${module} on ${both}?`;
  return (
    <ConfirmDialog title={title} label={stopping ? 'Stop, change, start again' : version ? 'Restore' : change.match === null ? 'Make the module' : 'Apply to both nodes'} danger={stopping} word={stopping ? module : undefined} busy={!ready || step !== null} run={run} onClose={onClose}>
      <p className={classes.soft}>Both nodes get it, or none does.</p>
      {checked.problem !== null && <ProblemNote problem={checked.problem} />}
      {check === null && checked.problem === null && <p className={classes.soft} role="status">The nodes look at it …</p>}
      {check && <Look check={check} stopping={stopping} running={running} isNew={change.match === null} directories={directories} />}
      {check && directories.length > 0 && !version && (
        <Checkbox checked={make} onChange={event => setMake(event.currentTarget.checked)} label={`Make ${directories.length === 1 ? 'the missing directory' : 'the missing directories'} where ${directories.length === 1 ? 'it is' : 'they are'} missing, empty`} description={directories.join(', ')} />
      )}
      {!version && <TextInput label="Comment" description="Kept with the version, for whoever looks for it later." value={comment} maxLength={200} onChange={event => setComment(event.currentTarget.value)} />}
      {step && (
        <div className={classes.step} role="status">
          <Progress.Root size="md"><Progress.Section value={step.percent ?? 100} animated={step.percent === null} striped={step.percent === null} color="blue" aria-label="Change of both nodes" aria-valuetext={step.text} /></Progress.Root>
          <p>{step.text}</p>
        </div>
      )}
    </ConfirmDialog>
  );
}

function Look({ check, stopping, running, isNew, directories }: { check: ConfigurationCheck; stopping: boolean; running: readonly Running[]; isNew: boolean; directories: readonly string[] }) {
  const notes = check.notes.filter(note => !missing.test(note) || directories.length === 0);
  return (
    <>
      {!check.valid && <Note tone="bad" title="It is wrong: close this and mend it first."><ul>{check.faults.map(fault => <li key={`${fault.node}${fault.line}${fault.text}`}>{fault.line > 0 ? `Line ${fault.line}: ` : fault.node ? `${fault.node}: ` : ''}{fault.text}</li>)}</ul></Note>}
      {check.nodes.filter(node => !node.reachable).map(node => <Note key={node.node} tone="bad" title={`${node.node} does not answer: nothing is changed without it.`}><p>{node.refusal}</p></Note>)}
      {!isNew && (check.changes.length > 0 ? <ChangeList changes={check.changes} /> : <p className={classes.soft}>It says what runs now; only its files are written anew.</p>)}
      {stopping && (
        <Note tone="warn" title="The module is stopped for it, and started again.">
          <p>It runs ({running.map(one => `${one.state} on ${one.node}`).join(', ')}). The service is interrupted until it has started again; when the change is refused it starts with what it has now.</p>
        </Note>
      )}
      {!stopping && check.valid && check.nodes.filter(node => node.reachable && node.refusal).map(node => <Note key={node.node} tone="bad" title={node.refusal} />)}
      {notes.length > 0 && <Note title="Worth knowing"><ul>{notes.map(note => <li key={note}>{note}</li>)}</ul></Note>}
    </>
  );
}
