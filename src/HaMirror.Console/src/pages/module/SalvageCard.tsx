import { Table } from '@mantine/core';
import { useState } from 'react';
import { api, modulePath } from '../../api/client';
import type { SalvageSet } from '../../api/types';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Card } from '../../components/Card';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { Wide } from '../../components/Wide';
import { useRequest } from '../../components/useRequest';
import { SalvageDialog } from './SalvageDialog';
import { bytes, clock, count } from '../../model/format';
import type { Side } from '../../model/actions';
import classes from './DataTab.module.css';

const lookMilliseconds = 10_000; // A resync may have made one.

function NodeSets({ module, node, side }: { module: string; node: string; side: Side }) {
  const asked = useRequest<SalvageSet[]>(modulePath(module, '/salvage'), node, lookMilliseconds);
  const refused = useRefusal('Admin');
  const [removing, setRemoving] = useState<SalvageSet | null>(null);
  const [opened, setOpened] = useState<SalvageSet | null>(null);
  const now = Date.now();
  if (asked.problem !== null) return <ProblemNote problem={asked.problem} />;
  if (!asked.value) return <p className={classes.soft}>Asking {node} …</p>;
  if (asked.value.length === 0) return <p className={classes.soft}>{node || 'This node'} keeps no salvage set.</p>;
  return (
    <div className={classes.stack}>
      <Wide label={`Salvage sets on ${node}`}><Table verticalSpacing={6} className={classes.table}>
        <Table.Thead><Table.Tr><Table.Th>On {node}</Table.Th><Table.Th>Replaced</Table.Th><Table.Th>Files</Table.Th><Table.Th>Saved</Table.Th><Table.Th>State</Table.Th><Table.Th><span className="unseen">Actions</span></Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {asked.value.map(set => (
            <Table.Tr key={set.id}>
              <Table.Td className="mono">{set.id}</Table.Td>
              <Table.Td>{clock(Date.parse(set.time), now)}, {set.peer} was kept</Table.Td>
              <Table.Td className="number">{set.fileCount}</Table.Td>
              <Table.Td className="number">{bytes(set.bytes)}</Table.Td>
              <Table.Td>{set.fault ?? (set.open ? 'its resync has not ended yet' : 'complete')}</Table.Td>
              <Table.Td className={classes.buttons}>
                <ActionButton label="Files …" icon="search" size="xs" refusal={set.fault ?? null} name={`Files of the salvage set ${set.id}`} onClick={() => setOpened(set)} />
                <ActionButton label="Remove" icon="trash" size="xs" refusal={refused ?? (set.open ? 'Its resync has not ended yet.' : null)} name={`Remove the salvage set ${set.id}`} onClick={() => setRemoving(set)} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table></Wide>
      {opened && <SalvageDialog module={module} side={side} set={opened} onClose={() => setOpened(null)} />}
      {removing && (
        <ConfirmDialog title={`Remove the salvage set ${removing.id}?`} label="Remove" danger word={module} onClose={() => setRemoving(null)}
          run={async () => {
            await api.delete(modulePath(module, `/salvage/${encodeURIComponent(removing.id)}`), { node });
            toast(`The salvage set ${removing.id} is removed.`);
            asked.again();
          }}>
          <p>It holds {count(removing.fileCount, 'file')}, {bytes(removing.bytes)}, as they were on {removing.node} alone. Nothing else has them.</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

/** What nodes held alone when they lost a divergence. */
export function SalvageCard({ module, both }: { module: string; both: readonly Side[] }) {
  return (
    <Card title="Salvage sets">
      <div className={classes.stack}>
        <p className={classes.soft}>When the two replicas have diverged, one is kept; what only the other one held is saved before it is replaced.</p>
        {both.map(side => (side.own && !side.gone ? <NodeSets key={side.node} module={module} node={side.node} side={side} /> : <p key={side.node} className={classes.soft}>{side.node} {side.gone ? 'does not answer.' : 'has no such module.'}</p>))}
      </div>
    </Card>
  );
}
