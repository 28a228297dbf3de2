import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent, type ReactNode } from 'react';
import classes from './ConfirmDialog.module.css';
import { ProblemNote } from './ProblemNote';

interface Props {
  title: string;
  /** What it means. */
  children: ReactNode;
  /** What the button says, e.g. "Stop on n1". */
  label: string;
  danger?: boolean;
  /** The word that has to be typed, where something could be lost. */
  word?: string | undefined;
  /** Not yet: what is asked for is still being looked at. */
  busy?: boolean;
  run: () => Promise<void>;
  onClose: () => void;
}

/** Asks before something is done, and shows why it was refused. Closes when it was done. */
export function ConfirmDialog({ title, children, label, danger = false, word, busy = false, run, onClose }: Props) {
  const [typed, setTyped] = useState('');
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const ready = word === undefined || typed.trim() === word;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || running || busy) return;
    setRunning(true);
    setProblem(null);
    run().then(onClose, (error: unknown) => {
      setProblem(error);
      setRunning(false);
    });
  };
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeButtonProps={{ 'aria-label': 'Close' }} classNames={{ title: classes.title }}>
      <form className={classes.form} onSubmit={submit}>
        {children}
        {word !== undefined && <TextInput label={<>Type <strong>{word}</strong> to confirm</>} value={typed} onChange={event => setTyped(event.currentTarget.value)} autoComplete="off" spellCheck={false} data-autofocus />}
        {problem !== null && <ProblemNote problem={problem} />}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" color={danger ? 'red' : 'blue'} loading={running} disabled={!ready || busy}>{label}</Button>
        </div>
      </form>
    </Modal>
  );
}
