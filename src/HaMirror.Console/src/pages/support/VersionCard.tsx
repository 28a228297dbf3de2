import { Table } from '@mantine/core';
import type { NodeFacts } from '../../api/cluster';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { Wide } from '../../components/Wide';
import { useRequest } from '../../components/useRequest';
import { nodeName, useNodes } from '../../live/hooks';
import type { NodeLive } from '../../live/store';
import { versionsApart } from '../../model/facts';
import classes from './support.module.css';

/** What runs on both nodes; whether it is the same. */
export function VersionCard() {
  const nodes = useNodes();
  const apart = versionsApart(nodes);
  return (
    <Card title="Versions" flush>
      {apart !== null && (
        <div className={classes.notes}>
          <Note tone="warn" title={apart}>
            <p>That is meant for the time of an upgrade alone. Bring the older node to the newer version, one node after the other: stop its modules there or swap them away first.</p>
          </Note>
        </div>
      )}
      <Wide label="Versions of both nodes">
        <Table className={classes.table} verticalSpacing="xs" horizontalSpacing="md">
          <Table.Thead><Table.Tr><Table.Th>Node</Table.Th><Table.Th>HaMirror</Table.Th><Table.Th>System</Table.Th><Table.Th>Kernel</Table.Th><Table.Th>Agent started</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{nodes.map(node => <Row key={node.name} node={node} />)}</Table.Tbody>
        </Table>
      </Wide>
    </Card>
  );
}

function Row({ node }: { node: NodeLive }) {
  const facts = useRequest<NodeFacts>(node.reach === 'gone' ? null : '/v1/facts', node.name).value;
  return (
    <Table.Tr>
      <Table.Td className={classes.name}>{nodeName(node.name)}</Table.Td>
      <Table.Td className="number">{node.status?.version ?? '–'}{node.reach === 'gone' && <span className={classes.small}> (last known)</span>}</Table.Td>
      <Table.Td>{facts?.system || '–'}</Table.Td>
      <Table.Td>{facts?.kernel ?? '–'}</Table.Td>
      <Table.Td>{node.status ? <Ago time={node.status.started} /> : '–'}</Table.Td>
    </Table.Tr>
  );
}
