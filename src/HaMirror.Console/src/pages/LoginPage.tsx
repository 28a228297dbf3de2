import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useEffect, useState, type FormEvent } from 'react';
import { Brand } from '../app/Brand';
import { logIn, useSession } from '../app/session';
import { ThemeSwitch } from '../app/ThemeSwitch';
import { Note } from '../components/Note';
import { ProblemNote } from '../components/ProblemNote';
import classes from './LoginPage.module.css';

export function LoginPage() {
  const ended = useSession(state => state.ended);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => { document.title = 'Log in · HaMirror'; }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    logIn(name.trim(), password).catch((error: unknown) => {
      setPassword('');
      setProblem(error);
    }).finally(() => setBusy(false));
  };

  return (
    <main className={classes.page}>
      <div className={classes.theme}><ThemeSwitch /></div>
      <form className={classes.form} onSubmit={submit}>
        <Brand />
        <h1>Log in</h1>
        {ended && !problem && <Note title="Your session has ended."><p>Log in again to go on where you were.</p></Note>}
        {problem !== null && <ProblemNote problem={problem} />}
        <TextInput label="User" name="username" autoComplete="username" autoFocus required withAsterisk={false} size="md" value={name} onChange={event => setName(event.currentTarget.value)} />
        <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} size="md" value={password} onChange={event => setPassword(event.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }} />
        <Button type="submit" size="md" loading={busy} fullWidth>Log in</Button>
        <p className={classes.below}>No account yet? As root on a node: <code>hamirror user add NAME --role admin</code></p>
      </form>
    </main>
  );
}
