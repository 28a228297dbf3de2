import { Table } from '@mantine/core';
import { useState } from 'react';
import { modulePath } from '../../api/client';
import type { ModuleDiff } from '../../api/types';
import { ActionButton } from '../../components/ActionButton';
import { Card } from '../../components/Card';
import { ProblemNote } from '../../components/ProblemNote';
import { Wide } from '../../components/Wide';
import { useRequest } from '../../components/useRequest';
import type { Side } from '../../model/actions';
import { bytes, count, duration, rate } from '../../model/format';
import classes from './DataTab.module.css';

/** What a resync would look at, and for how long. Looked at when asked for: it walks the replica. */
export function DiffCard({ module, both }: { module: string; both: readonly Side[] }) {
  const node = (both.find(side => side.own?.state === 'PRIM' || side.own?.state === 'ALONE') ?? both.find(side => !side.gone && side.own))?.node;
  const [wanted, setWanted] = useState(false);
  const asked = useRequest<ModuleDiff>(wanted && node !== undefined ? modulePath(module, '/diff') : null, node);
  const diff = asked.value;
  return (
    <Card title="What a resync would do">
      <div className={classes.stack}>
        {!diff && <p className={classes.soft}>Looks at the marks of {node || 'the node'}: what differs from the other replica as far as is known, and how long a resync would take.</p>}
        {diff && (
          <>
            <p className={classes.strong}>
              {diff.comparesAll ? `Everything is compared: ${count(diff.allFiles, 'file')}, ${bytes(diff.allBytes)}.` : diff.fileCount === 0 ? 'Nothing is marked: there is nothing to copy.' : `${count(diff.fileCount, 'file')}, ${bytes(diff.bytesToCompare)} to compare.`}
              {diff.secondsNeeded !== undefined && ` About ${duration(diff.secondsNeeded)}${diff.bytesPerSecond !== undefined ? ` at ${rate(diff.bytesPerSecond)}` : ''}.`}
            </p>
            {diff.notes.map(note => <p key={note} className={classes.soft}>{note}</p>)}
            {diff.files.length > 0 && (
              <Wide label="Marked files"><Table verticalSpacing={4} className={classes.table}>
                <Table.Thead><Table.Tr><Table.Th>File</Table.Th><Table.Th>Marked</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{diff.files.map(file => <Table.Tr key={file.path}><Table.Td>{file.path}</Table.Td><Table.Td className="number">{bytes(file.bytes)}{file.whole && ' (all of it)'}</Table.Td></Table.Tr>)}</Table.Tbody>
              </Table></Wide>
            )}
          </>
        )}
        {asked.problem !== null && <ProblemNote problem={asked.problem} />}
        <div className={classes.row}><ActionButton label={diff ? 'Look again' : 'Look'} icon="difference" {...(wanted && asked.busy ? { loading: true } : {})} onClick={() => (wanted ? asked.again() : setWanted(true))} /></div>
      </div>
    </Card>
  );
}
