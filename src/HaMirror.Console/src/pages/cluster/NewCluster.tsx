// A node that belongs to no cluster: it makes one, or joins the one that the other node made.
import { Button, Tabs, Textarea, TextInput } from '@mantine/core';
import { useCallback, useState, type FormEvent } from 'react';
import type { ClusterStatus, JoinToken, NodeFacts } from '../../api/cluster';
import { api } from '../../api/client';
import { useRefusal } from '../../app/session';
import { Card } from '../../components/Card';
import { Icon } from '../../components/Icon';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { toast } from '../../components/toasts';
import { useRequest } from '../../components/useRequest';
import { AddressField } from './AddressField';
import classes from './ClusterForm.module.css';
import type { Finding } from './useAddressCheck';
import { WitnessFields } from './WitnessFields';

const nodePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const nodeRefusal = (name: string) => (name === '' || nodePattern.test(name) ? null : 'Use letters, digits, hyphens, underscores and dots, at most 64, a letter or digit first.');

export function NewCluster({ onMade, onJoined }: { onMade: (token: JoinToken) => void; onJoined: () => void }) {
  const refused = useRefusal('Admin');
  if (refused) return <Note title="This node belongs to no cluster yet."><p>Making one needs the role Admin. {refused}</p></Note>;
  return (
    <Tabs defaultValue="make" keepMounted={false}>
      <Tabs.List><Tabs.Tab value="make">Make a cluster</Tabs.Tab><Tabs.Tab value="join">Join a cluster</Tabs.Tab></Tabs.List>
      <Tabs.Panel value="make" pt="md"><Make onMade={onMade} /></Tabs.Panel>
      <Tabs.Panel value="join" pt="md"><Join onJoined={onJoined} /></Tabs.Panel>
    </Tabs>
  );
}

