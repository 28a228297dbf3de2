import { useState } from 'react';
import type { ModuleWitness, WitnessStatus, WitnessTest } from '../../api/cluster';
import { api } from '../../api/client';
import { Problem } from '../../api/problem';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { StateShape } from '../../components/StateSign';
import { useRequest } from '../../components/useRequest';
import type { NodeLive } from '../../live/store';
import classes from './ClusterCards.module.css';

interface Outcome { node: string; test: WitnessTest | null; problem: Problem | null }

/** Whom nodes ask that do not see each other, and whether it answers. */
export function WitnessCard({ nodes, version }: { nodes: readonly NodeLive[]; version: string }) {
  const refused = useRefusal('Control');
  const asked = useRequest<WitnessStatus>(`/v1/cluster/witness?${version}`);
  const [busy, setBusy] = useState(false);
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const status = asked.value;
  const test = () => {
    setBusy(true);
    setOutcomes([]);
    void Promise.all(nodes.map(async (node): Promise<Outcome> => {
      try {
        return { node: node.name, test: await api.post<WitnessTest>('/v1/cluster/witness/test', {}, { node: node.name }), problem: null };
      } catch (error) {
        return { node: node.name, test: null, problem: Problem.of(error) };
      }
    })).then(setOutcomes).finally(() => setBusy(false));
  };
  const none = status !== null && status.witnesses.length === 0;
  return (
    <Card title="Witness" aside={<ActionButton label="Test from both nodes" icon="verify" size="xs" refusal={refused ?? (none ? 'There is no witness to test.' : null)} loading={busy} onClick={test} />}>
      <div className={classes.stack}>
        {asked.problem !== null && <ProblemNote problem={asked.problem} />}
        {none && <Note tone="warn" title="The cluster has no witness."><p>When the nodes cannot see each other, neither knows whether the other one is dead or only cut off, and both serve. Name something that both reach and that is neither of them: the gateway, a switch, a third host.</p></Note>}
        {status && !none && <p className={classes.sentence}>A node that hears its peer no more asks <strong className="mono">{status.witnesses.join(', ')}</strong>{status.witnesses.length > 1 && ' (any that answers counts)'}. If it is answered it goes on alone, else it waits.</p>}
        {status && !none && <p className={classes.soft}>It decides as far as the network's shape allows: when it answers both nodes while they cannot see each other, both serve, and what only one of them holds then is salvaged later.</p>}
        {status && status.modules.length > 0 && <Modules modules={status.modules} />}
        <div className={classes.stack} role="status">
          {outcomes.map(outcome => <Result key={outcome.node} outcome={outcome} />)}
        </div>
      </div>
    </Card>
  );
}

function Modules({ modules }: { modules: readonly ModuleWitness[] }) {
  const own = modules.filter(module => module.ownSetting);
  const nobody = modules.filter(module => module.witnesses.length === 0);
  return (
    <>
      {own.length > 0 && <p className={classes.soft}>With a witness of its own (its splitbrain checker counts instead): {own.map(module => `${module.module} asks ${module.witnesses.join(', ') || 'nobody'}`).join('; ')}.</p>}
      {nobody.length > 0 && <p className={classes.soft}>Asking nobody: {nobody.map(module => module.module).join(', ')}.</p>}
    </>
  );
}

function Result({ outcome }: { outcome: Outcome }) {
  if (!outcome.test) return <Note tone="bad" title={`${outcome.node} was not asked.`}><p>{outcome.problem?.title} {outcome.problem?.remedy}</p></Note>;
  return (
    <Note tone={outcome.test.reachable ? 'good' : 'bad'} title={outcome.test.text}>
      <ul className={classes.answers}>{outcome.test.witnesses.map(answer => <li key={answer.address}><StateShape shape={answer.answers ? 'Ready' : 'NotReady'} size={14} /><span>{answer.text}</span></li>)}</ul>
    </Note>
  );
}
