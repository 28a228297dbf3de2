import { Button, Loader, Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import { modulePath, send } from '../../api/client';
import { ProblemNote } from '../../components/ProblemNote';
import classes from './HookOutput.module.css';

export interface Run { module: string; node: string; run: string }

/** What one run of a hook printed. */
export function HookOutput({ run, onClose }: { run: Run; onClose: () => void }) {
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    const end = new AbortController();
    send('GET', modulePath(run.module, `/hook-runs/${encodeURIComponent(run.run)}`), { node: run.node, signal: end.signal })
      .then(response => response.text())
      .then(setText, (error: unknown) => { if (!end.signal.aborted) setProblem(error); });
    return () => end.abort();
  }, [run]);
  return (
    <Modal opened onClose={onClose} size="xl" title={`Output of a hook of ${run.module} on ${run.node || 'this node'}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className={classes.body}>
        <p className={`${classes.name} mono`}>{run.run}</p>
        {problem !== null && <ProblemNote problem={problem} />}
        {problem === null && text === null && <Loader size="sm" aria-label="Reading the output" />}
        {text !== null && (text.trim() === '' ? <p className={classes.name}>It printed nothing.</p> : <pre className={classes.output} tabIndex={0} aria-label="Output">{text}</pre>)}
        <div className={classes.buttons}><Button variant="default" onClick={onClose}>Close</Button></div>
      </div>
    </Modal>
  );
}
