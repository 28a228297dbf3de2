import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDeferredValue, useMemo, useState } from 'react';
import { useSearch } from 'wouter';
import type { Level } from '../api/types';
import { EmptyState } from '../components/EmptyState';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { ProblemNote } from '../components/ProblemNote';
import { saveText } from '../components/saveText';
import { nodeName, useNodes } from '../live/hooks';
import { useLive, type LoggedLine } from '../live/store';
import { count } from '../model/format';
import { useHistory } from './log/history';
import { HookOutput, type Run } from './log/HookOutput';
import { entryOf, merge, passes, plain, type LogFilter } from './log/lines';
import { LogList } from './log/LogList';
import classes from './LogPage.module.css';

const levels: readonly { value: Level; label: string }[] = [
  { value: 'Detail', label: 'Everything, with details' },
  { value: 'Event', label: 'Events and worse' },
  { value: 'Warning', label: 'Warnings and worse' },
  { value: 'Critical', label: 'Critical only' },
];

const spans = [
  { value: '', label: 'The last lines' },
  { value: '15', label: 'The last 15 minutes' },
  { value: '60', label: 'The last hour' },
  { value: '1440', label: 'The last 24 hours' },
  { value: 'range', label: 'From … to …' },
];

const timeOf = (text: string) => (text === '' || Number.isNaN(Date.parse(text)) ? null : Date.parse(text));

/** Both nodes' logs, as one. */
export default function LogPage() {
  const search = new URLSearchParams(useSearch());
  const nodes = useNodes();
  const modules = useLive(state => Object.keys(state.modules).sort().join('\n'));
  const live = useLive(state => state.lines);
  const [text, setText] = useState('');
  const [level, setLevel] = useState<Level>('Event');
  const [module, setModule] = useState(search.get('module') ?? '');
  const [node, setNode] = useState('');
  const [span, setSpan] = useState('');
  const [spanFrom, setSpanFrom] = useState<number | null>(null);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [held, setHeld] = useState<readonly LoggedLine[] | null>(null);
  const [run, setRun] = useState<Run | null>(null);

  const fromTime = span === 'range' ? timeOf(from) : spanFrom;
  const toTime = span === 'range' ? timeOf(to) : null;
  const history = useHistory(module, level === 'Detail', fromTime);
  const wanted = useDeferredValue(text);
  const filter = useMemo<LogFilter>(() => ({ text: wanted, level, module, node, from: fromTime, to: toTime }), [wanted, level, module, node, fromTime, toTime]);
  const lines = held ?? live;
  const entries = useMemo(() => merge(history.entries, lines.map(entryOf)).filter(entry => passes(entry, filter)), [history.entries, lines, filter]);
  const waiting = useMemo(() => (held ? live.slice(live.indexOf(held.at(-1)!) + 1).map(entryOf).filter(entry => passes(entry, filter)).length : 0), [held, live, filter]);

  const chooseSpan = (value: string) => {
    setSpan(value);
    setSpanFrom(value === '' || value === 'range' ? null : Date.now() - Number(value) * 60_000);
  };
  const clear = () => { setText(''); setLevel('Event'); setModule(''); setNode(''); chooseSpan(''); };
  const filtered = text !== '' || level !== 'Event' || module !== '' || node !== '' || span !== '';

  return (
    <>
      <PageHeader
        title="Log"
        below={`${nodes.length > 1 ? 'Both nodes by time' : 'This node'}, ${held ? `held: ${count(waiting, 'line waits', 'lines wait')}` : 'live'}. ${count(entries.length, 'line')}.`}
        actions={
          <>
            <Button variant={held ? 'filled' : 'default'} leftSection={<Icon name={held ? 'play' : 'pause'} size={16} />} aria-pressed={held !== null} onClick={() => setHeld(held ? null : live)}>
              {held ? `Go on (${waiting})` : 'Pause'}
            </Button>
            <Button variant="default" leftSection={<Icon name="download" size={16} />} disabled={entries.length === 0} onClick={() => saveText(`hamirror-log-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.txt`, plain(entries))}>Download</Button>
          </>
        }
      />
      <div className={classes.filters} role="search" aria-label="Filter the log">
        <TextInput className={classes.text} label="Text" placeholder="Any part of a line" leftSection={<Icon name="search" size={16} />} value={text} onChange={event => setText(event.currentTarget.value)} />
        <NativeSelect label="Level" data={[...levels]} value={level} onChange={event => setLevel(event.currentTarget.value as Level)} />
        <NativeSelect label="Module" data={[{ value: '', label: 'All modules' }, ...modules.split('\n').filter(Boolean).map(name => ({ value: name, label: name }))]} value={module} onChange={event => setModule(event.currentTarget.value)} />
        {nodes.length > 1 && <NativeSelect label="Node" data={[{ value: '', label: 'Both nodes' }, ...nodes.map(each => ({ value: each.name, label: nodeName(each.name) }))]} value={node} onChange={event => setNode(event.currentTarget.value)} />}
        <NativeSelect label="Time" data={spans} value={span} onChange={event => chooseSpan(event.currentTarget.value)} />
        {span === 'range' && (
          <>
            <TextInput type="datetime-local" label="From" value={from} onChange={event => setFrom(event.currentTarget.value)} />
            <TextInput type="datetime-local" label="To" value={to} onChange={event => setTo(event.currentTarget.value)} error={fromTime !== null && toTime !== null && toTime < fromTime ? 'Before the other one.' : undefined} />
          </>
        )}
        {filtered && <Button variant="subtle" onClick={clear}>Clear the filter</Button>}
      </div>
      {history.problems.map(each => <ProblemNote key={each.node} problem={each.problem} />)}
      {entries.length === 0
        ? <EmptyState icon="log" title={history.busy ? 'Reading the logs …' : filtered ? 'No line is like that.' : 'Nothing was logged yet.'}>{!history.busy && <p>{filtered ? 'Clear the filter to see all. The nodes have the last 2000 lines of each module at hand; what is older lies in /var/log/hamirror.' : 'Lines appear here as they are written.'}</p>}</EmptyState>
        : <LogList entries={entries} onRun={setRun} />}
      {run && <HookOutput run={run} onClose={() => setRun(null)} />}
    </>
  );
}
