import { Table } from '@mantine/core';
import { useMemo } from 'react';
import type { ResourceStatus } from '../../api/types';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { StateShape, type Shape } from '../../components/StateSign';
import { Wide } from '../../components/Wide';
import { nodeName } from '../../live/hooks';
import type { ModulePair, NodeLive } from '../../live/store';
import { clock } from '../../model/format';
import { resourceChanges } from '../../model/resources';
import classes from './ResourceTab.module.css';
import { useModuleLog } from './useModuleLog';

const shapes: Readonly<Record<ResourceStatus['state'], Shape>> = { up: 'Ready', down: 'NotReady', init: 'Transient', unknown: 'Gone' };

function Sign({ resource }: { resource: ResourceStatus | undefined }) {
  if (!resource) return <span className={classes.soft}>–</span>;
  return <span className={classes.sign}><StateShape shape={shapes[resource.state]} size={16} />{resource.state}<span className={classes.soft}><Ago time={resource.since} /></span></span>;
}

/** What is up and down, on both nodes, and when it changed. */
export function ResourceTab({ module, nodes, pair }: { module: string; nodes: readonly NodeLive[]; pair: ModulePair }) {
  const lines = useModuleLog(module, nodes, 2000);
  const history = useMemo(() => resourceChanges(lines).slice(-50).reverse(), [lines]);
  const names = [...new Set(nodes.flatMap(node => pair[node.name]?.resources.map(resource => resource.name) ?? []))].sort();
  const now = Date.now();
  if (names.length === 0 && history.length === 0) {
    return <EmptyState icon="verify" title="The module has no resources."><p>Checkers make them: an address that must be reachable, a port, a program, a process. Add them below <code>&lt;check&gt;</code> in the module's configuration.</p></EmptyState>;
  }
  return (
    <>
      <Card title="Resources" flush>
        <Wide label="Resources of both nodes"><Table className={classes.table} verticalSpacing="xs" horizontalSpacing="md">
          <Table.Thead><Table.Tr><Table.Th>Resource</Table.Th>{nodes.map(node => <Table.Th key={node.name}>{nodeName(node.name)}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {names.map(name => (
              <Table.Tr key={name}>
                <Table.Td className={classes.name}>{name}</Table.Td>
                {nodes.map(node => <Table.Td key={node.name}><Sign resource={pair[node.name]?.resources.find(resource => resource.name === name)} /></Table.Td>)}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table></Wide>
      </Card>
      <Card title="History" aside="from both nodes' logs" flush>
        {history.length === 0 && <p className={classes.none}>The logs tell of no change.</p>}
        {history.length > 0 && (
          <Wide label="History of the resources"><Table className={classes.table} verticalSpacing={6} horizontalSpacing="md">
            <Table.Thead><Table.Tr><Table.Th>Time</Table.Th><Table.Th>Node</Table.Th><Table.Th>Resource</Table.Th><Table.Th>Became</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {history.map(change => (
                <Table.Tr key={`${change.node}${change.time}${change.name}`}>
                  <Table.Td className="number">{clock(Date.parse(change.time), now)}</Table.Td>
                  <Table.Td>{change.node}</Table.Td>
                  <Table.Td className={classes.name}>{change.name}</Table.Td>
                  <Table.Td><span className={classes.sign}><StateShape shape={shapes[change.state]} size={16} />{change.state}{change.by && <span className={classes.soft}>by {change.by}</span>}</span></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table></Wide>
        )}
      </Card>
    </>
  );
}
