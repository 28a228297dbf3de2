import { Table } from '@mantine/core';
import type { ClusterFile } from '../../api/cluster';
import type { LanStatus } from '../../api/types';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { StateShape } from '../../components/StateSign';
import { Wide } from '../../components/Wide';
import type { NodeLive } from '../../live/store';
import classes from './ClusterCards.module.css';

function Heard({ node, lan }: { node: NodeLive; lan: LanStatus | undefined }) {
  if (node.reach !== 'live') return <span className={classes.soft}>{node.name} does not answer</span>;
  if (!lan) return <span className={classes.soft}>–</span>;
  const never = lan.silentMilliseconds === undefined;
  return (
    <span className={classes.sign}>
      <StateShape shape={lan.lost ? 'NotReady' : never ? 'Transient' : 'Ready'} size={16} />
      {lan.lost ? 'peer is silent' : never ? 'not heard yet' : 'peer is heard'}
    </span>
  );
}

/** The networks between the nodes, and whether each node hears the other there. */
export function LanCard({ file, nodes }: { file: ClusterFile; nodes: readonly NodeLive[] }) {
  const statusOf = (node: NodeLive, name: string) => node.status?.lans.find(lan => lan.name === name);
  const refusals = nodes.flatMap(node => (node.status?.lans ?? []).filter(lan => lan.refusal).map(lan => `${node.name}, LAN ${lan.name}: ${lan.refusal}`));
  return (
    <Card title="Networks between the nodes" aside={`port ${file.port} (heartbeats), ${file.port + 1} (requests)`} flush>
      <Wide label="The LANs and whether each node hears the other">
        <Table className={classes.table} verticalSpacing="xs" horizontalSpacing="md">
          <Table.Thead><Table.Tr><Table.Th>LAN</Table.Th>{nodes.map(node => <Table.Th key={node.name}>{node.name}</Table.Th>)}{nodes.map(node => <Table.Th key={node.name}>Heard by {node.name}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {file.lans.map(lan => (
              <Table.Tr key={lan.name}>
                <Table.Td className={classes.name}>{lan.name}</Table.Td>
                {nodes.map(node => <Table.Td key={node.name} className="mono">{lan.nodes.find(each => each.name === node.name)?.address ?? '–'}</Table.Td>)}
                {nodes.map(node => <Table.Td key={node.name}><Heard node={node} lan={statusOf(node, lan.name)} /></Table.Td>)}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
      {(refusals.length > 0 || file.lans.length === 1) && (
        <div className={classes.notes}>
          {refusals.map(sentence => <Note key={sentence} tone="warn"><p>{sentence}</p></Note>)}
          {file.lans.length === 1 && <Note title="There is no second LAN."><p>When this one fails, the nodes cannot see each other, and only a witness tells which of them is cut off. A second LAN over other cards and switches keeps them together.</p></Note>}
        </div>
      )}
    </Card>
  );
}
