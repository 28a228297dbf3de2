import { Switch, Tabs, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { api, modulePath } from '../api/client';
import { useRefusal } from '../app/session';
import { ActionButton } from '../components/ActionButton';
import { EmptyState } from '../components/EmptyState';
import { HealthSign } from '../components/HealthSign';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { ConfirmDialog } from '../components/ConfirmDialog';
import { ResyncBar } from '../components/ResyncBar';
import { Card } from '../components/Card';
import { toast } from '../components/toasts';
import { useNodes, usePair } from '../live/hooks';
import { useLive, type ModulePair, type NodeLive } from '../live/store';
import { actions, type ActionName, type Side } from '../model/actions';
import { judge } from '../model/health';
import { ActionDialog, runAction } from './module/ActionDialog';
import { DataTab } from './module/DataTab';
import { DecisionTab } from './module/DecisionTab';
import { LogTail } from './module/LogTail';
import classes from './ModulePage.module.css';
import { NodeCard } from './module/NodeCard';
import { ResourceTab } from './module/ResourceTab';
import { TrafficCharts } from './module/TrafficCharts';

function sides(nodes: readonly NodeLive[], pair: ModulePair): Side[] {
  return nodes.map((node, index) => {
    const other = nodes[1 - index];
    return {
      node: node.name, own: pair[node.name], other: other && pair[other.name], otherNode: other?.name ?? 'the other node',
      gone: node.reach === 'gone', otherGone: other?.reach !== 'live',
    };
  });
}

export default function ModulePage() {
  const { module = '' } = useParams();
  const nodes = useNodes();
  const pair = usePair(module);
  const known = useLive(state => state.order.some(name => state.nodes[name]?.status));
  const [asked, setAsked] = useState<{ action: ActionName; side: Side } | null>(null);
  if (Object.keys(pair).length === 0) {
    return (
      <>
        <PageHeader title={module} below={known ? undefined : 'Asking the nodes …'} />
        {known && <EmptyState icon="search" title={`No node has a module ${module}.`}><p>It was removed, or its name is another one. <Link href="/">All modules</Link></p></EmptyState>}
      </>
    );
  }
  const verdict = judge(pair, nodes);
  const both = sides(nodes, pair);
  const resync = both.map(side => side.own?.resync).find(Boolean);
  const ask = (action: ActionName, side: Side) => {
    if (actions[action].meaning(side) === null) void runAction(module, action, side).catch(() => setAsked({ action, side }));
    else setAsked({ action, side });
  };
  return (
    <>
      <nav aria-label="Path" className={classes.path}><Link href="/">Overview</Link><Icon name="right" size={14} /><span aria-current="page">{module}</span></nav>
      <PageHeader
        title={module}
        below={<div className={classes.below}><HealthSign health={verdict.health} /><span>{verdict.sentence}</span></div>}
        actions={<ModuleActions module={module} both={both} ask={ask} />}
      />
      <div className={classes.nodes}>{both.map((side, index) => <NodeCard key={side.node} side={side} node={nodes[index]!} ask={ask} />)}</div>
      {resync && <div className={classes.block}><Card title="Resync"><ResyncBar resync={resync} /></Card></div>}
      <Tabs defaultValue="now" keepMounted={false} className={classes.block}>
        <Tabs.List>
          <Tabs.Tab value="now">Activity</Tabs.Tab>
          <Tabs.Tab value="resources">Resources</Tabs.Tab>
          <Tabs.Tab value="data">Data</Tabs.Tab>
          <Tabs.Tab value="decision">Decision</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="now" className={classes.panel}><TrafficCharts module={module} nodes={nodes} /><LogTail module={module} nodes={nodes} /></Tabs.Panel>
        <Tabs.Panel value="resources" className={classes.panel}><ResourceTab module={module} nodes={nodes} pair={pair} /></Tabs.Panel>
        <Tabs.Panel value="data" className={classes.panel}><DataTab module={module} both={both} /></Tabs.Panel>
        <Tabs.Panel value="decision" className={classes.panel}><DecisionTab module={module} both={both} /></Tabs.Panel>
      </Tabs>
      {asked && <ActionDialog module={module} action={asked.action} side={asked.side} onClose={() => setAsked(null)} />}
    </>
  );
}

/** What concerns both nodes. */
function ModuleActions({ module, both, ask }: { module: string; both: readonly Side[]; ask: (action: ActionName, side: Side) => void }) {
  const refused = useRefusal('Control');
  const [, go] = useLocation();
  const [off, setOff] = useState(false);
  const [busy, setBusy] = useState(false);
  const primary = both.find(side => side.own?.state === 'PRIM' || side.own?.state === 'ALONE');
  const answering = both.filter(side => !side.gone && side.own);
  const on = answering.length > 0 && answering.every(side => side.own!.failoverOn);
  const differ = answering.some(side => side.own!.failoverOn !== answering[0]!.own!.failoverOn);
  const set = async (value: boolean) => {
    for (const side of answering) await api.post(modulePath(module, '/failover'), { on: value }, { node: side.node });
    toast(value ? `Failover of ${module} is automatic.` : `Failover of ${module} is off.`);
  };
  useEffect(() => setBusy(false), [on]);
  const turnOn = () => {
    setBusy(true);
    set(true).catch(() => setOff(true)).finally(() => setBusy(false));
  };
  return (
    <div className={classes.actions}>
      <Tooltip label={refused ?? (on ? 'The standby takes over by itself when the primary fails.' : 'Nobody takes over by itself: an operator decides.')}>
        <div>
          <Switch label={differ ? 'Failover differs' : on ? 'Failover on' : 'Failover off'} checked={on} disabled={refused !== null || busy || answering.length === 0} onChange={event => (event.currentTarget.checked ? turnOn() : setOff(true))} />
        </div>
      </Tooltip>
      <ActionButton label="Configuration" icon="configuration" onClick={() => go(`/modules/${encodeURIComponent(module)}/configuration`)} />
      <ActionButton label="Swap" icon="swap" variant="filled" refusal={refused ?? (primary ? actions.swap.refusal(primary) : 'The service runs nowhere.')} onClick={() => primary && ask('swap', primary)} />
      {off && (
        <ConfirmDialog title={on ? `Turn the failover of ${module} off?` : `Turn the failover of ${module} on?`} label={on ? 'Turn off' : 'Turn on'} run={() => set(!on)} onClose={() => setOff(false)}>
          <p>{on ? 'When the primary fails nobody takes over: the service is down until an operator starts it somewhere. For work on the network, for instance. It stays off over restarts until it is turned on again.' : 'When the primary fails the standby takes over by itself.'}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}
