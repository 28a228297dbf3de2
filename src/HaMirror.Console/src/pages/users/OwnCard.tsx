import { Button, PasswordInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { api } from '../../api/client';
import type { SessionStatus } from '../../api/types';
import { sessionRenewed, useSession } from '../../app/session';
import { Card } from '../../components/Card';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { useRequest } from '../../components/useRequest';
import { passwordRefusal, roleMeaning } from '../../model/roles';
import { clock } from '../../model/format';
import { PasswordField } from './PasswordField';
import classes from './rows.module.css';

/** The user's own password and session. */
export function OwnCard() {
  const session = useSession(state => state.session);
  const now = useRequest<SessionStatus>('/v1/session');
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  if (!session) return null;
  const different = again !== '' && again !== fresh;
  const ready = old !== '' && fresh !== '' && passwordRefusal(fresh) === null && again === fresh;
  const expires = now.value?.expires ?? session.expires;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setProblem(null);
    api.put<SessionStatus>('/v1/session/password', { old, new: fresh }).then(renewed => {
      sessionRenewed(renewed);
      setOld('');
      setFresh('');
      setAgain('');
      now.again();
      toast('Your password is changed. All your other sessions have ended.');
    }, setProblem).finally(() => setBusy(false));
  };
  return (
    <Card title="Your account">
      <div className={classes.stack}>
        <dl className={classes.facts}>
          <dt>Name</dt><dd>{session.name}</dd>
          <dt>Role</dt><dd>{session.role}: {session.role === 'Monitor' ? roleMeaning.Monitor : session.role === 'Control' ? 'sees everything but secrets, starts, stops and swaps modules' : 'everything'}</dd>
          {expires && <><dt>Session</dt><dd>ends at {clock(Date.parse(expires), Date.now())} if it is not used until then; a week after its login in any case</dd></>}
        </dl>
        <form className={classes.form} onSubmit={submit} aria-label="Change your password">
          <input type="text" name="username" autoComplete="username" value={session.name} readOnly hidden />
          <PasswordInput label="Your present password" value={old} autoComplete="current-password" visibilityToggleButtonProps={{ 'aria-label': 'Show the present password' }} onChange={event => setOld(event.currentTarget.value)} />
          <PasswordField label="Your new password" value={fresh} onChange={setFresh} />
          <PasswordInput label="The new one again" value={again} error={different ? 'It is another one.' : undefined} autoComplete="new-password" visibilityToggleButtonProps={{ 'aria-label': 'Show the new password again' }} onChange={event => setAgain(event.currentTarget.value)} />
          {problem !== null && <ProblemNote problem={problem} />}
          <div className={classes.buttons}><Button type="submit" loading={busy} disabled={!ready}>Change the password</Button><span className={classes.soft}>Your other sessions end with it.</span></div>
        </form>
      </div>
    </Card>
  );
}
