// Each node tells by itself, as its own notify.xml says: so each is shown and tested by itself.
import { useState } from 'react';
import type { ChannelStatus, NotifyStatus } from '../../api/cluster';
import { api } from '../../api/client';
import { Problem } from '../../api/problem';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { StateShape } from '../../components/StateSign';
import { useRequest } from '../../components/useRequest';
import { nodeName, useNodes } from '../../live/hooks';
import type { NodeLive } from '../../live/store';
import { count, duration } from '../../model/format';
import classes from './support.module.css';

const againMilliseconds = 10_000;
const words: Readonly<Record<ChannelStatus['kind'], { one: string; test: string }>> = {
  mail: { one: 'E-mail', test: 'Test e-mail' },
  webhook: { one: 'Webhook', test: 'Test webhook' },
  command: { one: 'Command', test: 'Test command' },
};

export function NotifyCard() {
  const nodes = useNodes();
  return (
    <Card title="Notifications" flush>
      {nodes.map(node => <NodeNotify key={node.name} node={node} />)}
    </Card>
  );
}

interface Outcome { kind: ChannelStatus['kind']; problem: Problem | null; sent: number }

function NodeNotify({ node }: { node: NodeLive }) {
  const gone = node.reach === 'gone';
  const asked = useRequest<NotifyStatus>(gone ? null : '/v1/notify', node.name, againMilliseconds);
  const [testing, setTesting] = useState<ChannelStatus['kind'] | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const status = asked.value;
  const kinds = [...new Set(status?.channels.map(channel => channel.kind) ?? [])];
  const test = (kind: ChannelStatus['kind']) => {
    setTesting(kind);
    setOutcome(null);
    api.post<NotifyStatus>('/v1/notify/test', { kind }, { node: node.name }).then(
      after => setOutcome({ kind, problem: null, sent: after.channels.filter(channel => channel.kind === kind).length }),
      (error: unknown) => setOutcome({ kind, problem: Problem.of(error), sent: 0 }),
    ).finally(() => {
      setTesting(null);
      asked.again();
    });
  };
  return (
    <section className={classes.node} aria-label={`Notifications of ${nodeName(node.name)}`}>
      <h3>{nodeName(node.name)}</h3>
      {gone && <p className={classes.soft}>It does not answer.</p>}
      {asked.problem !== null && !gone && <ProblemNote problem={asked.problem} />}
      {status?.fault && <Note tone="bad" title={`${status.file} is not in force.`}><p>{status.fault} {status.channels.length > 0 && 'What was in force before goes on.'}</p></Note>}
      {status && status.channels.length === 0 && !status.fault && <p className={classes.soft}>Nobody is told of anything. Name somebody in <code>{status.file}</code> (docs/monitoring.md has an example); it is read again by itself.</p>}
      {status && status.channels.length > 0 && (
        <>
          <ul className={classes.channels}>
            {status.channels.map(channel => (
              <li key={`${channel.kind}${channel.target}`}>
                <StateShape shape={channel.lastError ? 'NotReady' : channel.lastSent ? 'Ready' : 'Gone'} size={16} />
                <span className={classes.channel}>
                  <span><strong>{words[channel.kind].one}</strong> <span className={classes.target}>{channel.target}</span></span>
                  <span className={channel.lastError ? classes.bad : classes.small}>{channel.lastError ? `The last message did not arrive: ${channel.lastError}` : channel.lastSent ? <>The last message arrived <Ago time={channel.lastSent} /></> : 'Nothing was sent since the agent was started.'}</span>
                </span>
              </li>
            ))}
          </ul>
          <p className={classes.small}>{status.level === 'event' ? 'Events and worse' : status.level === 'critical' ? 'Critical lines only' : 'Warnings and worse'}; what comes within {duration(status.groupSeconds)} is one message.</p>
          <div className={classes.row}>
            {kinds.map(kind => <ActionButton key={kind} label={words[kind].test} name={`${words[kind].test} from ${nodeName(node.name)}`} size="xs" loading={testing === kind} refusal={testing !== null && testing !== kind ? 'Another test is under way.' : null} onClick={() => test(kind)} />)}
          </div>
        </>
      )}
      <div role="status">
        {outcome && outcome.problem === null && <Note tone="good" title={`${words[outcome.kind].one}: ${count(outcome.sent, 'test message was', 'test messages were')} taken by whoever is to deliver ${outcome.sent === 1 ? 'it' : 'them'}.`}><p>{outcome.kind === 'mail' ? 'The mail server has taken it; look whether it is in the mailbox, too.' : outcome.kind === 'webhook' ? 'The server answered that it has it.' : 'The command ended with code 0.'}</p></Note>}
      </div>
      {outcome?.problem && <ProblemNote problem={outcome.problem} />}
    </section>
  );
}
