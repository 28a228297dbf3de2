import { useEffect, useState } from 'react';
import type { ClusterApplied, ClusterFile, ClusterStatus, JoinToken } from '../api/cluster';
import { Problem } from '../api/problem';
import { useRefusal } from '../app/session';
import { ActionButton } from '../components/ActionButton';
import { Note } from '../components/Note';
import { PageHeader } from '../components/PageHeader';
import { ProblemNote } from '../components/ProblemNote';
import { useRequest } from '../components/useRequest';
import { lookAgain } from '../live/connection';
import { useNodes } from '../live/hooks';
import { versionsApart } from '../model/facts';
import { ClusterEditor } from './cluster/ClusterEditor';
import { JoinCard } from './cluster/JoinCard';
import { LanCard } from './cluster/LanCard';
import { NewCluster } from './cluster/NewCluster';
import { NodeFactsCard } from './cluster/NodeFactsCard';
import { WitnessCard } from './cluster/WitnessCard';
import classes from './ClusterPage.module.css';

const lookMilliseconds = 5000;

/** The two nodes, what is between them, and who decides when they cannot see each other. */
export default function ClusterPage() {
  const refused = useRefusal('Admin');
  const nodes = useNodes();
  const cluster = useRequest<ClusterStatus>('/v1/cluster', undefined, lookMilliseconds);
  const none = cluster.problem instanceof Problem && cluster.problem.status === 409;
  const file = useRequest<ClusterFile>(cluster.value ? '/v1/cluster/configuration' : null, undefined, lookMilliseconds);
  const [edited, setEdited] = useState<ClusterFile | null>(null);
  const [token, setToken] = useState<JoinToken | null>(null);
  const [applied, setApplied] = useState<ClusterApplied | null>(null);
  const apart = versionsApart(nodes);
  const status = none ? null : cluster.value;
  const peerHeard = status?.peerHeard ?? false;
  const [fresh, setFresh] = useState(false);
  useEffect(() => {
    if (!peerHeard) return;
    // The page came when its node knew no other one, so the browser lets it ask none (content security policy): it comes anew.
    if (fresh) window.location.reload();
    else lookAgain();
  }, [peerHeard, fresh]);

  if (none) {
    return (
      <>
        <PageHeader title="Cluster" below="This node belongs to no cluster yet." />
        <NewCluster onMade={made => { setFresh(true); setToken(made); cluster.again(); lookAgain(); }} onJoined={() => { setFresh(true); cluster.again(); lookAgain(); }} />
      </>
    );
  }
  if (!status) return <><PageHeader title="Cluster" />{cluster.problem !== null && <ProblemNote problem={cluster.problem} />}</>;
  const read = file.value;
  const change = read?.change;
  const why = refused ?? (read === null ? 'It is not read yet.' : change ? 'A change of it is not over yet.' : null);
  if (edited) {
    const leave = () => { setEdited(null); file.again(); };
    return (
      <>
        <PageHeader title="Networks and witness" below="Changed on both nodes, or on neither." />
        <ClusterEditor key={edited.version} file={edited} names={(edited.lans[0]?.nodes ?? []).map(node => node.name)} onClose={leave} onApplied={done => { setApplied(done); leave(); cluster.again(); }} onOutdated={leave} />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title="Cluster"
        below={<>{status.node} and {status.peer}, cluster <span className="mono" title={status.id}>{status.id.slice(0, 8)}</span></>}
        actions={<ActionButton label="Change networks and witness" icon="edit" variant="filled" refusal={why} onClick={() => { setApplied(null); setEdited(read); }} />}
      />
      <div className={classes.stack}>
        {cluster.problem !== null && <ProblemNote problem={cluster.problem} />}
        {applied && (
          <Note tone={applied.finished ? 'good' : 'warn'} title={applied.finished ? 'Both nodes have the new configuration.' : applied.waiting ?? 'The other node gets it when it answers.'}>
            {applied.notes.map(note => <p key={note}>{note}</p>)}
          </Note>
        )}
        {change && <Note tone="warn" title={`The cluster's configuration is being changed by ${change.by}.`}><p>{change.sentence}</p></Note>}
        {apart !== null && <Note tone="warn" title={apart}><p>That is meant for the time of an upgrade alone.</p></Note>}
        {!status.peerHeard && <JoinCard peer={status.peer} token={token} waits={status.tokenExpires} onToken={made => { setToken(made); cluster.again(); }} />}
        <div className={classes.nodes}>{nodes.map(node => <NodeFactsCard key={node.name} node={node} lans={read?.lans ?? []} />)}</div>
        {file.problem !== null && read === null && <ProblemNote problem={file.problem} />}
        {read && <LanCard file={read} nodes={nodes} />}
        {read && <WitnessCard nodes={nodes} version={read.version} />}
      </div>
    </>
  );
}
