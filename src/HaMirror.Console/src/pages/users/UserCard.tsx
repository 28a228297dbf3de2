import { useState } from 'react';
import type { UserStatus } from '../../api/cluster';
import { stillIn } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { ProblemNote } from '../../components/ProblemNote';
import { useRequest } from '../../components/useRequest';
import { lastAdminRefusal } from '../../model/roles';
import { AddUser, ChangeRole, RemoveUser, ResetPassword } from './UserDialogs';
import classes from './rows.module.css';

const againMilliseconds = 15_000;

/** Who may log in, and as what. */
export function UserCard({ self }: { self: string }) {
  const asked = useRequest<UserStatus[]>('/v1/users', undefined, againMilliseconds);
  const [open, setOpen] = useState<{ what: 'add' } | { what: 'role' | 'password' | 'remove'; user: UserStatus } | null>(null);
  const users = asked.value ?? [];
  const close = () => setOpen(null);
  const done = (name?: string) => {
    asked.again();
    if (name === self) void stillIn(); // The own session may have ended with it.
  };
  return (
    <Card title="Users" aside={<ActionButton label="Add a user" icon="plus" size="xs" variant="filled" onClick={() => setOpen({ what: 'add' })} />} flush>
      {asked.problem !== null && <div className={classes.body}><ProblemNote problem={asked.problem} /></div>}
      <ul className={classes.rows} aria-label="Users">
        {users.map(user => {
          const last = lastAdminRefusal(user, users);
          return (
            <li key={user.name} className={classes.row}>
              <span className={classes.name}>{user.name}{user.name === self && <span className={classes.self}> (you)</span>}</span>
              <span className={`${classes.role} ${classes[user.role] ?? ''}`}>{user.role}</span>
              <span className={classes.soft}>changed <Ago time={user.changed} /></span>
              <span className={classes.actions}>
                <ActionButton label="Role" size="xs" name={`Role of ${user.name}`} refusal={last} onClick={() => setOpen({ what: 'role', user })} />
                <ActionButton label="Password" size="xs" name={`Password of ${user.name}`} onClick={() => setOpen({ what: 'password', user })} />
                <ActionButton label="Remove" size="xs" name={`Remove ${user.name}`} refusal={last} onClick={() => setOpen({ what: 'remove', user })} />
              </span>
            </li>
          );
        })}
      </ul>
      {asked.value === null && asked.busy && <p className={`${classes.body} ${classes.soft}`}>Reading the users …</p>}
      {open?.what === 'add' && <AddUser taken={users.map(user => user.name)} onClose={close} onDone={done} />}
      {open?.what === 'role' && <ChangeRole user={open.user} self={open.user.name === self} onClose={close} onDone={() => done(open.user.name)} />}
      {open?.what === 'password' && <ResetPassword user={open.user} self={open.user.name === self} onClose={close} onDone={() => done(open.user.name)} />}
      {open?.what === 'remove' && <RemoveUser user={open.user} self={open.user.name === self} onClose={close} onDone={() => done(open.user.name)} />}
    </Card>
  );
}
