// What can be asked of a module on a node, when it makes sense, and what has to be said before. The node judges again: what is
// refused here would be refused there, too, and not the other way round.
import type { ConnectionReport, ModuleStatus } from '../api/types';
import type { IconName } from '../components/Icon';
import { conditionWord } from './health';

export type ActionName = 'start' | 'stop' | 'restart' | 'stopstart' | 'swap' | 'force-stop' | 'attach' | 'primary' | 'secondary';

/** A module on a node, and what is known of the other one. */
export interface Side {
  node: string;
  own: ModuleStatus | undefined;
  other: ModuleStatus | undefined;
  otherNode: string;
  /** The node does not answer. */
  gone: boolean;
  otherGone: boolean;
}

export interface Action {
  name: ActionName;
  label: string;
  icon: IconName;
  danger: boolean;
  /** What it means, in a sentence or two; null: nothing that would have to be said before. */
  meaning: (side: Side) => string | null;
  /** Why it makes no sense now; null: it does. */
  refusal: (side: Side) => string | null;
}

const running = (side: Side) => side.own !== undefined && side.own.state !== 'STOP';
const serving = (status: ModuleStatus | undefined) => status !== undefined && (status.state === 'PRIM' || status.state === 'ALONE');
const mayTakeOver = (side: Side) => side.other?.state === 'SECOND' && side.other.phase === 'Ready';

function needRunning(side: Side): string | null {
  return running(side) ? null : `It does not run on ${side.node}.`;
}

function needServing(side: Side): string | null {
  return serving(side.own) ? null : `The service does not run on ${side.node}.`;
}

function needStopped(side: Side): string | null {
  return running(side) ? `It runs on ${side.node} already (${side.own?.state}): stop it first.` : null;
}

export const actions: Readonly<Record<ActionName, Action>> = {
  start: {
    name: 'start', label: 'Start', icon: 'play', danger: false,
    meaning: () => null,
    refusal: side => (running(side) ? `It runs on ${side.node} already.` : null),
  },
  stop: {
    name: 'stop', label: 'Stop', icon: 'stop', danger: false,
    meaning: side => (serving(side.own)
      ? mayTakeOver(side) ? `The service ends on ${side.node} in order, and ${side.otherNode} takes it over. Until ${side.node} is started again there is no standby.`
        : `The service ends on ${side.node} in order, and nobody takes it over: ${side.otherNode} is no standby that is up to date.`
      : `${side.node} leaves; the service goes on where it runs, without a standby.`),
    refusal: needRunning,
  },
  restart: {
    name: 'restart', label: 'Restart service', icon: 'restart', danger: false,
    meaning: side => `The service is stopped and started again on ${side.node} by its hooks, without a failover. It is interrupted as long as that takes.`,
    refusal: needServing,
  },
  stopstart: {
    name: 'stopstart', label: 'Stop and start', icon: 'restart', danger: false,
    meaning: side => (serving(side.own) && mayTakeOver(side)
      ? `The module stops on ${side.node}, ${side.otherNode} takes over, and ${side.node} comes back as its standby.`
      : `The module stops on ${side.node} and starts again${serving(side.own) ? '; the service is interrupted' : ''}.`),
    refusal: needRunning,
  },
  swap: {
    name: 'swap', label: 'Swap', icon: 'swap', danger: false,
    meaning: side => `The service ends on ${side.node} in order and starts on ${side.otherNode}; ${side.node} becomes the standby. It is interrupted as long as that takes, and nothing is lost.`,
    refusal: side => (side.own?.state === 'PRIM' && side.own.phase === 'Ready' && mayTakeOver(side) ? null
      : serving(side.own) ? `${side.otherNode} is no standby that is up to date, so it cannot take over.` : `The service does not run on ${side.node}.`),
  },
  'force-stop': {
    name: 'force-stop', label: 'Stop by force', icon: 'stop', danger: true,
    meaning: side => `The service on ${side.node} is ended at once, like a power cut: only the forced hooks run, and nobody waits for the other node. Meant for a stop that does not come to its end.`,
    refusal: needRunning,
  },
  attach: {
    name: 'attach', label: 'Take the disk back', icon: 'check', danger: false,
    meaning: side => `The disk of ${side.node} is tried and taken back into service; then everything is compared with the other replica. For after a disk that failed was repaired or replaced.`,
    refusal: needRunning,
  },
  primary: {
    name: 'primary', label: 'Start as primary', icon: 'play', danger: true,
    meaning: side => `${side.node}'s data is declared right: the service starts here, and ${side.otherNode}'s replica is made equal to it.`,
    refusal: side => needStoppedOrWaiting(side) ?? (!side.otherGone && serving(side.other) ? `The service runs on ${side.otherNode}.` : null),
  },
  secondary: {
    name: 'secondary', label: 'Start as secondary', icon: 'play', danger: true,
    meaning: side => `${side.node} becomes the standby, whatever it was: its replica is made equal to ${side.otherNode}'s.`,
    refusal: needStopped,
  },
};

/** A module that waits may be declared the primary, too. */
function needStoppedOrWaiting(side: Side): string | null {
  return side.own?.state === 'WAIT' ? null : needStopped(side);
}

/** What could be lost by declaring a node's replica the right one; null: nothing, as far as both nodes know. */
export function lostByPrimary(side: Side, report: ConnectionReport | null): string | null {
  const { own, other, node, otherNode } = side;
  if (own?.condition === 'Inconsistent') return `${node}'s replica is half-synchronised, a mixture of two moments: a service that starts on it may find it broken. What ${otherNode} holds is given up.`;
  if (own?.condition === 'Outdated') return `${otherNode} has gone on without ${node}: every write that was made there since then is given up.`;
  if (own?.condition === 'Unknown') return `${node}'s replica was never synchronised. Whatever lies in the module's directories on ${otherNode} is replaced by what lies here. At the very first start that is what is wanted, on the node whose data is right.`;
  if (report?.decision === 'Source') return null;
  if (side.otherGone || !other || report === null || report.decision === 'Unknown') return `${otherNode} does not say what it holds. If it served after ${node}, its writes since then are given up; they are kept as a salvage set when it comes back.`;
  return `${otherNode}'s replica is ${conditionWord[other.condition]}. What only it holds is given up; it is kept as a salvage set there.`;
}

/** What could be lost by making a node's replica equal to the other one's; null: nothing, as far as both nodes know. */
export function lostBySecondary(side: Side, report: ConnectionReport | null, fullSync: boolean): string | null {
  if (side.own?.condition === 'Unknown' && !fullSync) return null;
  if (fullSync) return `All of ${side.node}'s replica is replaced by a copy of ${side.otherNode}'s, and nothing of it is kept. What only ${side.node} holds is lost.`;
  if (report?.decision === 'Target') return null;
  return `As far as is known ${side.node} holds data that ${side.otherNode} does not. It is replaced, and kept as a salvage set where the two have diverged.`;
}
