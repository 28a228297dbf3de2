import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { UserStatus } from '../../api/cluster';
import { api } from '../../api/client';
import type { Role } from '../../api/types';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Note } from '../../components/Note';
import { toast } from '../../components/toasts';
import { accountNameRefusal, passwordRefusal, roleChoices } from '../../model/roles';
import { PasswordField } from './PasswordField';

const userPath = (name: string) => `/v1/users/${encodeURIComponent(name)}`;

interface Props { user: UserStatus; self: boolean; onClose: () => void; onDone: () => void }

export function AddUser({ taken, onClose, onDone }: { taken: readonly string[]; onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('Monitor');
  const [password, setPassword] = useState('');
  const refusal = accountNameRefusal(name, 'user', taken);
  return (
    <ConfirmDialog title="Add a user" label="Add" busy={name === '' || refusal !== null || password === '' || passwordRefusal(password) !== null} onClose={onClose} run={async () => {
      await api.post<UserStatus>('/v1/users', { name, role, password });
      toast(`The user ${name} is added.`);
      onDone();
    }}>
      <TextInput label="Name" value={name} error={refusal} autoComplete="off" spellCheck={false} data-autofocus onChange={event => setName(event.currentTarget.value.trim())} />
      <NativeSelect label="Role" data={roleChoices} value={role} onChange={event => setRole(event.currentTarget.value as Role)} />
      <PasswordField label="Password" value={password} onChange={setPassword} canMake />
      <p>Both nodes know the user at once. He can change the password himself, on this page.</p>
    </ConfirmDialog>
  );
}

export function ChangeRole({ user, self, onClose, onDone }: Props) {
  const [role, setRole] = useState<Role>(user.role);
  return (
    <ConfirmDialog title={`Role of ${user.name}`} label="Change the role" busy={role === user.role} onClose={onClose} run={async () => {
      await api.put<UserStatus>(userPath(user.name), { role });
      toast(`${user.name} has the role ${role} now.`);
      onDone();
    }}>
      <NativeSelect label="Role" data={roleChoices} value={role} data-autofocus onChange={event => setRole(event.currentTarget.value as Role)} />
      <p>{self ? 'It is you: your sessions end, and you log in again with the new role.' : `The sessions of ${user.name} end: whatever he does next counts with the new role.`}</p>
    </ConfirmDialog>
  );
}

export function ResetPassword({ user, self, onClose, onDone }: Props) {
  const [password, setPassword] = useState('');
  return (
    <ConfirmDialog title={`New password of ${user.name}`} label="Set the password" busy={password === '' || passwordRefusal(password) !== null} onClose={onClose} run={async () => {
      await api.put<UserStatus>(userPath(user.name), { password });
      toast(`${user.name} has a new password.`);
      onDone();
    }}>
      <PasswordField label="New password" value={password} onChange={setPassword} autoFocus canMake />
      <p>{self ? 'It is you: your sessions end here as well. Change it below Your account instead, and this page goes on.' : `All sessions of ${user.name} end. Tell him the new password on a way that others do not hear.`}</p>
    </ConfirmDialog>
  );
}

export function RemoveUser({ user, self, onClose, onDone }: Props) {
  return (
    <ConfirmDialog title={`Remove the user ${user.name}?`} label="Remove" danger word={user.name} onClose={onClose} run={async () => {
      await api.delete(userPath(user.name));
      toast(`The user ${user.name} is removed.`);
      onDone();
    }}>
      <p>{user.name} can log in no more at either node, and the present sessions end. What was done stays in the logs under this name.</p>
      {self && <Note tone="warn" title="It is you."><p>You are logged out at once.</p></Note>}
    </ConfirmDialog>
  );
}
