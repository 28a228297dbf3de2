// The cluster's networks and witness, changed on both nodes or on none.
import { Button } from '@mantine/core';
import { useCallback, useMemo, useState, type FormEvent } from 'react';
import type { ClusterApplied, ClusterFile } from '../../api/cluster';
import { api } from '../../api/client';
import { Problem } from '../../api/problem';
import { Card } from '../../components/Card';
import { Icon } from '../../components/Icon';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { useLive } from '../../live/store';
import { useShallow } from 'zustand/react/shallow';
import { bodyOf, difference, draftOf, missing, nameRefusal, newLan, type Draft } from './draft';
import classes from './ClusterForm.module.css';
import { LanFields } from './LanFields';
import type { Finding } from './useAddressCheck';
import { WitnessFields } from './WitnessFields';

interface Props { file: ClusterFile; names: readonly string[]; onClose: () => void; onApplied: (applied: ClusterApplied) => void; onOutdated: () => void }

const lansMax = 4;

export function ClusterEditor({ file, names, onClose, onApplied, onOutdated }: Props) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(file, names));
  const [findings, setFindings] = useState<Readonly<Record<string, Finding>>>({});
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const running = useLive(useShallow(state => Object.entries(state.modules).flatMap(([module, pair]) => Object.values(pair).filter(status => status.state !== 'STOP').map(status => `${module} on ${status.node}`))));
  const onFinding = useCallback((field: string, finding: Finding) => setFindings(before => ({ ...before, [field]: finding })), []);
  const changes = useMemo(() => difference(file, draft), [file, draft]);
  const wrong = Object.values(findings).find(finding => finding.tone === 'bad');
  const looking = Object.values(findings).some(finding => finding.tone === 'busy');
  const reason = changes.sentences.length === 0 ? 'Nothing is changed yet.'
    : missing(draft, file) ?? wrong?.text
    ?? (changes.lans && running.length > 0 ? `LANs change only while all modules are stopped on both nodes; ${running.slice(0, 4).join(', ')}${running.length > 4 ? ` and ${running.length - 4} more` : ''} ${running.length === 1 ? 'runs' : 'run'}. The witness alone can change at any time.`
    : looking ? 'The addresses are being looked at.' : null);
  const setLan = (index: number, lan: Draft['lans'][number]) => setDraft(before => ({ ...before, lans: before.lans.map((each, at) => (at === index ? lan : each)) }));
  const removeLan = (key: number) => {
    setDraft(before => ({ ...before, lans: before.lans.filter(lan => lan.key !== key) }));
    setFindings(before => Object.fromEntries(Object.entries(before).filter(([field]) => !field.startsWith(`${key} `))));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason !== null || busy) return;
    setBusy(true);
    setProblem(null);
    api.put<ClusterApplied>('/v1/cluster/configuration', { port: file.port, ...bodyOf(draft, file) }, { match: file.version }).then(applied => {
      toast(applied.finished ? 'Both nodes have the new configuration of the cluster.' : 'The change is decided; the other node gets it when it answers.');
      onApplied(applied);
    }, (error: unknown) => {
      setProblem(error);
      setBusy(false);
    });
  };
  return (
    <form className={classes.form} onSubmit={submit} aria-label="Networks and witness">
      <Card title="1 · Networks between the nodes">
        <div className={classes.stack}>
          <p className={classes.soft}>Heartbeats go over each LAN; a module's replication over the first, or the one that it names. Every address that changes is looked at as you type, from both nodes.</p>
          {draft.lans.map((lan, index) => (
            <LanFields key={lan.key} lan={lan} before={file.lans.find(each => each.name === lan.name.trim())} title={index === 0 ? 'First LAN' : index === 1 ? 'Second LAN' : `LAN ${index + 1}`} refusal={nameRefusal(lan, draft.lans, file)} onChange={changed => setLan(index, changed)} onFinding={onFinding} onRemove={draft.lans.length > 1 ? () => removeLan(lan.key) : null} />
          ))}
          {draft.lans.length < lansMax && <div><Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={() => setDraft(before => ({ ...before, lans: [...before.lans, newLan(names, before.lans)] }))}>{draft.lans.length === 1 ? 'Add a second LAN' : 'Add a LAN'}</Button></div>}
        </div>
      </Card>
      <Card title="2 · Witness">
        <div className={classes.stack}>
          <p className={classes.soft}>A node that hears its peer no more asks it: who is answered goes on alone, who is not waits. Take something that both nodes reach and that is neither of them, such as the gateway. It may change while modules run.</p>
          <WitnessFields witnesses={draft.witnesses} nodes={names} present={file.witnesses} onChange={witnesses => setDraft(before => ({ ...before, witnesses }))} onFinding={onFinding} />
        </div>
      </Card>
      <Card title="3 · What changes">
        <div className={classes.stack}>
          {changes.sentences.length === 0 ? <p className={classes.soft}>Nothing yet.</p> : <ul className={classes.list}>{changes.sentences.map(sentence => <li key={sentence}>{sentence}</li>)}</ul>}
          {reason !== null && changes.sentences.length > 0 && <Note tone="warn"><p id="why-not">{reason}</p></Note>}
          {problem !== null && <ProblemNote problem={problem} />}
          {problem instanceof Problem && problem.outdated && <div><Button variant="default" onClick={onOutdated}>Read it again</Button></div>}
          <div className={classes.buttons}>
            <Button type="submit" loading={busy} disabled={reason !== null} aria-describedby={reason !== null && changes.sentences.length > 0 ? 'why-not' : undefined}>Apply to both nodes</Button>
            <Button variant="default" onClick={onClose}>Cancel</Button>
            <span className={classes.soft}>Both nodes take it, or neither does.</span>
          </div>
        </div>
      </Card>
    </form>
  );
}
