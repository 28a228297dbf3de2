// Says state changes to those who hear the page instead of seeing it. One polite region for all; a burst is said as a number.
import { useEffect, useState } from 'react';
import { phaseWord } from '../model/health';
import { useLive, type LiveState } from './store';

const quietMilliseconds = 1000;
const sentencesMost = 4;

/** What has changed, as sentences. */
export function changes(before: LiveState, now: LiveState): string[] {
  const said: string[] = [];
  for (const name of now.order) {
    const [was, is] = [before.nodes[name]?.reach, now.nodes[name]?.reach];
    if (was !== is && was !== undefined && was !== 'waiting') said.push(is === 'gone' ? `Node ${name} does not answer.` : `Node ${name} answers again.`);
  }
  if (before.modules === now.modules) return said;
  for (const [module, pair] of Object.entries(now.modules)) {
    if (before.modules[module] === pair) continue;
    for (const [node, status] of Object.entries(pair)) {
      const was = before.modules[module]?.[node];
      if (was && (was.state !== status.state || was.phase !== status.phase)) said.push(`${module} on ${node}: ${status.state}, ${phaseWord[status.phase]}.`);
    }
  }
  return said;
}

export function Announcer() {
  const [text, setText] = useState('');
  useEffect(() => {
    let waiting: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = useLive.subscribe((now, before) => {
      const said = changes(before, now);
      if (said.length === 0) return;
      waiting.push(...said);
      clearTimeout(timer);
      timer = setTimeout(() => {
        setText(waiting.length > sentencesMost ? `${waiting.length} changes of state. ${waiting.slice(-sentencesMost).join(' ')}` : waiting.join(' '));
        waiting = [];
      }, quietMilliseconds);
    });
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, []);
  return <div className="unseen" role="status" aria-live="polite">{text}</div>;
}
