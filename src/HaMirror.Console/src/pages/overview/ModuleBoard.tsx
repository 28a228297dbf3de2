// The tiles. Which are shown, and in which order, follows from every module's verdict; a tile itself follows its own module alone,
// so that a change of one module draws one tile.
import { SegmentedControl, Select, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { EmptyState } from '../../components/EmptyState';
import { Icon } from '../../components/Icon';
import { PageHeader } from '../../components/PageHeader';
import { nodeName, useNodes } from '../../live/hooks';
import { useLive, type NodeLive } from '../../live/store';
import { healthOrder, healthWord, judge, problemsFirst, type Health } from '../../model/health';
import { StateShape } from '../../components/StateSign';
import { shapeOf } from '../../components/HealthSign';
import classes from './ModuleBoard.module.css';
import { NewModule } from './NewModule';
import { ModuleTile } from './ModuleTile';

interface Row { name: string; health: Health; serving: string }

/** One text for each module, so that the list is drawn again only when a verdict changes. */
function useRows(nodes: readonly NodeLive[]): Row[] {
  const keys = useLive(useShallow(state => Object.entries(state.modules).map(([name, pair]) => {
    const verdict = judge(pair, nodes);
    return `${name}\t${verdict.health}\t${verdict.serving ?? ''}`;
  })));
  return useMemo(() => keys.map(key => {
    const [name = '', health = 'unknown', serving = ''] = key.split('\t');
    return { name, health: health as Health, serving };
  }), [keys]);
}

export function ModuleBoard() {
  const nodes = useNodes();
  const rows = useRows(nodes);
  const [text, setText] = useState('');
  const [only, setOnly] = useState<Health | null>(null);
  const [group, setGroup] = useState('problems');
  const counts = useMemo(() => healthOrder.map(health => ({ health, count: rows.filter(row => row.health === health).length })).filter(each => each.count > 0), [rows]);
  const shown = useMemo(() => rows.filter(row => (only === null || row.health === only) && row.name.toLowerCase().includes(text.trim().toLowerCase())).sort(problemsFirst), [rows, only, text]);
  const groups = useMemo(() => {
    if (group === 'problems') return [{ title: null, rows: shown }];
    const named = nodes.map(node => ({ title: `Serves on ${nodeName(node.name)}`, rows: shown.filter(row => row.serving === node.name) }));
    return [{ title: 'Serves nowhere', rows: shown.filter(row => row.serving === '') }, ...named].filter(each => each.rows.length > 0);
  }, [group, shown, nodes]);

  return (
    <>
      <PageHeader title="Overview" below={<Sum rows={rows} />} actions={<NewModule />} />
      <div className={classes.bar}>
        <div className={classes.counts} role="group" aria-label="Show only">
          {counts.map(({ health, count }) => (
            <button key={health} type="button" className={classes.count} aria-pressed={only === health} onClick={() => setOnly(only === health ? null : health)}>
              <StateShape shape={shapeOf[health]} size={14} />
              <span className="number">{count}</span> {healthWord[health].toLowerCase()}
            </button>
          ))}
        </div>
        <div className={classes.find}>
          <TextInput aria-label="Filter by name" placeholder="Filter by name" leftSection={<Icon name="search" size={16} />} value={text} onChange={event => setText(event.currentTarget.value)} />
          <SegmentedControl className={classes.wide} aria-label="Order" value={group} onChange={setGroup} data={[{ value: 'problems', label: 'Problems first' }, { value: 'node', label: 'By node' }]} />
          <Select className={classes.narrow} aria-label="Order" value={group} onChange={value => setGroup(value ?? 'problems')} data={[{ value: 'problems', label: 'Problems first' }, { value: 'node', label: 'By node' }]} allowDeselect={false} />
        </div>
      </div>
      {shown.length === 0 && <EmptyState icon="search" title="No module is like that."><p>Clear the filter to see all {rows.length}.</p></EmptyState>}
      {groups.map(each => (
        <section key={each.title ?? 'all'} className={classes.group} aria-label={each.title ?? 'Modules'}>
          <h2 className={each.title ? undefined : 'unseen'}>{each.title ?? 'Modules'} <span className={classes.size}>{each.rows.length}</span></h2>
          <ul className={classes.tiles}>{each.rows.map(row => <li key={row.name}><ModuleTile name={row.name} nodes={nodes} /></li>)}</ul>
        </section>
      ))}
    </>
  );
}

function Sum({ rows }: { rows: readonly Row[] }) {
  const bad = rows.filter(row => row.health === 'down' || row.health === 'unknown').length;
  const thin = rows.filter(row => row.health === 'alone').length;
  if (bad > 0) return <>{bad === 1 ? '1 module needs' : `${bad} modules need`} attention now.</>;
  if (thin > 0) return <>Every service runs; {thin === 1 ? '1 module has' : `${thin} modules have`} no standby.</>;
  if (rows.some(row => row.health === 'manual')) return <>Every running service has a standby; not every one takes over by itself.</>;
  return <>{rows.some(row => row.health === 'good') ? 'Every running service has a standby that is up to date.' : 'No service runs.'}</>;
}
