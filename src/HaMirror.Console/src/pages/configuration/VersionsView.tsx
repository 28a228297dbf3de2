import { Table } from '@mantine/core';
import { useEffect, useState } from 'react';
import { versionPath, type ModuleFiles, type ModuleVersion } from '../../api/configuration';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Card } from '../../components/Card';
import { ProblemNote } from '../../components/ProblemNote';
import { Wide } from '../../components/Wide';
import { useRequest, type Asked } from '../../components/useRequest';
import { clock, day } from '../../model/format';
import type { Files } from '../../model/moduleFiles';
import { FilesDiff } from './FileDiff';
import classes from './VersionsView.module.css';

interface Props {
  module: string;
  node: string;
  versions: Asked<ModuleVersion[]>;
  /** What runs; null: nothing, or it may not be read. */
  running: Files | null;
  /** Why nothing may be changed now; null: it may. */
  refusal: string | null;
  onRestore: (version: ModuleVersion, files: Files) => void;
  onEdit: (files: Files) => void;
}

export const versionTime = (version: ModuleVersion): string => `${day(Date.parse(version.time))} ${clock(Date.parse(version.time), Date.parse(version.time))}`;

/** The last configurations that were in force: compared, restored, taken up again. */
export function VersionsView({ module, node, versions, running, refusal, onRestore, onEdit }: Props) {
  const unread = useRefusal('Control');
  const [shown, setShown] = useState<ModuleVersion | null>(null);
  const [restoring, setRestoring] = useState(false);
  const asked = useRequest<ModuleFiles>(shown ? versionPath(module, shown.id) : null, node);
  const files = asked.value?.version === shown?.id ? asked.value?.files ?? null : null;
  const list = versions.value;
  useEffect(() => {
    if (!restoring || !shown || !files) return;
    setRestoring(false);
    onRestore(shown, files);
  }, [restoring, shown, files, onRestore]);
  const open = (version: ModuleVersion, restore: boolean) => {
    setShown(version);
    setRestoring(restore);
  };
  return (
    <div className={classes.stack}>
      <Card title="The last versions" aside={node ? `on ${node}, newest first` : 'newest first'} flush>
        {versions.problem !== null && <ProblemNote problem={versions.problem} />}
        {list?.length === 0 && <p className={classes.none}>None yet: a version is kept each time a configuration comes into force.</p>}
        {list && list.length > 0 && (
          <Wide label="Table of the last versions">
            <Table verticalSpacing={8} horizontalSpacing="md" className={classes.table}>
              <Table.Thead><Table.Tr><Table.Th>In force since</Table.Th><Table.Th>By</Table.Th><Table.Th>Comment</Table.Th><Table.Th><span className="unseen">Actions</span></Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {list.map(version => {
                  const time = versionTime(version);
                  return (
                    <Table.Tr key={version.id}>
                      <Table.Td className={`number ${classes.time}`}>{time}{version.active && <span className={classes.active}>runs now</span>}</Table.Td>
                      <Table.Td>{version.by}</Table.Td>
                      <Table.Td className={classes.comment}>{version.comment ?? '–'}</Table.Td>
                      <Table.Td>
                        <div className={classes.actions}>
                          <ActionButton size="xs" label="Compare" icon="difference" name={`Compare the version of ${time}`} refusal={unread ?? (running === null ? 'Nothing runs that it could be compared with.' : null)} onClick={() => open(version, false)} />
                          <ActionButton size="xs" label="Restore" icon="restart" name={`Restore the version of ${time}`} refusal={refusal ?? (version.active ? 'It runs already.' : null)} onClick={() => open(version, true)} />
                        </div>
                      </Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </Wide>
        )}
      </Card>
      {shown && asked.problem !== null && <ProblemNote problem={asked.problem} />}
      {shown && files && running && (
        <Card title={`From the version of ${versionTime(shown)} to what runs`} aside={<ActionButton size="xs" label="Edit from it" icon="edit" refusal={refusal} onClick={() => onEdit(files)} />}>
          <FilesDiff before={files} after={running} names={{ before: versionTime(shown), after: 'Runs now' }} none="It is what runs now." />
        </Card>
      )}
    </div>
  );
}
