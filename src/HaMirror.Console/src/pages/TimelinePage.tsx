import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useSearch } from 'wouter';
import { Card } from '../components/Card';
import { EmptyState } from '../components/EmptyState';
import { Note } from '../components/Note';
import { PageHeader } from '../components/PageHeader';
import { ProblemNote } from '../components/ProblemNote';
import { useNow } from '../components/useNow';
import { useNodes } from '../live/hooks';
import { useLive } from '../live/store';
import { count } from '../model/format';
import { modulesByChange } from '../model/timeline';
import { ChangeTable } from './timeline/ChangeTable';
import { Lanes } from './timeline/Lanes';
import { useTimeline } from './timeline/useTimeline';
import classes from './TimelinePage.module.css';

const spans = [
  { value: '', label: 'The last changes' },
  { value: '15', label: 'The last 15 minutes' },
  { value: '60', label: 'The last hour' },
  { value: '1440', label: 'The last 24 hours' },
  { value: '10080', label: 'The last 7 days' },
  { value: 'range', label: 'From … to …' },
];

const kinds = [
  { value: 'state', label: 'Changes of state' },
  { value: 'all', label: 'Actions and decisions, too' },
];

const changesShown = 40, marginShare = 0.03, leastSpan = 60_000;

const timeOf = (text: string) => (text === '' || Number.isNaN(Date.parse(text)) ? null : Date.parse(text));

/** What became of the modules, on both nodes. */
export default function TimelinePage() {
  const search = new URLSearchParams(useSearch());
  const nodes = useNodes();
  const names = useLive(state => Object.keys(state.modules).sort().join('\n'));
  const pairs = useLive(state => state.modules);
  const [module, setModule] = useState(search.get('module') ?? '');
  const [span, setSpan] = useState('');
  const [kind, setKind] = useState('state');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const now = useNow();
  const timeline = useTimeline(module);

  const modules = useMemo(() => (module === '' ? names.split('\n').filter(Boolean) : [module]), [names, module]);
  const wanted = useMemo(() => timeline.changes.filter(change => kind === 'all' || change.kind === 'state' || change.kind === 'agent'), [timeline.changes, kind]);
  const until = span === 'range' ? timeOf(to) ?? now : Math.max(now, timeline.changes.at(-1)?.at ?? 0);
  const first = timeline.changes.filter(change => change.state).at(-changesShown)?.at ?? until - leastSpan;
  const since = span === '' ? Math.min(first - (until - first) * marginShare, until - leastSpan) : span === 'range' ? timeOf(from) ?? first : until - Number(span) * 60_000;
  const shown = wanted.filter(change => change.at <= until && (span === '' || change.at >= since));
  const filtered = module !== '' || span !== '' || kind !== 'state';
  const clear = () => { setModule(''); setSpan(''); setKind('state'); };

  return (
    <>
      <PageHeader title="Timeline" below={`${nodes.length > 1 ? 'Both nodes side by side, by their own clocks' : 'By the node\'s clock'}. ${count(shown.length, kind === 'state' ? 'change of state' : 'entry', kind === 'state' ? 'changes of state' : 'entries')}.`} />
      <div className={classes.filters} role="search" aria-label="Filter the timeline">
        <NativeSelect label="Module" data={[{ value: '', label: 'All modules' }, ...names.split('\n').filter(Boolean).map(name => ({ value: name, label: name }))]} value={module} onChange={event => setModule(event.currentTarget.value)} />
        <NativeSelect label="Time" data={spans} value={span} onChange={event => setSpan(event.currentTarget.value)} />
        <NativeSelect label="Show" data={kinds} value={kind} onChange={event => setKind(event.currentTarget.value)} />
        {span === 'range' && (
          <>
            <TextInput type="datetime-local" label="From" value={from} onChange={event => setFrom(event.currentTarget.value)} />
            <TextInput type="datetime-local" label="To" value={to} onChange={event => setTo(event.currentTarget.value)} error={until <= since ? 'Before the other one.' : undefined} />
          </>
        )}
        {filtered && <Button variant="subtle" onClick={clear}>Clear the filter</Button>}
      </div>
      <div className={classes.stack}>
        {timeline.problem !== null && <ProblemNote problem={timeline.problem} />}
        {timeline.missing.length > 0 && timeline.problem === null && <Note tone="warn" title={`${timeline.missing.join(', ')} did not answer.`}><p>What is shown of it is what it said before, if anything.</p></Note>}
        {timeline.cut && <Note title="The nodes tell the newest 1000 entries each."><p>{module === '' ? 'Choose a module to see further back.' : 'What is older lies in /var/log/hamirror.'}</p></Note>}
        {modules.length > 0 && until > since && <Card title="States"><Lanes modules={modulesByChange(timeline.changes.filter(change => change.at >= since && change.at <= until), modules)} changes={timeline.changes} pairs={pairs} nodes={nodes} from={since} to={until} /></Card>}
        {shown.length === 0
          ? <EmptyState icon="timeline" title={timeline.busy ? 'Asking the nodes …' : filtered ? 'Nothing changed then.' : 'Nothing has changed yet.'}>{!timeline.busy && <p>{filtered ? 'Clear the filter to see all that the nodes remember.' : 'Starts, stops and failovers appear here as they happen, each with its cause.'}</p>}</EmptyState>
          : <Card title="Changes" aside="newest first" flush><ChangeTable changes={shown} nodes={nodes} withModule={module === ''} /></Card>}
      </div>
    </>
  );
}
