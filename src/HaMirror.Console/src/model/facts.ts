// What facts of a node mean for whoever looks after it.
import type { CertificateStatus, NodeFacts } from '../api/cluster';
import { duration } from './format';

const daySeconds = 86_400;
const soonSeconds = 30 * daySeconds;
/** Less says nothing: the answer has been under way, too. */
const clockSeconds = 3;

export function certificateSentence(certificate: CertificateStatus, now: number): { tone: 'good' | 'warn' | 'bad'; text: string } {
  const left = (Date.parse(certificate.until) - now) / 1000;
  if (left <= 0) return { tone: 'bad', text: 'which is over: browsers refuse it. Put another one in its place (docs/monitoring.md).' };
  if (Date.parse(certificate.from) > now) return { tone: 'bad', text: 'but it is not good yet: look at the clocks.' };
  if (left > soonSeconds) return { tone: 'good', text: `${Math.floor(left / daySeconds)} days left` };
  return { tone: 'warn', text: certificate.selfMade ? `${duration(left)} left; HaMirror makes a new one by itself` : `only ${duration(left)} left: replace it (docs/monitoring.md)` };
}

/** When facts were answered, by this computer's clock. */
const heard = new WeakMap<NodeFacts, number>();

/** By how many seconds the node's clock is ahead of this computer's; null: they agree. */
export function clockApart(facts: NodeFacts): number | null {
  if (!heard.has(facts)) heard.set(facts, Date.now());
  const apart = (Date.parse(facts.time) - heard.get(facts)!) / 1000;
  return Math.abs(apart) < clockSeconds ? null : apart;
}

/** The sentence that warns of two versions; null: they are the same, as far as both are known. */
export function versionsApart(nodes: readonly { name: string; status?: { version: string } | undefined }[]): string | null {
  const known = nodes.filter(node => node.status !== undefined);
  if (new Set(known.map(node => node.status!.version)).size < 2) return null;
  return `The nodes run different versions: ${known.map(node => `${node.name || 'this node'} ${node.status!.version}`).join(', ')}.`;
}
