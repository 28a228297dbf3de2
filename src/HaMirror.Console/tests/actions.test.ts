import { describe, expect, it } from 'vitest';
import type { ConnectionReport } from '../src/api/types';
import { actions, lostByPrimary, lostBySecondary, type Side } from '../src/model/actions';
import { resourceChanges } from '../src/model/resources';
import { standby, status } from './records';

const side = (change: Partial<Side> = {}): Side => ({ node: 'n1', own: status(), other: standby(), otherNode: 'n2', gone: false, otherGone: false, ...change });
const stopped = status({ state: 'STOP', phase: 'NotReady' });
const report = (decision: string) => ({ decision }) as ConnectionReport;

describe('actions', () => {
  it('swaps a ready pair only', () => {
    expect(actions.swap.refusal(side())).toBeNull();
    expect(actions.swap.refusal(side({ other: standby({ phase: 'Transient' }) }))).toMatch(/no standby/);
    expect(actions.swap.refusal(side({ own: standby({ node: 'n1' }), other: status({ node: 'n2' }) }))).toMatch(/does not run on n1/);
  });
  it('says that nobody takes over when nobody does', () => {
    expect(actions.stop.meaning(side())).toMatch(/n2 takes it over/);
    expect(actions.stop.meaning(side({ other: standby({ phase: 'Transient' }) }))).toMatch(/nobody takes it over/);
  });
  it('makes no primary beside one that serves', () =>
    expect(actions.primary.refusal(side({ own: stopped, other: status({ node: 'n2' }) }))).toMatch(/runs on n2/));
});

describe('what could be lost', () => {
  it('is nothing when both nodes agree that this one is the source', () => expect(lostByPrimary(side({ own: stopped }), report('Source'))).toBeNull());
  it.each([['Outdated', /given up/], ['Inconsistent', /mixture/], ['Unknown', /replaced/]] as const)('is told for a replica that is %s, whatever the report says', (condition, sentence) =>
    expect(lostByPrimary(side({ own: status({ state: 'STOP', condition }) }), report('Source'))).toMatch(sentence));
  it('is told when the other node says nothing', () => {
    expect(lostByPrimary(side({ own: stopped, otherGone: true }), report('Unknown'))).toMatch(/does not say/);
    expect(lostByPrimary(side({ own: stopped }), null)).not.toBeNull();
  });
  it('is nothing for a secondary that would be the target anyway, and all with a full synchronisation', () => {
    expect(lostBySecondary(side({ own: stopped }), report('Target'), false)).toBeNull();
    expect(lostBySecondary(side({ own: stopped }), report('Target'), true)).toMatch(/lost/);
    expect(lostBySecondary(side({ own: stopped }), report('Diverged'), false)).toMatch(/salvage/);
  });
});

describe('resourceChanges', () => {
  it('reads them from the log, and leaves out what stayed as it was', () => {
    const line = (text: string, node = 'n1') => ({ time: 't', module: 'm', level: 'Event' as const, text, node });
    expect(resourceChanges([line('Resource custom.a set to up by check'), line('Resource custom.a set to up by check'), line('Resource custom.a set to down'), line('Resource custom.a set to down', 'n2'), line('Start')]).map(change => [change.node, change.state, change.by]))
      .toEqual([['n1', 'up', 'check'], ['n1', 'down', null], ['n2', 'down', null]]);
  });
});
