import { useCallback, useEffect, useMemo, useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { configurationPath, removeModule, versionPath, type ConfigurationApplied, type ModuleFiles, type ModuleVersion } from '../api/configuration';
import { useRefusal } from '../app/session';
import { ActionButton } from '../components/ActionButton';
import { Card } from '../components/Card';
import { ConfirmDialog } from '../components/ConfirmDialog';
import { EmptyState } from '../components/EmptyState';
import { Icon } from '../components/Icon';
import { Note } from '../components/Note';
import { PageHeader } from '../components/PageHeader';
import { ProblemNote } from '../components/ProblemNote';
import { toast } from '../components/toasts';
import { useRequest } from '../components/useRequest';
import { useNodes, usePair } from '../live/hooks';
import { useLive } from '../live/store';
import type { Files } from '../model/moduleFiles';
import { ApplyDialog } from './configuration/ApplyDialog';
import { dropDraft, isDirty, setDraft, useDrafts } from './configuration/drafts';
import { Editor } from './configuration/Editor';
import { Meanwhile } from './configuration/Meanwhile';
import { OpenChange } from './configuration/OpenChange';
import { VersionsView, versionTime } from './configuration/VersionsView';
import classes from './ModulePage.module.css';

/** The configuration of a module that is there: edited, compared, applied to both nodes, brought back. */
export default function ConfigurationPage() {
  const { module = '' } = useParams();
  const pair = usePair(module);
  const known = useLive(state => state.order.some(name => state.nodes[name]?.status));
  const nodes = useNodes();
  const asked = nodes.find(node => node.reach === 'live' && pair[node.name])?.name;
  const title = `Configuration of ${module}`;
  return (
    <>
      <nav aria-label="Path" className={classes.path}>
        <Link href="/">Overview</Link><Icon name="right" size={14} /><Link href={`/modules/${encodeURIComponent(module)}`}>{module}</Link><Icon name="right" size={14} /><span aria-current="page">Configuration</span>
      </nav>
      {asked !== undefined ? <Loaded module={module} node={asked} title={title} /> : (
        <>
          <PageHeader title={title} below={known ? undefined : 'Asking the nodes …'} />
          {known && <EmptyState icon="search" title={`No node that answers has a module ${module}.`}><p>It was removed, or its name is another one. <Link href="/">All modules</Link></p></EmptyState>}
        </>
      )}
    </>
  );
}

function Loaded({ module, node, title }: { module: string; node: string; title: string }) {
  const pair = usePair(module);
  const nodes = useNodes();
  const [, go] = useLocation();
  const unread = useRefusal('Control');
  const refused = useRefusal('Admin');
  const asked = useRequest<ModuleFiles>(unread === null ? configurationPath(module) : null, node);
  const active = useRequest<ModuleFiles>(unread === null ? configurationPath(module, '?version=active') : null, node);
  const versions = useRequest<ModuleVersion[]>(versionPath(module), node);
  const draft = useDrafts(state => state.all[module]);
  const [restored, setRestored] = useState<{ version: ModuleVersion; files: Files } | null>(null);
  const [removing, setRemoving] = useState(false);
  const [begin, setBegin] = useState({ tab: 'form', turn: 0 });

  const again = useCallback(() => {
    asked.again();
    active.again();
    versions.again();
  }, [asked.again, active.again, versions.again]);

  // Somebody, here or elsewhere, has put another one in force.
  const inForce = pair[node]?.configurationVersion;
  const seen = asked.value?.activeVersion;
  useEffect(() => { if (asked.value && inForce !== undefined && inForce !== seen) again(); }, [inForce, seen, again, asked.value === null]);
  useEffect(() => {
    const value = asked.value;
    if (!value || value.module !== module) return;
    const before = useDrafts.getState().all[module];
    if (!before || !isDirty(before) || before.base.version === value.version) setDraft({ module, base: value, files: before && isDirty(before) ? before.files : value.files, isNew: false });
  }, [asked.value, module]);

  const running = useMemo(() => nodes.filter(each => each.reach === 'live').flatMap(each => {
    const status = pair[each.name];
    return status && status.state !== 'STOP' ? [{ node: each.name, state: status.state }] : [];
  }), [nodes, pair]);
  const names = useMemo(() => nodes.map(each => each.name), [nodes]);
  const change = nodes.map(each => pair[each.name]?.change).find(Boolean);
  const theirs = asked.value;
  const outdated = draft !== undefined && theirs !== null && isDirty(draft) && theirs.version !== draft.base.version;
  const held = outdated ? 'Somebody else has changed it meanwhile: choose below how to go on.' : change ? 'Another change of it is not over yet.' : null;
  const onRestore = useCallback((version: ModuleVersion, files: Files) => setRestored({ version, files }), []);
  // What was applied is what editing goes on from, in the same place; the node's own answer follows.
  const took = (files: Files, applied: ConfigurationApplied) => {
    if (draft) setDraft({ ...draft, base: { ...draft.base, files: [...files], ...(applied.version ? { version: applied.version } : {}) }, files });
    again();
  };
  const history = (
    <>
      <VersionsView module={module} node={node} versions={versions} running={active.value?.files ?? null} refusal={refused ?? held ?? (draft && isDirty(draft) ? 'You have changes that are not applied: apply or drop them first.' : null)}
        onRestore={onRestore} onEdit={files => { if (draft) setDraft({ ...draft, files }); setBegin({ tab: 'difference', turn: Date.now() }); }} />
      <Card title="Remove the module">
        <p className={classes.text}>Takes the module and what is known of its replicas from both nodes. The replicated directories stay as they are.</p>
        <ActionButton label="Remove …" icon="trash" refusal={refused ?? held ?? (running.length > 0 ? `It runs on ${running.map(one => one.node).join(' and ')}: stop it first.` : null)} onClick={() => setRemoving(true)} />
      </Card>
    </>
  );
  const notes = (
    <>
      {change && <OpenChange change={change} onEnded={again} />}
      <Differing pair={pair} names={names} />
      {theirs && theirs.activeVersion !== undefined && theirs.version !== theirs.activeVersion && !change && <Note tone="warn" title={`On ${theirs.node || 'this node'} the files were edited by hand, and do not run yet.`}><p>What you see here is what lies below /etc/hamirror/modules/{module}. The difference shows what is new in it; applying it puts it in force on both nodes.</p></Note>}
      {outdated && <Meanwhile draft={draft} theirs={theirs} versions={versions.value ?? []} />}
    </>
  );
  return (
    <>
      {unread !== null ? (
        <>
          <PageHeader title={title} below="Read only." />
          <div className={classes.panel}>
            <Note title="The files themselves need the role Control."><p>Hooks and their variables may hold passwords. {refused}</p></Note>
            {history}
          </div>
        </>
      ) : asked.problem !== null && draft === undefined ? <><PageHeader title={title} /><ProblemNote problem={asked.problem} /></>
        : draft === undefined ? <PageHeader title={title} below={`Asking ${node || 'the node'} …`} />
          : (
            <Editor key={begin.turn} begin={begin.tab} draft={draft} title={title} node={node} nodes={names} running={running} inForce={active.value?.files ?? null} readOnly={refused} held={held} notes={notes}
              below={refused !== null ? 'Read only: the role Admin changes it.' : isDirty(draft) ? 'You have changes that are not applied yet.' : running.length > 0 ? `In force, and runs (${running.map(one => `${one.state} on ${one.node}`).join(', ')}).` : 'In force; the module is stopped.'}
              more={[{ value: 'versions', title: 'Versions', panel: history }]} dropLabel="Drop the changes" onDrop={() => setDraft({ ...draft, files: draft.base.files })} onApplied={applied => took(draft.files, applied)} onOutdated={again} />
          )}
      {restored && theirs && (
        <ApplyDialog change={{ module, node, match: theirs.version ?? null }} files={restored.files} version={{ id: restored.version.id, time: versionTime(restored.version) }} nodes={names} running={running}
          onApplied={applied => took(restored.files, applied)} onOutdated={() => { setRestored(null); again(); }} onClose={() => setRestored(null)} />
      )}
      {removing && theirs && (
        <ConfirmDialog title={`Remove ${module} from ${names.join(' and ')}?`} label="Remove" danger word={module} onClose={() => setRemoving(false)}
          run={async () => {
            await removeModule({ module, node, match: theirs.version ?? null }, () => undefined);
            dropDraft(module);
            toast(`${module} is removed.`);
            go('/');
          }}>
          <p>Its configuration, its kept versions and what the nodes know of its replicas go. The replicated directories stay on both nodes; a module that is made over them again compares everything once.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** Both nodes must run with the same. */
function Differing({ pair, names }: { pair: ReturnType<typeof usePair>; names: readonly string[] }) {
  const own = names.map(name => pair[name]);
  const [one, two] = own;
  if (names.length > 1 && own.some(status => !status) && own.some(Boolean)) {
    const without = names.filter(name => !pair[name]).join(', ');
    return <Note tone="warn" title={`${without} does not have this module, or does not say so.`}><p>When {without} answers, applying makes it there.</p></Note>;
  }
  if (!one || !two || one.configurationVersion === two.configurationVersion) return null;
  return <Note tone="warn" title="The two nodes do not have the same configuration in force."><p>Applying one puts it in force on both.</p></Note>;
}
