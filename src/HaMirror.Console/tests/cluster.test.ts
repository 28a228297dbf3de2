import { describe, expect, it } from 'vitest';
import type { CertificateStatus, ClusterFile } from '../src/api/cluster';
import { Problem } from '../src/api/problem';
import { certificateSentence, versionsApart } from '../src/model/facts';
import { accountNameRefusal, lastAdminRefusal, passwordRefusal } from '../src/model/roles';
import { bodyOf, difference, draftOf, missing, nameRefusal, newLan } from '../src/pages/cluster/draft';
import { judge } from '../src/pages/cluster/useAddressCheck';

const file: ClusterFile = {
  version: 'v', port: 4800, witnesses: [],
  lans: [{ name: 'default', nodes: [{ name: 'n2', address: '10.0.0.2' }, { name: 'n1', address: '10.0.0.1' }] }],
};
const names = ['n1', 'n2'];
const check = (change: object) => ({ address: 'x', valid: true, text: 'It is.', own: [], ...change });

describe('the cluster as it is edited', () => {
  it('changes nothing by being opened, and keeps the order of the nodes', () => {
    const draft = draftOf(file, names);
    expect(difference(file, draft)).toEqual({ lans: false, witnesses: false, sentences: [] });
    expect(bodyOf(draft, file).lans).toEqual(file.lans);
  });

  it('tells what changes', () => {
    const draft = draftOf(file, names);
    const second = newLan(names, draft.lans);
    expect(second.name).toBe('replication');
    expect(missing({ ...draft, lans: [...draft.lans, second] }, file)).toBe('n1 has no address on LAN replication yet.');
    const full = { ...second, nodes: second.nodes.map((node, index) => ({ ...node, address: `10.1.0.${index + 1}` })) };
    const changed = difference(file, { lans: [...draft.lans, full], witnesses: [' 10.0.0.254 ', ''] });
    expect(changed.sentences).toEqual(['LAN replication is new: n2 10.1.0.2, n1 10.1.0.1.', 'Witness 10.0.0.254, for the first time.']);
    expect(difference(file, { ...draft, witnesses: ['10.0.0.254'] })).toMatchObject({ lans: false, witnesses: true });
  });

  it('refuses names and addresses that cannot be', () => {
    const draft = draftOf(file, names);
    const twin = { ...newLan(names, draft.lans), name: 'default' };
    expect(nameRefusal(twin, [...draft.lans, twin], file)).toBe('Two LANs are named default.');
    expect(nameRefusal({ ...twin, name: 'a b' }, [], file)).toContain('letters');
    const same = { ...draft, lans: draft.lans.map(lan => ({ ...lan, nodes: lan.nodes.map(node => ({ ...node, address: '10.0.0.1' })) })) };
    expect(missing(same, file)).toContain('the same address');
  });
});

describe('an address that is looked at from both nodes', () => {
  const own = { question: { node: 'n2', kind: 'own' as const }, check: check({ own: ['10.0.0.2'] }), problem: null };
  const peer = (change: object, problem: Problem | null = null) => ({ question: { node: 'n1', kind: 'peer' as const }, check: problem ? null : check(change), problem });

  it('is good when both say so', () => {
    expect(judge([own, peer({ answers: true, ofPeer: true, text: 'It is n2, and answers.' })])).toEqual({ tone: 'good', text: 'It is n2, and answers.', own: ['10.0.0.2'] });
  });

  it('is bad when it is nobody\'s, the same machine or another one', () => {
    expect(judge([{ ...own, check: check({ valid: false, text: 'not here' }) }, peer({ answers: true })])).toMatchObject({ tone: 'bad', text: 'not here' });
    expect(judge([own, peer({ valid: false, text: 'this node itself' })]).tone).toBe('bad');
    expect(judge([own, peer({ answers: true, ofPeer: false, text: 'n2 does not have it' })]).tone).toBe('bad');
  });

  it('warns when it does not answer, or nobody looks', () => {
    expect(judge([own, peer({ answers: false, text: 'no answer' })])).toMatchObject({ tone: 'warn', text: 'Seen from n1: no answer' });
    expect(judge([own, peer({}, new Problem(502, 'Node n2 does not answer.'))]).text).toContain('Node n2 does not answer.');
  });
});

describe('facts of a node', () => {
  const certificate = (until: string): CertificateStatus => ({ subject: 'CN=n1', issuer: 'CN=ca', fingerprint: '00', from: '2026-01-01T00:00:00Z', until, names: [], selfMade: false });
  const now = Date.parse('2026-11-26T00:00:00Z');

  it('warns before a certificate is over', () => {
    expect(certificateSentence(certificate('2027-11-26T00:00:00Z'), now)).toEqual({ tone: 'good', text: '365 days left' });
    expect(certificateSentence(certificate('2026-12-06T00:00:00Z'), now).tone).toBe('warn');
    expect(certificateSentence(certificate('2026-11-25T00:00:00Z'), now).tone).toBe('bad');
  });

  it('tells versions that differ, of nodes that are known', () => {
    expect(versionsApart([{ name: 'n1', status: { version: '1.0' } }, { name: 'n2' }])).toBeNull();
    expect(versionsApart([{ name: 'n1', status: { version: '1.0' } }, { name: 'n2', status: { version: '1.1' } }])).toBe('The nodes run different versions: n1 1.0, n2 1.1.');
  });
});

describe('accounts', () => {
  it('keeps the last administrator', () => {
    const anna = { name: 'anna', role: 'Admin' as const };
    expect(lastAdminRefusal(anna, [anna, { name: 'carl', role: 'Control' }])).toContain('only administrator');
    expect(lastAdminRefusal(anna, [anna, { name: 'bert', role: 'Admin' }])).toBeNull();
  });

  it('knows the agent\'s rules of names and passwords', () => {
    expect(accountNameRefusal('a b', 'user', [])).toContain('letters');
    expect(accountNameRefusal('anna', 'user', ['anna'])).toBe('There is a user anna already.');
    expect(passwordRefusal('short')).toContain('5 more');
    expect(passwordRefusal('long enough')).toBeNull();
  });
});
