import { Checkbox, Progress } from '@mantine/core';
import { useState } from 'react';
import type { SupportMade } from '../../api/cluster';
import { api, send } from '../../api/client';
import { Problem } from '../../api/problem';
import type { OperationStatus } from '../../api/types';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { saveBlob } from '../../components/saveText';
import { useRequest } from '../../components/useRequest';
import { useNodes } from '../../live/hooks';
import { bytes, percent } from '../../model/format';
import classes from './support.module.css';

const lookMilliseconds = 500, keptMilliseconds = 3_600_000;

/** One archive of both nodes for whoever helps. */
export function ArchiveCard() {
  const refused = useRefusal('Admin');
  const nodes = useNodes();
  const [begun, setBegun] = useState<OperationStatus | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [own, setOwn] = useState(false);
  const [saving, setSaving] = useState(false);
  const [over, setOver] = useState(false);
  const asked = useRequest<OperationStatus>(begun ? `/v1/operations/${encodeURIComponent(begun.id)}` : null, begun?.node, over ? 0 : lookMilliseconds);
  // Without an answer any more: its node was started anew, say.
  const lost = begun !== null && asked.problem instanceof Problem && asked.problem.status === 404;
  const present = lost ? null : asked.value ?? begun;
  const running = present?.state === 'running';
  if (present !== null && !running !== over) setOver(!running);
  const made = present?.state === 'done' ? present.result as SupportMade : null;
  const gone = made !== null && present?.ended !== undefined && Date.now() - Date.parse(present.ended) > keptMilliseconds;
  const away = nodes.filter(node => node.reach === 'gone');
  const begin = () => {
    setProblem(null);
    setBegun(null);
    setOver(false);
    api.post<OperationStatus>(`/v1/support${own ? '?node=own' : ''}`).then(setBegun, setProblem);
  };
  const save = () => {
    if (!made || !present) return;
    setSaving(true);
    setProblem(null);
    send('GET', `/v1/support/${encodeURIComponent(made.name)}`, { node: present.node }).then(async answer => saveBlob(made.name, await answer.blob())).catch(setProblem).finally(() => setSaving(false));
  };
  return (
    <Card title="Support archive">
      <div className={classes.stack}>
        <p className={classes.soft}>Logs, configuration, state and system facts of both nodes in one file. Passwords, keys and tokens are taken out; look through it all the same before you send it.</p>
        {away.length > 0 && !own && <Note tone="warn" title={`${away.map(node => node.name).join(', ')} does not answer.`}><p>The archive says that this half is missing. Make it there later: <code>hamirror support --own</code>.</p></Note>}
        {running && present && (
          <div className={classes.stack} role="status">
            <Progress.Root size="md"><Progress.Section value={present.percent ?? 0} color="blue" aria-label="Support archive" aria-valuetext={`${percent(present.percent ?? 0)}, ${present.text}`} /></Progress.Root>
            <p className={classes.line}><span>{present.text}</span><span className="number">{percent(present.percent ?? 0)}</span></p>
          </div>
        )}
        {made && present && !gone && <Note tone="good" title={`${made.name}, ${bytes(made.bytes)}`}><p>Made <Ago time={present.ended ?? present.begun} />; {present.node || 'the node'} keeps it for an hour.</p></Note>}
        {present && present.state === 'cancelled' && <Note tone="warn" title="It was stopped." />}
        {present?.problem && present.state === 'failed' && <ProblemNote problem={new Problem(present.problem.status, present.problem.title, present.problem.detail, present.problem.errors ?? [])} />}
        {lost && <Note tone="bad" title="What became of it is not known: the node was started anew meanwhile."><p>Make it again.</p></Note>}
        {problem !== null && <ProblemNote problem={problem} />}
        <div className={classes.row}>
          {running
            ? <ActionButton label="Stop" icon="stop" refusal={refused} onClick={() => { api.delete(`/v1/operations/${encodeURIComponent(present.id)}`, { node: present.node }).catch(setProblem); }} />
            : <ActionButton label={made ? 'Make another one' : 'Make the archive'} icon="support" variant={made ? 'default' : 'filled'} refusal={refused} onClick={begin} />}
          {made && !gone && <ActionButton label="Download" icon="download" variant="filled" loading={saving} onClick={save} />}
          {!running && <Checkbox label="This node alone" checked={own} disabled={refused !== null} onChange={event => setOwn(event.currentTarget.checked)} />}
        </div>
      </div>
    </Card>
  );
}
