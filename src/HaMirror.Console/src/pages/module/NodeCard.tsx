import { ActionIcon, Menu } from '@mantine/core';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';
import { Ago } from '../../components/Ago';
import { Icon } from '../../components/Icon';
import { Note } from '../../components/Note';
import { StateSign } from '../../components/StateSign';
import { nodeName } from '../../live/hooks';
import type { NodeLive } from '../../live/store';
import { actions, type ActionName, type Side } from '../../model/actions';
import { bytes } from '../../model/format';
import { conditionSentence, conditionWord, stateSentence } from '../../model/health';
import classes from './NodeCard.module.css';

interface Props { side: Side; node: NodeLive; ask: (action: ActionName, side: Side) => void }

const further: readonly ActionName[] = ['restart', 'stopstart', 'primary', 'secondary', 'attach', 'force-stop'];

/** The module on one node, and what can be asked of it there. */
export function NodeCard({ side, node, ask }: Props) {
  const status = side.own;
  const old = node.reach !== 'live';
  return (
    <section className={classes.card} aria-label={`Node ${nodeName(node.name)}`}>
      <header className={classes.head}>
        <h2>{nodeName(node.name)}</h2>
        {status && <StateSign state={status.state} phase={status.phase} old={old} />}
      </header>
      {!status && <p className={classes.soft}>{old ? 'The node does not answer.' : 'The module is not configured here.'}</p>}
      {status && (
        <>
          <p className={classes.sentence}>{old ? `${nodeName(node.name)} does not answer; this is what it said last.` : status.reason ?? stateSentence[status.state]}</p>
          <dl className={classes.facts}>
            <dt>Since</dt><dd><Ago time={status.since} /></dd>
            <dt>Replica</dt><dd className={status.condition === 'UpToDate' ? undefined : classes.stale} title={conditionSentence[status.condition]}>{conditionWord[status.condition]}</dd>
            <dt>Link</dt><dd>{status.linked ? 'connected' : status.peerHeard ? 'peer heard, not connected' : 'peer not heard'}</dd>
            <dt>To copy</dt><dd className="number">{status.dirtyBytes === undefined ? '–' : bytes(status.dirtyBytes)}</dd>
            <dt>Generation</dt><dd className="mono" title={status.generation}>{status.generation.slice(0, 8) || '–'}</dd>
          </dl>
          {status.notes.map(note => <Note key={note} tone="warn"><p>{note}</p></Note>)}
          <NodeActions side={side} old={old} ask={ask} />
        </>
      )}
    </section>
  );
}

function NodeActions({ side, old, ask }: { side: Side; old: boolean; ask: Props['ask'] }) {
  const role = useRefusal('Control');
  const refusal = (name: ActionName) => role ?? (old ? `${side.node} does not answer.` : actions[name].refusal(side));
  const stopped = side.own?.state === 'STOP';
  const serving = side.own?.state === 'PRIM' || side.own?.state === 'ALONE';
  const first: ActionName = stopped ? 'start' : 'stop';
  return (
    <div className={classes.actions}>
      <ActionButton label={actions[first].label} icon={actions[first].icon} variant={stopped ? 'filled' : 'default'} refusal={refusal(first)} name={`${actions[first].label} on ${side.node}`} onClick={() => ask(first, side)} />
      {serving && <ActionButton label={actions.restart.label} icon="restart" refusal={refusal('restart')} name={`Restart service on ${side.node}`} onClick={() => ask('restart', side)} />}
      <Menu position="bottom-end" width={290} withinPortal={false}>
        <Menu.Target><ActionIcon variant="default" size={36} aria-label={`More actions on ${side.node}`}><Icon name="more" /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {further.filter(name => !serving || name !== 'restart').map(name => {
            const why = refusal(name);
            return (
              <Menu.Item key={name} leftSection={<Icon name={actions[name].icon} size={16} />} color={actions[name].danger ? 'var(--bad)' : undefined} aria-disabled={why !== null} data-disabled={why !== null || undefined} closeMenuOnClick={why === null} onClick={() => why === null && ask(name, side)}>
                {actions[name].label} …
                {why !== null && <span className={classes.why}>{why}</span>}
              </Menu.Item>
            );
          })}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
