// The cluster's configuration while somebody edits it, and what is wrong with it as far as the page can tell by itself: the agent's
// rules (src/HaMirror.Core/Configuration/ClusterXml.cs) are judged by the agents.
import type { ClusterFile, ClusterLan } from '../../api/cluster';

export interface DraftLan {
  /** Tells rows apart while their names change. */
  key: number;
  name: string;
  /** In the order of the nodes' names. */
  nodes: readonly { name: string; address: string; localAddress: string }[];
}

export interface Draft { lans: readonly DraftLan[]; witnesses: readonly string[] }

const namePattern = /^[A-Za-z0-9._-]{1,64}$/;
export const witnessesMax = 8;

let last = 0;

export function draftOf(file: ClusterFile, names: readonly string[]): Draft {
  return {
    lans: file.lans.map(lan => ({
      key: ++last,
      name: lan.name,
      nodes: names.map(name => {
        const node = lan.nodes.find(each => each.name === name);
        return { name, address: node?.address ?? '', localAddress: node?.localAddress ?? '' };
      }),
    })),
    witnesses: file.witnesses,
  };
}

export const newLan = (names: readonly string[], taken: readonly DraftLan[]): DraftLan => ({
  key: ++last,
  name: ['replication', 'second', 'third', 'fourth'].find(name => taken.every(lan => lan.name !== name)) ?? `lan${taken.length + 1}`,
  nodes: names.map(name => ({ name, address: '', localAddress: '' })),
});

/** As it is sent, and as two drafts are compared. The order of the nodes is the file's: the first breaks ties. */
export function bodyOf(draft: Draft, file: ClusterFile): { lans: ClusterLan[]; witnesses: string[] } {
  const order = file.lans[0]?.nodes.map(node => node.name) ?? [];
  return {
    lans: draft.lans.map(lan => ({
      name: lan.name.trim(),
      nodes: [...lan.nodes].sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name)).map(node => {
        const [address, local] = [node.address.trim(), node.localAddress.trim()];
        return local !== '' && local !== address ? { name: node.name, address, localAddress: local } : { name: node.name, address };
      }),
    })),
    witnesses: draft.witnesses.map(address => address.trim()).filter(address => address !== ''),
  };
}

const plain = (lans: readonly ClusterLan[]) => JSON.stringify(lans.map(lan => [lan.name, ...lan.nodes.map(node => [node.name, node.address, node.localAddress ?? ''])]));

export interface Difference { lans: boolean; witnesses: boolean; sentences: string[] }

/** What the draft changes, as sentences. */
export function difference(file: ClusterFile, draft: Draft): Difference {
  const body = bodyOf(draft, file);
  const sentences: string[] = [];
  for (const lan of body.lans) {
    const before = file.lans.find(each => each.name === lan.name);
    if (!before) sentences.push(`LAN ${lan.name} is new: ${lan.nodes.map(node => `${node.name} ${node.address || '…'}`).join(', ')}.`);
    else {
      for (const node of lan.nodes) {
        const was = before.nodes.find(each => each.name === node.name);
        if (was && was.address !== node.address) sentences.push(`${node.name} on LAN ${lan.name}: ${node.address || '…'} instead of ${was.address}.`);
        if (was && (was.localAddress ?? '') !== (node.localAddress ?? '')) sentences.push(`${node.name} on LAN ${lan.name} binds ${node.localAddress ?? node.address} itself.`);
      }
    }
  }
  for (const lan of file.lans) if (!body.lans.some(each => each.name === lan.name)) sentences.push(`LAN ${lan.name} is removed.`);
  const lans = plain(file.lans) !== plain(body.lans);
  if (lans && sentences.length === 0) sentences.push('The LANs are in another order: the first is the default of heartbeats.');
  const witnesses = file.witnesses.join(' ') !== body.witnesses.join(' ');
  if (witnesses) sentences.push(body.witnesses.length === 0 ? 'The cluster has no witness any more.' : `Witness ${body.witnesses.join(', ')}${file.witnesses.length > 0 ? ` instead of ${file.witnesses.join(', ')}` : ', for the first time'}.`);
  return { lans, witnesses, sentences };
}

/** Why a LAN's name cannot be used; null: it can. Names that stand in the file already may be older than the rule. */
export function nameRefusal(lan: DraftLan, all: readonly DraftLan[], file?: ClusterFile): string | null {
  const name = lan.name.trim();
  if (name === '') return 'A LAN needs a name.';
  if (all.some(other => other.key !== lan.key && other.name.trim() === name)) return `Two LANs are named ${name}.`;
  if (!namePattern.test(name) && !file?.lans.some(each => each.name === name)) return 'Use letters, digits, dots, underscores and hyphens, at most 64.';
  return null;
}

/** What is missing before it can be sent; null: nothing. */
export function missing(draft: Draft, file?: ClusterFile): string | null {
  for (const lan of draft.lans) {
    const refusal = nameRefusal(lan, draft.lans, file);
    if (refusal) return refusal;
    const empty = lan.nodes.find(node => node.address.trim() === '');
    if (empty) return `${empty.name} has no address on LAN ${lan.name.trim()} yet.`;
    if (new Set(lan.nodes.map(node => node.address.trim())).size < lan.nodes.length) return `Both nodes have the same address on LAN ${lan.name.trim()}.`;
  }
  return null;
}
