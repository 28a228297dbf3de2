import { useState } from 'react';
import { api } from '../../api/client';
import type { ChangeStatus } from '../../api/types';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Note } from '../../components/Note';
import { useNodes, usePair } from '../../live/hooks';
import classes from './Meanwhile.module.css';

/** A change of both nodes that is under way or was cut short, and the way out when a node is gone for good. */
export function OpenChange({ change, onEnded }: { change: ChangeStatus; onEnded: () => void }) {
  const refused = useRefusal('Admin');
  const pair = usePair(change.module);
  const nodes = useNodes();
  const [asked, setAsked] = useState<'finish' | 'undo' | null>(null);
  const here = nodes.find(node => node.reach === 'live' && pair[node.name]?.change?.id === change.id)?.name;
  const gone = nodes.find(node => node.reach === 'gone')?.name;
  return (
    <>
      <Note tone="warn" title={`A change by ${change.by} is not over yet.`}>
        <p>{change.sentence} Begun <Ago time={change.time} />.</p>
        {gone !== undefined && here !== undefined && (
          <div className={classes.buttons}>
            <ActionButton size="xs" label={`Finish it on ${here} alone …`} refusal={refused} onClick={() => setAsked('finish')} />
            {change.state === 'prepared' && <ActionButton size="xs" label={`Undo it on ${here} …`} refusal={refused} onClick={() => setAsked('undo')} />}
          </div>
        )}
      </Note>
      {asked && (
        <ConfirmDialog title={asked === 'finish' ? `Finish the change on ${here} alone?` : `Undo the change on ${here}?`} label={asked === 'finish' ? 'Finish it' : 'Undo it'} danger word={change.module || 'cluster'} onClose={() => setAsked(null)}
          run={async () => {
            const path = `/v1/changes/${encodeURIComponent(change.id)}`;
            await (asked === 'finish' ? api.post(`${path}/finish`, {}, { node: here }) : api.delete(path, { node: here }));
            onEnded();
          }}>
          <p>Only when {gone} is gone for good. If it comes back, the two nodes may have different configurations; one of them is then to be applied again.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
