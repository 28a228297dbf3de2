import { Button, NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useSearch } from 'wouter';
import type { OperationStatus } from '../api/types';
import { Card } from '../components/Card';
import { EmptyState } from '../components/EmptyState';
import { PageHeader } from '../components/PageHeader';
import { useNodes } from '../live/hooks';
import { useLive } from '../live/store';
import { count } from '../model/format';
import { allOperations } from '../model/operations';
import classes from './operations/Operations.module.css';
import { PastTable } from './operations/PastTable';
import { RunningOperation } from './operations/RunningOperation';

const outcomes = [
  { value: '', label: 'All outcomes' },
  { value: 'failed', label: 'Failed only' },
  { value: 'done', label: 'Done only' },
  { value: 'cancelled', label: 'Stopped only' },
];

/** What takes long: what runs now, and what has ended since the agents were started. */
export default function OperationsPage() {
  const search = new URLSearchParams(useSearch());
  const nodes = useNodes();
  const known = useLive(state => state.operations);
  const [module, setModule] = useState(search.get('module') ?? '');
  const [outcome, setOutcome] = useState('');
  const all = useMemo(() => allOperations(known), [known]);
  const modules = useMemo(() => [...new Set(all.flatMap(each => each.module ?? []))].sort(), [all]);
  const wanted = all.filter(each => module === '' || each.module === module);
  const running = wanted.filter(each => each.state === 'running');
  const past = wanted.filter(each => each.state !== 'running' && (outcome === '' || each.state === outcome));
  const asked = nodes.length > 0 && nodes.every(node => known[node.name] !== undefined || node.reach === 'gone');
  const filtered = module !== '' || outcome !== '';
  const gone = (operation: OperationStatus) => nodes.some(node => node.name === operation.node && node.reach === 'gone');

  return (
    <>
      <PageHeader title="Operations" below={`What takes long, on both nodes, since their agents were started. ${count(running.length, 'runs', 'run')} now.`} />
      {all.length > 0 && (
        <div className={classes.filters} role="search" aria-label="Filter the operations">
          <NativeSelect label="Module" data={[{ value: '', label: 'All modules' }, ...modules.map(name => ({ value: name, label: name }))]} value={module} onChange={event => setModule(event.currentTarget.value)} />
          <NativeSelect label="Outcome" data={outcomes} value={outcome} onChange={event => setOutcome(event.currentTarget.value)} />
          {filtered && <Button variant="subtle" onClick={() => { setModule(''); setOutcome(''); }}>Clear the filter</Button>}
        </div>
      )}
      {all.length === 0
        ? <EmptyState icon="operations" title={asked ? 'Nothing was begun yet.' : 'Asking the nodes …'}>{asked && <p>Starts, stops, swaps, resyncs, verifications and exports appear here while they run, and stay here with their outcome.</p>}</EmptyState>
        : (
          <div className={classes.stack}>
            <Card title="Running now" flush>
              {running.length === 0
                ? <p className={classes.none}>Nothing runs.</p>
                : <ul className={classes.list}>{running.map(each => <RunningOperation key={`${each.node}${each.id}`} operation={each} gone={gone(each)} />)}</ul>}
            </Card>
            <Card title="Ended" aside="newest first" flush>
              {past.length === 0 ? <p className={classes.none}>{filtered ? 'None is like that.' : 'None has ended yet.'}</p> : <PastTable operations={past} />}
            </Card>
          </div>
        )}
    </>
  );
}
