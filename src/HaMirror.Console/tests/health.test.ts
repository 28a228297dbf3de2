import { describe, expect, it } from 'vitest';
import { judge, problemsFirst } from '../src/model/health';
import { node, standby, status } from './records';

const both = [node('n1'), node('n2')];

describe('judge', () => {
  it('calls a ready pair protected', () => expect(judge({ n1: status(), n2: standby() }, both)).toMatchObject({ health: 'good', serving: 'n1' }));
  it('says that nobody takes over when failover is off', () => expect(judge({ n1: status({ failoverOn: false }), n2: standby() }, both).health).toBe('manual'));
  it('trusts the primary about a standby that does not answer the console', () =>
    expect(judge({ n1: status(), n2: standby() }, [node('n1'), node('n2', { reach: 'gone' })]).health).toBe('good'));
  it('does not call a pair protected while the standby itself is not ready', () =>
    expect(judge({ n1: status(), n2: standby({ phase: 'Transient' }) }, both).health).toBe('alone'));
  it('does not count what a node said before it went silent', () =>
    expect(judge({ n1: status(), n2: standby({ state: 'WAIT', phase: 'NotReady', reason: 'the witness is silent' }) }, [node('n1', { reach: 'gone' }), node('n2')])).toMatchObject({ health: 'down' }));
  it('says why a lone service has no standby', () => {
    expect(judge({ n1: status({ state: 'ALONE', peerState: 'STOP', peerPhase: 'NotReady' }), n2: standby({ state: 'STOP', phase: 'NotReady' }) }, both)).toMatchObject({ health: 'alone', sentence: 'Serves on n1 without a standby; stopped on n2.' });
  });
  it('calls it down when one waits and nobody serves', () =>
    expect(judge({ n1: status({ state: 'WAIT', phase: 'NotReady', reason: 'its data is not known to be up to date.' }), n2: standby({ state: 'STOP', phase: 'NotReady' }) }, both).health).toBe('down'));
  it('is not alarmed by what an operator stopped', () => expect(judge({ n1: status({ state: 'STOP', phase: 'NotReady' }), n2: standby({ state: 'STOP', phase: 'NotReady' }) }, both).health).toBe('stopped'));
  it('knows nothing when nobody answers', () => expect(judge({ n1: status() }, [node('n1', { reach: 'gone' }), node('n2', { reach: 'gone' })]).health).toBe('unknown'));
  it('does not take a stopped module for stopped everywhere while a node is silent', () =>
    expect(judge({ n1: status({ state: 'STOP', phase: 'NotReady' }) }, [node('n1'), node('n2', { reach: 'gone' })]).health).toBe('unknown'));
});

describe('problemsFirst', () => {
  it('puts what is down first and sorts by number', () => {
    const rows = [{ health: 'good' as const, name: 'vm10' }, { health: 'good' as const, name: 'vm2' }, { health: 'down' as const, name: 'z' }, { health: 'alone' as const, name: 'a' }];
    expect(rows.sort(problemsFirst).map(row => row.name)).toEqual(['z', 'a', 'vm2', 'vm10']);
  });
});
