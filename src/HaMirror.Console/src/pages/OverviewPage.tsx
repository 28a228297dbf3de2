import { EmptyState } from '../components/EmptyState';
import { PageHeader } from '../components/PageHeader';
import { useLive } from '../live/store';
import { ModuleBoard } from './overview/ModuleBoard';
import { NewModule } from './overview/NewModule';

export function OverviewPage() {
  const started = useLive(state => state.started);
  const lonely = useLive(state => state.started && state.order.length === 1 && state.order[0] === '');
  const empty = useLive(state => Object.keys(state.modules).length === 0);
  const known = useLive(state => state.order.some(name => state.nodes[name]?.status));
  if (!started || (!known && empty)) return <PageHeader title="Overview" below="Asking the nodes …" />;
  if (!empty) return <ModuleBoard />;
  return (
    <>
      <PageHeader title="Overview" />
      {lonely
        ? <EmptyState icon="configuration" title="This node belongs to no cluster yet."><p>Make one: <code>hamirror cluster init</code> here, <code>hamirror cluster join</code> with the token that it prints on the other node.</p></EmptyState>
        : <EmptyState icon="overview" title="There are no modules yet."><p>A module is a service and its replicated directories, e.g. one VM.</p><p><NewModule first /></p></EmptyState>}
    </>
  );
}
