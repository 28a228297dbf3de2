// What a salvage set holds, and the two ways back: written out beside everything, or put back where the service has it now. The
// second replaces files that the service uses, so the module's name is to be typed.
import { Button, Checkbox, Modal, Table, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { api, modulePath } from '../../api/client';
import type { SalvageFile, SalvageWritten } from '../../api/history';
import type { OperationStatus, SalvageSet } from '../../api/types';
import { useRefusal } from '../../app/session';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { useRequest } from '../../components/useRequest';
import { Wide } from '../../components/Wide';
import { useLive } from '../../live/store';
import type { Side } from '../../model/actions';
import { bytes, count } from '../../model/format';
import classes from './DataTab.module.css';

const how = (file: SalvageFile) => [file.gone ? 'the other node had no such file' : '', file.whole ? '' : 'in part; the rest is as the replica has it now'].filter(Boolean).join('; ') || 'all of it';

interface Props { module: string; side: Side; set: SalvageSet; onClose: () => void }

export function SalvageDialog({ module, side, set, onClose }: Props) {
  const node = side.node;
  const path = modulePath(module, `/salvage/${encodeURIComponent(set.id)}`);
  const asked = useRequest<SalvageSet & { files: SalvageFile[] }>(path, node);
  const refused = useRefusal('Admin');
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [asks, setAsks] = useState(false);
  const files = asked.value?.files ?? [];
  const chosen = files.filter(file => !left.has(file.path)).map(file => file.path);
  const serves = (side.own?.state === 'PRIM' || side.own?.state === 'ALONE') && side.own.phase === 'Ready';
  const noRestore = refused ?? (set.open ? 'Its resync has not ended yet.' : serves ? null : `Files are put back where the service runs, and ${node} is ${side.own?.state ?? 'not known'}: swap first, or write the set out here.`);
  const toggle = (file: string) => setLeft(before => {
    const next = new Set(before);
    if (!next.delete(file)) next.add(file);
    return next;
  });
  const restore = async () => {
    const written = await api.post<SalvageWritten>(`${path}/restore`, { files: chosen }, { node });
    toast(`${count(written.files.length, 'file')} of ${set.id} put back on ${node}.`);
  };
  return (
    <Modal opened onClose={onClose} size="xl" title={`Salvage set ${set.id} on ${node}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className={classes.stack}>
        <p className={classes.soft}>What {set.node} held alone when {set.peer} was kept: {count(set.fileCount, 'file')}, {bytes(set.bytes)}.</p>
        {asked.problem !== null && <ProblemNote problem={asked.problem} />}
        {files.length > 0 && (
          <div className={classes.files}>
            <Wide label="Files of the set"><Table verticalSpacing={6} className={classes.table}>
              <Table.Thead><Table.Tr><Table.Th>File</Table.Th><Table.Th>Size</Table.Th><Table.Th>Saved</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {files.map(file => (
                  <Table.Tr key={file.path}>
                    <Table.Td><Checkbox label={file.path} checked={!left.has(file.path)} onChange={() => toggle(file.path)} /></Table.Td>
                    <Table.Td className="number">{bytes(file.size)}</Table.Td>
                    <Table.Td>{how(file)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table></Wide>
          </div>
        )}
        <Export path={path} node={node} files={chosen} refusal={refused ?? (chosen.length === 0 ? 'No file is chosen.' : null)} />
        <fieldset className={classes.part}>
          <legend>Put back into the service</legend>
          <p className={classes.soft}>{noRestore ?? 'The chosen files replace what the service has under the same names now, on both nodes.'}</p>
          <div><Button color="red" disabled={noRestore !== null || chosen.length === 0} onClick={() => setAsks(true)}>Put {count(chosen.length, 'file')} back …</Button></div>
        </fieldset>
      </div>
      {asks && (
        <ConfirmDialog title={`Put ${count(chosen.length, 'file')} back?`} label="Put back" danger word={module} run={restore} onClose={() => setAsks(false)}>
          <p>What {module} has under these names now is replaced by what {set.node} had, while the service runs. Stop whatever uses the files before.</p>
        </ConfirmDialog>
      )}
    </Modal>
  );
}

/** Begins the export and watches it: it may take long, and is an operation meanwhile. */
function Export({ path, node, files, refusal }: { path: string; node: string; files: readonly string[]; refusal: string | null }) {
  const [directory, setDirectory] = useState('');
  const [begun, setBegun] = useState<OperationStatus | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const told = useLive(state => (begun === null ? undefined : state.operations[node]?.find(each => each.id === begun.id)));
  const operation = told ?? begun;
  const running = operation?.state === 'running';
  const absolute = directory.startsWith('/');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refusal !== null || !absolute || running) return;
    setProblem(null);
    setBegun(null);
    api.post<OperationStatus>(`${path}/export`, { directory, files }, { node, asOperation: true }).then(setBegun, setProblem);
  };
  return (
    <form onSubmit={submit}>
      <fieldset className={classes.part}>
        <legend>Write out</legend>
        {refusal !== null && <p className={classes.soft}>{refusal}</p>}
        <TextInput label={`Directory on ${node}`} description="Made when it is not there. Files keep their paths beneath it." placeholder="/var/tmp/salvaged" value={directory} onChange={event => setDirectory(event.currentTarget.value)} error={directory !== '' && !absolute ? 'An absolute path begins with a slash.' : undefined} disabled={refusal !== null} spellCheck={false} autoComplete="off" />
        {problem !== null && <ProblemNote problem={problem} />}
        {operation && operation.state !== 'running' && (operation.problem
          ? <Note tone="bad" title={operation.problem.title}>{operation.problem.detail && <p>{operation.problem.detail}</p>}</Note>
          : <Note tone="good" title={operation.text}><p>{count((operation.result as SalvageWritten | undefined)?.files.length ?? files.length, 'file')} below <code>{directory}</code> on {node}.</p></Note>)}
        <div><Button type="submit" variant="default" loading={running ?? false} disabled={refusal !== null || !absolute}>Write {count(files.length, 'file')} out</Button></div>
      </fieldset>
    </form>
  );
}
