// The second node comes in with a token of the first.
import { useState } from 'react';
import type { JoinToken } from '../../api/cluster';
import { api } from '../../api/client';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Card } from '../../components/Card';
import { ProblemNote } from '../../components/ProblemNote';
import { useNow } from '../../components/useNow';
import { duration } from '../../model/format';
import classes from './ClusterForm.module.css';
import { CopyButton } from '../../components/CopyButton';

interface Props { peer: string; token: JoinToken | null; waits: string | undefined; onToken: (token: JoinToken) => void }

export function JoinCard({ peer, token, waits, onToken }: Props) {
  const refused = useRefusal('Admin');
  const now = useNow(1000);
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const left = token ? (Date.parse(token.expires) - now) / 1000 : 0;
  const good = token !== null && left > 0 && waits !== undefined;
  const make = () => {
    setBusy(true);
    setProblem(null);
    api.post<JoinToken>('/v1/cluster/token').then(onToken, setProblem).finally(() => setBusy(false));
  };
  const command = token ? `hamirror cluster join ${token.token}` : '';
  return (
    <Card title={`${peer} is not heard yet`}>
      <div className={classes.stack}>
        {good ? (
          <>
            <p className={classes.soft}>Let {peer} join, with this token; it is good for {duration(left)} and for one join. This page sees by itself when {peer} is there.</p>
            <ol className={classes.steps}>
              <li>As root on {peer}: <code className={classes.token}>{command}</code></li>
              <li>Or open the console of {peer}, page Cluster, <em>Join a cluster</em>, and give it the token alone: <code className={classes.token}>{token.token}</code></li>
            </ol>
            <div className={classes.buttons}><CopyButton label="Copy the command" text={command} /><CopyButton label="Copy the token" text={token.token} /></div>
          </>
        ) : (
          <p className={classes.soft}>If {peer} has joined already, look at its agent and at the networks below. If it has not, make a token, which lets it join once within ten minutes.</p>
        )}
        {problem !== null && <ProblemNote problem={problem} />}
        <div className={classes.buttons}><ActionButton label={good ? 'Make another token' : 'Make a token'} icon="key" refusal={refused} loading={busy} onClick={make} /></div>
      </div>
    </Card>
  );
}
