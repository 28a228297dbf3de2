import { memo } from 'react';
import { Link } from 'wouter';
import type { ModuleStatus } from '../../api/types';
import { Ago } from '../../components/Ago';
import { HealthSign } from '../../components/HealthSign';
import { ResyncBar } from '../../components/ResyncBar';
import { StateSign } from '../../components/StateSign';
import { nodeName, usePair } from '../../live/hooks';
import { useLive, type NodeLive } from '../../live/store';
import { bytes } from '../../model/format';
import { conditionSentence, conditionWord, judge } from '../../model/health';
import classes from './ModuleTile.module.css';

function NodeRow({ node, status }: { node: NodeLive; status: ModuleStatus | undefined }) {
  const old = node.reach !== 'live';
  return (
    <div className={classes.node}>
      <span className={classes.name}>{nodeName(node.name)}</span>
      {status
        ? <>
            <StateSign state={status.state} phase={status.phase} old={old} />
            <span className={status.condition === 'UpToDate' ? classes.fresh : classes.stale} title={conditionSentence[status.condition]}>{conditionWord[status.condition]}</span>
          </>
        : <span className={classes.none}>{old ? 'does not answer' : 'not configured'}</span>}
    </div>
  );
}

/** What is sent to the peer and not yet held by it, of the node that serves. */
function Lag({ module, node }: { module: string; node: string }) {
  const lag = useLive(state => state.traffic[module]?.[node]?.at(-1)?.lagBytes);
  return lag === undefined ? null : <span className="number" title="Sent, or waiting to be, and not yet held by the standby">lag {bytes(lag)}</span>;
}

function LastLine({ module }: { module: string }) {
  const line = useLive(state => state.lastLine[module]);
  if (!line) return <p className={classes.last}>Nothing was logged yet.</p>;
  return <p className={classes.last}><Ago time={line.time} /> · {line.node ? `${line.node}: ` : ''}{line.text}</p>;
}

export const ModuleTile = memo(function ModuleTile({ name, nodes }: { name: string; nodes: readonly NodeLive[] }) {
  const pair = usePair(name);
  const verdict = judge(pair, nodes);
  const resync = nodes.map(node => pair[node.name]?.resync).find(Boolean);
  const dirty = verdict.serving ? pair[verdict.serving]?.dirtyBytes : undefined;
  const notes = nodes.reduce((sum, node) => sum + (pair[node.name]?.notes.length ?? 0), 0);
  const down = nodes.reduce((sum, node) => sum + (pair[node.name]?.resources.filter(resource => resource.state === 'down').length ?? 0), 0);
  return (
    <article className={`${classes.tile} ${classes[verdict.health] ?? ''}`} aria-label={name}>
      <header className={classes.head}>
        <h3><Link href={`/modules/${encodeURIComponent(name)}`}>{name}</Link></h3>
        <HealthSign health={verdict.health} />
      </header>
      <div className={classes.nodes}>{nodes.map(node => <NodeRow key={node.name} node={node} status={pair[node.name]} />)}</div>
      {resync ? <ResyncBar resync={resync} /> : <p className={classes.why}>{verdict.sentence}</p>}
      <footer className={classes.foot}>
        <LastLine module={name} />
        <span className={classes.figures}>
          {verdict.serving !== undefined && verdict.health === 'good' && <Lag module={name} node={verdict.serving} />}
          {dirty !== undefined && dirty > 0 && <span className="number" title="Bytes that the other replica lacks, as far as they are marked">{bytes(dirty)} to copy</span>}
          {down > 0 && <span className={classes.broken}>{down === 1 ? '1 resource down' : `${down} resources down`}</span>}
          {notes > 0 && <span className={classes.notes}>{notes === 1 ? '1 note' : `${notes} notes`}</span>}
        </span>
      </footer>
    </article>
  );
});
