import { Checkbox, Progress, Table } from '@mantine/core';
import { useState } from 'react';
import { api, modulePath } from '../../api/client';
import { Problem } from '../../api/problem';
import type { VerifyReport } from '../../api/types';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Card } from '../../components/Card';
import { Note } from '../../components/Note';
import { ProblemNote } from '../../components/ProblemNote';
import { Wide } from '../../components/Wide';
import { useRequest } from '../../components/useRequest';
import type { Side } from '../../model/actions';
import { bytes, count, duration, percent, rate } from '../../model/format';
import classes from './DataTab.module.css';

const lookMilliseconds = 1000, restMilliseconds = 10_000;

function Outcome({ report }: { report: VerifyReport }) {
  if (report.running) return null;
  if (report.end) return <Note tone="warn" title="The last verification did not come to its end."><p>{report.end}</p></Note>;
  if (report.findingCount === 0) return <Note tone="good" title="Both replicas are equal."><p>{count(report.files, 'file')}, {bytes(report.bytesTotal)} compared, <Ago time={report.begun} />.</p></Note>;
  return (
    <Note tone={report.repaired ? 'good' : 'bad'} title={report.repaired ? `${count(report.findingCount, 'difference')} found and repaired.` : `${count(report.findingCount, 'difference')} found, ${bytes(report.differentBytes)}.`}>
      {!report.repaired && <p>What differs is marked: the next resync makes it equal. Verify with repair does so now. Find out why: a disk, or somebody who wrote past the mount.</p>}
    </Note>
  );
}

/** Compares both replicas while they are in use. */
export function VerifyCard({ module, both }: { module: string; both: readonly Side[] }) {
  const refused = useRefusal('Control');
  const primary = both.find(side => side.own?.state === 'PRIM');
  const node = primary?.node ?? both.find(side => !side.gone)?.node;
  const [fast, setFast] = useState(false);
  const asked = useRequest<VerifyReport>(node === undefined ? null : modulePath(module, '/verify'), node, fast ? lookMilliseconds : restMilliseconds);
  const [repair, setRepair] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const never = asked.problem instanceof Problem && asked.problem.status === 404;
  const report = never ? null : asked.value;
  if ((report?.running ?? false) !== fast) setFast(report?.running ?? false);
  const reason = refused ?? (primary?.own?.phase === 'Ready' && primary.other?.state === 'SECOND' && primary.other.phase === 'Ready' ? null : 'Both nodes must be ready, one the primary and one the standby.');
  const act = (work: Promise<unknown>) => {
    setProblem(null);
    work.then(asked.again, setProblem);
  };
  return (
    <Card title="Verification">
      <div className={classes.stack}>
        <p className={classes.soft}>Compares everything on both nodes while the service runs, with as little disk and network as its rate allows.</p>
        {report?.running && (
          <div className={classes.stack}>
            <Progress.Root size="md"><Progress.Section value={report.percent} color="blue" aria-label="Verification" aria-valuetext={percent(report.percent)} /></Progress.Root>
            <p className={`${classes.soft} number`}>{percent(report.percent)} · {bytes(report.bytesDone)} of {bytes(report.bytesTotal)} · {rate(report.bytesPerSecond)}{report.secondsLeft !== undefined && ` · ${duration(report.secondsLeft)} left`} · {count(report.findingCount, 'difference')}</p>
          </div>
        )}
        {report && <Outcome report={report} />}
        {never && <p className={classes.soft}>None since the agent was started.</p>}
        {report && report.findings.length > 0 && (
          <details className={classes.details}>
            <summary>{report.findingCount > report.findings.length ? `The first ${report.findings.length} of ${report.findingCount} differences` : 'The differences'}</summary>
            <Wide label="Differences"><Table verticalSpacing={4} className={classes.table}>
              <Table.Thead><Table.Tr><Table.Th>File</Table.Th><Table.Th>What</Table.Th><Table.Th>Where</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>{report.findings.map(found => <Table.Tr key={`${found.path}${found.offset}${found.what}`}><Table.Td>{found.path}</Table.Td><Table.Td>{found.what}</Table.Td><Table.Td className="number">{found.bytes > 0 ? `${bytes(found.bytes)} at ${bytes(found.offset)}` : ''}</Table.Td></Table.Tr>)}</Table.Tbody>
            </Table></Wide>
          </details>
        )}
        {problem !== null && <ProblemNote problem={problem} />}
        {asked.problem !== null && !never && <ProblemNote problem={asked.problem} />}
        <div className={classes.row}>
          {report?.running
            ? <ActionButton label="Stop the verification" icon="stop" refusal={refused} onClick={() => act(api.delete(modulePath(module, '/verify'), { node }))} />
            : <>
                <ActionButton label={repair ? 'Verify and repair' : 'Verify'} icon="verify" refusal={reason} onClick={() => act(api.post(modulePath(module, '/verify'), { repair }, { node }))} />
                <Checkbox label="Make the standby equal where it differs" checked={repair} onChange={event => setRepair(event.currentTarget.checked)} disabled={reason !== null} />
              </>}
        </div>
      </div>
    </Card>
  );
}
