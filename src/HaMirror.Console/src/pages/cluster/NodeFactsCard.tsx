import type { ClusterLan, NodeFacts } from '../../api/cluster';
import { Ago } from '../../components/Ago';
import { CopyButton } from '../../components/CopyButton';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { StateShape } from '../../components/StateSign';
import { useNow } from '../../components/useNow';
import { useRequest } from '../../components/useRequest';
import { nodeName } from '../../live/hooks';
import type { NodeLive } from '../../live/store';
import { bytes, count, day, duration } from '../../model/format';
import { certificateSentence, clockApart } from '../../model/facts';
import classes from './NodeFactsCard.module.css';

const againMilliseconds = 60_000;

/** A node: where it is, what it runs, and how browsers know it. */
export function NodeFactsCard({ node, lans }: { node: NodeLive; lans: readonly ClusterLan[] }) {
  const gone = node.reach === 'gone';
  const asked = useRequest<NodeFacts>(gone ? null : '/v1/facts', node.name, againMilliseconds);
  const facts = asked.value;
  return (
    <section className={classes.card} aria-label={`Node ${nodeName(node.name)}`}>
      <header className={classes.head}>
        <h2>{nodeName(node.name)}</h2>
        <span className={classes.sign}><StateShape shape={gone ? 'NotReady' : node.reach === 'waiting' ? 'Gone' : 'Ready'} size={16} />{gone ? 'does not answer' : node.reach === 'waiting' ? 'asking …' : 'answers'}</span>
      </header>
      {gone && <p className={classes.soft}>{node.why ?? 'It does not answer.'} {facts && 'What is shown is what it said last.'}</p>}
      {asked.problem !== null && !gone && <ProblemNote problem={asked.problem} />}
      <dl className={classes.facts}>
        {lans.map(lan => {
          const own = lan.nodes.find(each => each.name === node.name);
          return own && <div key={lan.name}><dt>LAN {lan.name}</dt><dd className="mono">{own.address}{own.localAddress && ` (binds ${own.localAddress})`}</dd></div>;
        })}
        {facts && <Facts facts={facts} />}
      </dl>
      {facts && <ClockNote facts={facts} />}
      {facts && <Certificate facts={facts} />}
    </section>
  );
}

function Facts({ facts }: { facts: NodeFacts }) {
  const now = useNow();
  return (
    <>
      <div><dt>HaMirror</dt><dd>{facts.version}, agent started <Ago time={facts.started} /></dd></div>
      <div><dt>Console</dt><dd className={classes.list}>{facts.consoles.length === 0 ? 'on the cluster\'s addresses, once there is one' : facts.consoles.map(url => <a key={url} href={url} target="_blank" rel="noreferrer">{url}</a>)}</dd></div>
      <div><dt>Host</dt><dd>{facts.hostName}</dd></div>
      <div><dt>System</dt><dd>{facts.system || 'not known'}</dd></div>
      <div><dt>Kernel</dt><dd>{facts.kernel}</dd></div>
      <div><dt>Processors</dt><dd>{count(facts.processors, 'core')}{facts.processor && `, ${facts.processor}`}</dd></div>
      <div><dt>Memory</dt><dd className="number">{bytes(facts.memoryBytes)}</dd></div>
      <div><dt>Space for marks</dt><dd className="number">{facts.stateFreeBytes === undefined ? 'not known' : `${bytes(facts.stateFreeBytes)} free`}</dd></div>
      <div><dt>Host up for</dt><dd className="number">{duration(Math.max(0, (now - Date.parse(facts.booted)) / 1000))}</dd></div>
    </>
  );
}

/** Logs of two nodes are read side by side, and certificates have dates. */
function ClockNote({ facts }: { facts: NodeFacts }) {
  const apart = clockApart(facts);
  if (apart === null) return null;
  return <Note tone="warn" title={`Its clock is ${duration(Math.abs(apart))} ${apart > 0 ? 'ahead of' : 'behind'} this computer's.`}><p>Replication does not care. Logs and timelines of both nodes are easier to read when clocks agree: let chrony or systemd-timesyncd run on both.</p></Note>;
}

function Certificate({ facts }: { facts: NodeFacts }) {
  const now = useNow(60_000);
  const certificate = facts.certificate;
  if (!certificate) return <Note title="No certificate can be read."><p>HaMirror makes one when the console listens on an address that is not loopback; <code>agent.log</code> tells what is wrong with a file of your own.</p></Note>;
  const state = certificateSentence(certificate, now);
  return (
    <div className={classes.certificate}>
      <h3>Certificate of the console</h3>
      <dl className={classes.facts}>
        <div><dt>Made by</dt><dd>{certificate.selfMade ? 'HaMirror itself (self-signed)' : certificate.issuer}</dd></div>
        <div><dt>Good until</dt><dd className={classes[state.tone]}>{day(Date.parse(certificate.until))}, {state.text}</dd></div>
        <div><dt>Good for</dt><dd>{certificate.names.join(', ') || certificate.subject}</dd></div>
        <div><dt>SHA-256</dt><dd className={`${classes.print} mono`}>{certificate.fingerprint}</dd></div>
      </dl>
      <div className={classes.row}>
        <CopyButton label="Copy the fingerprint" name={`Copy the fingerprint of ${nodeName(facts.node)}`} text={certificate.fingerprint} />
        <span className={classes.soft}>Compare it with what your browser shows of the page, once.</span>
      </div>
    </div>
  );
}