function Make({ onMade }: { onMade: (token: JoinToken) => void }) {
  const facts = useRequest<NodeFacts>('/v1/facts');
  const [typed, setTyped] = useState<string | null>(null);
  const [peer, setPeer] = useState('');
  const [lans, setLans] = useState<readonly { address: string; peerAddress: string }[]>([{ address: '', peerAddress: '' }]);
  const [witnesses, setWitnesses] = useState<readonly string[]>([]);
  const [findings, setFindings] = useState<Readonly<Record<string, Finding>>>({});
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const node = typed ?? facts.value?.hostName.split('.')[0] ?? '';
  const onFinding = useCallback((field: string, finding: Finding) => setFindings(before => ({ ...before, [field]: finding })), []);
  const set = (index: number, change: { address?: string; peerAddress?: string }) => setLans(before => before.map((lan, at) => (at === index ? { ...lan, ...change } : lan)));
  const wrong = Object.values(findings).find(finding => finding.tone === 'bad');
  const complete = node !== '' && peer !== '' && node !== peer && nodeRefusal(node) === null && nodeRefusal(peer) === null && lans.every(lan => lan.address.trim() !== '' && lan.peerAddress.trim() !== '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!complete || wrong || busy) return;
    setBusy(true);
    setProblem(null);
    const [first, ...rest] = lans.map(lan => ({ address: lan.address.trim(), peerAddress: lan.peerAddress.trim() }));
    api.post<JoinToken>('/v1/cluster/init', {
      node, peer, ...first, lans: rest.map((lan, index) => ({ name: index === 0 ? 'replication' : `lan${index + 2}`, ...lan })), replace: false, witnesses: witnesses.map(each => each.trim()).filter(each => each !== ''),
    }).then(onMade, setProblem).finally(() => setBusy(false));
  };
  return (
    <form className={classes.form} onSubmit={submit} aria-label="Make a cluster">
      <Card title="1 · The two nodes">
        <div className={classes.stack}>
          <p className={classes.soft}>This node makes the cluster and its key. The other one joins afterwards, with a token. Addresses are looked at as you type.</p>
          <div className={classes.pair}>
            <TextInput label="Name of this node" value={node} error={nodeRefusal(node)} autoComplete="off" spellCheck={false} onChange={event => setTyped(event.currentTarget.value.trim())} />
            <TextInput label="Name of the other node" value={peer} error={peer !== '' && peer === node ? 'Both nodes need names of their own.' : nodeRefusal(peer)} autoComplete="off" spellCheck={false} onChange={event => setPeer(event.currentTarget.value.trim())} />
          </div>
          {lans.map((lan, index) => (
            <div key={index} className={classes.pair}>
              <AddressField label={`${index === 0 ? 'Address' : 'Address on the second LAN'} of ${node || 'this node'}`} value={lan.address} questions={[{ node: '', kind: 'own' }]} onChange={address => set(index, { address })} onFinding={finding => onFinding(`own ${index}`, finding)} />
              <AddressField label={`${index === 0 ? 'Address' : 'Address on the second LAN'} of ${peer || 'the other node'}`} placeholder="10.0.0.2" value={lan.peerAddress} questions={[{ node: '', kind: 'peer' }]} onChange={peerAddress => set(index, { peerAddress })} onFinding={finding => onFinding(`peer ${index}`, finding)} />
            </div>
          ))}
          <div className={classes.buttons}>
            {lans.length === 1
              ? <Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={() => setLans(before => [...before, { address: '', peerAddress: '' }])}>Add a second LAN</Button>
              : <Button variant="default" leftSection={<Icon name="trash" size={16} />} onClick={() => { setLans(before => before.slice(0, 1)); setFindings(before => Object.fromEntries(Object.entries(before).filter(([field]) => !field.endsWith(' 1') || field.startsWith('witness')))); }}>Remove the second LAN</Button>}
          </div>
        </div>
      </Card>
      <Card title="2 · Witness">
        <div className={classes.stack}>
          <p className={classes.soft}>A node that hears its peer no more asks it: who is answered goes on alone, who is not waits. Take something that both reach and that is neither of them, such as the gateway. It can be named later, too.</p>
          <WitnessFields witnesses={witnesses} nodes={['']} onChange={setWitnesses} onFinding={onFinding} />
        </div>
      </Card>
      {problem !== null && <ProblemNote problem={problem} />}
      {wrong && <Note tone="warn"><p>{wrong.text}</p></Note>}
      <div className={classes.buttons}><Button type="submit" loading={busy} disabled={!complete || wrong !== undefined}>Make the cluster</Button><span className={classes.soft}>{complete ? 'Nothing is sent to the other node yet.' : 'Both names and all addresses are needed.'}</span></div>
    </form>
  );
}

function Join({ onJoined }: { onJoined: () => void }) {
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const text = token.trim().replace(/^.*\s/, ''); // The whole command is good, too.
  const looks = text === '' || text.startsWith('hmj1-');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text === '' || !looks || busy) return;
    setBusy(true);
    setProblem(null);
    api.post<ClusterStatus>('/v1/cluster/join', { token: text, replace: false }).then(status => {
      toast(`This node is now ${status.node}, the peer of ${status.peer}.`);
      onJoined();
    }, setProblem).finally(() => setBusy(false));
  };
  return (
    <form className={classes.form} onSubmit={submit} aria-label="Join a cluster">
      <Card title="Join the cluster that the other node made">
        <div className={classes.stack}>
          <p className={classes.soft}>The other node's console shows a token when it has made the cluster (page Cluster), and <code>hamirror cluster token</code> prints one. It carries the cluster's key over, so treat it like a password.</p>
          <Textarea label="Token" value={token} error={looks ? undefined : 'A token begins with hmj1-; copy all of it.'} autosize={false} rows={3} autoComplete="off" spellCheck={false} onChange={event => setToken(event.currentTarget.value)} />
          {problem !== null && <ProblemNote problem={problem} />}
          <div className={classes.buttons}><Button type="submit" loading={busy} disabled={text === '' || !looks}>Join</Button></div>
        </div>
      </Card>
    </form>
  );
}
