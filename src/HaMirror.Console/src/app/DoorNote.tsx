// Whether the page could go on if the node died that serves it, and that it has.
import { Anchor } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { doors, home } from '../api/doors';
import { Note } from '../components/Note';
import { useNodes } from '../live/hooks';
import classes from './DoorNote.module.css';

let version = 0;
const subscribe = (tell: () => void) => doors.onChange(() => {
  version++;
  tell();
});

export function DoorNote() {
  useSyncExternalStore(subscribe, () => version);
  const nodes = useNodes();
  const gone = nodes.filter(node => node.reach === 'gone');
  if (doors.used !== home) {
    const used = doors.used;
    const left = home.open !== true || gone.some(node => node.name === home.node);
    return (
      <div className={classes.note}>
        <Note tone="warn" title={left ? `${home.node || 'The node'} served this page and does not answer any more. The page goes on with ${used.node}.` : `${home.node} answers again; the page still goes through ${used.node}.`}>
          <p>{left ? 'Everything works as before, but do not reload the page: ' : 'It may be reloaded now. Or open '}<Anchor href={used.base}>{used.base}</Anchor>{left ? ' is the same console on the node that lives.' : '.'}</p>
        </Note>
      </div>
    );
  }
  if (nodes.length > 0 && gone.length === nodes.length) {
    return <div className={classes.note}><Note tone="bad" title="No node answers."><p>What you see is what they said last. The page tries again by itself. Is this computer still on the network, and does hamirrord run on the nodes?</p></Note></div>;
  }
  if (gone.length > 0) {
    return (
      <div className={classes.note}>
        {gone.map(node => <Note key={node.name} tone="warn" title={`${node.name} does not answer.`}><p>{node.why && node.why !== `${node.name} does not answer.` ? `${node.why} ` : ''}What is shown of it is what it said last.</p></Note>)}
      </div>
    );
  }
  const others = doors.others;
  if (others.length > 0 && others.every(door => door.open === false)) {
    const first = others[0]!;
    return (
      <div className={classes.note}>
        <Note title={`If ${home.node || 'this node'} died, this page could not go on with ${first.node}.`}>
          <p>This browser does not get to <Anchor href={first.base} target="_blank" rel="noreferrer">{first.base}</Anchor>. Open it once and accept its certificate, or give both nodes a certificate that your browsers know (docs/monitoring.md).</p>
        </Note>
      </div>
    );
  }
  return null;
}
