import { Table } from '@mantine/core';
import { modulePath } from '../../api/client';
import type { ConnectionReport, DecisionStatus, ReplicaEvidence } from '../../api/types';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { Wide } from '../../components/Wide';
import { useRequest } from '../../components/useRequest';
import type { Side } from '../../model/actions';
import { bytes, duration } from '../../model/format';
import { conditionWord } from '../../model/health';
import classes from './DecisionTab.module.css';

/** Both sides of a decision, line by line. */
function Evidence({ label, own, peer }: { label: string; own: ReplicaEvidence; peer?: ReplicaEvidence | undefined }) {
  const rows: readonly [string, (side: ReplicaEvidence) => string][] = [
    ['State', side => `${side.state} ${side.phase}`],
    ['Replica', side => conditionWord[side.condition] ?? side.condition],
    ['Generation', side => side.generation],
    ['Shared before', side => side.base],
    ['Resynced from', side => side.resyncFrom ?? '–'],
    ['Record says', side => (side.flags.length > 0 ? side.flags.join(', ') : '–')],
    ['Marked', side => bytes(side.markedBytes)],
  ];
  return (
    <Wide label={label}>
      <Table className={classes.table} verticalSpacing={6}>
        <Table.Thead><Table.Tr><Table.Th><span className="unseen">What</span></Table.Th><Table.Th>{own.node}</Table.Th><Table.Th>{peer?.node ?? 'the other node'}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.map(([name, show]) => (
            <Table.Tr key={name}><Table.Th scope="row">{name}</Table.Th><Table.Td>{show(own)}</Table.Td><Table.Td>{peer ? show(peer) : 'not heard'}</Table.Td></Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function Last({ node, decision }: { node: string; decision: DecisionStatus | undefined }) {
  if (!decision) return null;
  const witness = !decision.hasWitness ? 'No witness is configured.' : decision.witnessAnswered === undefined ? 'The witness was not asked.' : decision.witnessAnswered ? 'The witness answered.' : 'The witness did not answer.';
  return (
    <Card title={`Decided last on ${node}`} aside={<Ago time={decision.time} />}>
      <p className={classes.sentence}>{decision.sentence}</p>
      <ul className={classes.list}>
        {decision.evidence.map(sentence => <li key={sentence}>{sentence}</li>)}
        <li>{decision.peerHeard ? 'The other node was heard' : 'The other node was silent'}{decision.peerSilentSeconds !== undefined && `, last ${duration(decision.peerSilentSeconds)} before`}.</li>
        <li>{witness}</li>
      </ul>
      <Evidence label={`Evidence of the decision on ${node}`} own={decision.own} peer={decision.peer} />
    </Card>
  );
}

/** What was decided last, and what would be decided now; with the evidence of both nodes. */
export function DecisionTab({ module, both }: { module: string; both: readonly Side[] }) {
  const asked = both.find(side => !side.gone && side.own) ?? both[0];
  const report = useRequest<ConnectionReport>(asked?.own ? modulePath(module, '/connection') : null, asked?.node);
  return (
    <>
      {both.map(side => <Last key={side.node} node={side.node} decision={side.own?.decision} />)}
      <Card title="If the two nodes met now" aside={<ActionButton label="Look again" icon="restart" size="xs" onClick={report.again} />}>
        {report.problem !== null && <ProblemNote problem={report.problem} />}
        {report.value && (
          <div className={classes.report}>
            <p className={classes.sentence}>{report.value.sentence}</p>
            {report.value.notes.map(note => <Note key={note} tone="warn"><p>{note}</p></Note>)}
            <Evidence label="Evidence of both nodes now" own={report.value.mine} peer={report.value.theirs} />
            {report.value.peerHeardSeconds !== undefined && <p className={classes.soft}>{report.value.theirs?.node ?? 'The other node'} was heard {duration(report.value.peerHeardSeconds)} before. Nothing is done by looking.</p>}
          </div>
        )}
      </Card>
    </>
  );
}
