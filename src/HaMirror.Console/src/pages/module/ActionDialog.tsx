// What an action means is said before it is done; where data could be lost, what, and the module's name is to be typed.
import { Checkbox } from '@mantine/core';
import { useState } from 'react';
import { api, modulePath } from '../../api/client';
import { Problem } from '../../api/problem';
import type { ActionAccepted, ConnectionReport } from '../../api/types';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Note } from '../../components/Note';
import { toast } from '../../components/toasts';
import { useRequest } from '../../components/useRequest';
import { actions, lostByPrimary, lostBySecondary, type ActionName, type Side } from '../../model/actions';

const done: Readonly<Record<ActionName, string>> = {
  start: 'starts', stop: 'stops', restart: 'restarts its service', stopstart: 'stops and starts', swap: 'hands the service over', 'force-stop': 'is stopped by force',
  attach: 'takes its disk back', primary: 'starts as primary', secondary: 'starts as secondary',
};

/** @throws {Problem} */
export async function runAction(module: string, action: ActionName, side: Side, more: { fullSync?: boolean; undo?: boolean } = {}): Promise<void> {
  const asStart = action === 'start' || action === 'primary' || action === 'secondary';
  const body = action === 'primary' ? { role: 'primary', undo: more.undo ?? false } : action === 'secondary' ? { role: 'secondary', fullSync: more.fullSync ?? false } : {};
  await api.post<ActionAccepted>(modulePath(module, asStart ? '/start' : `/${action}`), body, { node: side.node });
  toast(`${module} ${done[action]} on ${side.node || 'this node'}.`);
}

export function ActionDialog({ module, action, side, onClose }: { module: string; action: ActionName; side: Side; onClose: () => void }) {
  const what = actions[action];
  const decides = action === 'primary' || action === 'secondary';
  const report = useRequest<ConnectionReport>(decides ? modulePath(module, '/connection') : null, side.node);
  const [fullSync, setFullSync] = useState(false);
  const [undo, setUndo] = useState(false);
  const [canUndo, setCanUndo] = useState(false);
  const lost = action === 'primary' ? lostByPrimary(side, report.value) : action === 'secondary' ? lostBySecondary(side, report.value, fullSync) : null;
  const run = async () => {
    try {
      await runAction(module, action, side, { fullSync, undo });
    } catch (error) {
      if (action === 'primary' && !undo && error instanceof Problem && error.remedy?.includes('--undo')) setCanUndo(true);
      throw error;
    }
  };
  return (
    <ConfirmDialog title={`${what.label}: ${module} on ${side.node || 'this node'}`} label={what.label} danger={what.danger || lost !== null} word={lost === null ? undefined : module} busy={decides && report.busy && report.value === null} run={run} onClose={onClose}>
      <p>{what.meaning(side) ?? `${module} starts on ${side.node}: as what its own record and the other node prove it to be.`}</p>
      {decides && report.value && <Note title="If the two nodes met now"><p>{report.value.sentence}</p></Note>}
      {decides && !report.busy && (lost === null ? <Note tone="good" title="Nothing is lost, as far as both nodes know." /> : <Note tone="bad" title="What could be lost"><p>{lost}</p></Note>)}
      {action === 'secondary' && <Checkbox label="Full synchronisation: copy everything, compare nothing, keep nothing" checked={fullSync} onChange={event => setFullSync(event.currentTarget.checked)} />}
      {canUndo && <Checkbox label="Undo the resync that did not end, and start with the replica that was before it" checked={undo} onChange={event => setUndo(event.currentTarget.checked)} />}
    </ConfirmDialog>
  );
}
