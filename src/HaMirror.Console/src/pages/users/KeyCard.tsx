import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { KeyMade, KeyStatus } from '../../api/cluster';
import { api } from '../../api/client';
import type { Role } from '../../api/types';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { CopyButton } from '../../components/CopyButton';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { useRequest } from '../../components/useRequest';
import { accountNameRefusal, roleChoices } from '../../model/roles';
import classes from './rows.module.css';

const againMilliseconds = 15_000;

/** What lets scripts and monitoring in, without a login. */
export function KeyCard() {
  const asked = useRequest<KeyStatus[]>('/v1/keys', undefined, againMilliseconds);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<KeyMade | null>(null);
  const [revoked, setRevoked] = useState<KeyStatus | null>(null);
  const keys = asked.value ?? [];
  return (
    <Card title="API keys" aside={<ActionButton label="Make a key" icon="key" size="xs" onClick={() => setAdding(true)} />} flush>
      {asked.problem !== null && <div className={classes.body}><ProblemNote problem={asked.problem} /></div>}
      {asked.value !== null && keys.length === 0 && <p className={`${classes.body} ${classes.soft}`}>There is none. A key lets a script or Prometheus ask the API with a role of its own: <code>Authorization: Bearer KEY</code>.</p>}
      <ul className={classes.rows} aria-label="API keys">
        {keys.map(key => (
          <li key={key.name} className={classes.row}>
            <span className={classes.name}>{key.name}</span>
            <span className={`${classes.role} ${classes[key.role] ?? ''}`}>{key.role}</span>
            <span className={classes.soft}>made <Ago time={key.made} /></span>
            <span className={classes.actions}><ActionButton label="Revoke" size="xs" name={`Revoke ${key.name}`} onClick={() => setRevoked(key)} /></span>
          </li>
        ))}
      </ul>
      {adding && <AddKey taken={keys.map(key => key.name)} onClose={() => setAdding(false)} onMade={key => { setMade(key); asked.again(); }} />}
      {made && <ShowKey made={made} onClose={() => setMade(null)} />}
      {revoked && (
        <ConfirmDialog title={`Revoke the key ${revoked.name}?`} label="Revoke" danger onClose={() => setRevoked(null)} run={async () => {
          await api.delete(`/v1/keys/${encodeURIComponent(revoked.name)}`);
          toast(`The key ${revoked.name} is revoked.`);
          asked.again();
        }}>
          <p>Whatever uses it is refused from now on, at both nodes.</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}

function AddKey({ taken, onClose, onMade }: { taken: readonly string[]; onClose: () => void; onMade: (key: KeyMade) => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('Monitor');
  const refusal = accountNameRefusal(name, 'key', taken);
  return (
    <ConfirmDialog title="Make an API key" label="Make the key" busy={name === '' || refusal !== null} onClose={onClose} run={async () => onMade(await api.post<KeyMade>('/v1/keys', { name, role }))}>
      <TextInput label="Name" description="For the logs, and to know it again: prometheus, backup, …" value={name} error={refusal} autoComplete="off" spellCheck={false} data-autofocus onChange={event => setName(event.currentTarget.value.trim())} />
      <NativeSelect label="Role" data={roleChoices} value={role} onChange={event => setRole(event.currentTarget.value as Role)} />
    </ConfirmDialog>
  );
}

/** Once: no node keeps it. */
function ShowKey({ made, onClose }: { made: KeyMade; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={`The key ${made.name}`} size="lg" closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} classNames={{ title: classes.title ?? '' }}>
      <div className={classes.stack}>
        <Note tone="warn" title="It is shown this once."><p>No node keeps it: copy it now to where it is used.</p></Note>
        <code className={classes.secret} aria-label="Key">{made.key}</code>
        <p className={classes.soft}>Role {made.role}. To be sent as <code>Authorization: Bearer {made.key.slice(0, 9)}…</code></p>
        <div className={classes.buttons}><CopyButton label="Copy the key" text={made.key} /><Button onClick={onClose} data-autofocus>I have it</Button></div>
      </div>
    </Modal>
  );
}
