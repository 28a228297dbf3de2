import { describe, expect, it } from 'vitest';
import type { OperationStatus } from '../src/api/types';
import { incoming } from '../src/live/connection';
import { after, emptyLive } from '../src/live/store';
import { allOperations, beganBy, cancelWord, kindWord, noticed } from '../src/model/operations';
import { node, status } from './records';

const at = (second: number) => new Date(second * 1000).toISOString();
const operation = (change: Partial<OperationStatus> = {}): OperationStatus =>
  ({ id: 'a', kind: 'verify', module: 'vm1', node: 'n1', by: 'anna@10.0.0.1', begun: at(10), state: 'running', text: 'The replicas are compared.', canCancel: true, ...change });

describe('the operations of both nodes', () => {
  it('come as a list, then one by one', () => {
    const first = after(emptyLive, [{ kind: 'operations', node: 'n1', operations: [operation(), operation({ id: 'b', begun: at(20) })] }]);
    const told = incoming('n1', 'operation', JSON.stringify(operation({ state: 'done', ended: at(30) })))!;
    const next = after(first, [told, { kind: 'operation', node: 'n2', operation: operation({ id: 'c', node: 'n2', begun: at(15) }) }]);
    expect(allOperations(next.operations).map(each => [each.id, each.state])).toEqual([['b', 'running'], ['c', 'running'], ['a', 'done']]);
    expect(allOperations(next.operations)).toBe(allOperations(next.operations));
  });

  it('are those of the node\'s present life', () => {
    const first = after(emptyLive, [{ kind: 'operation', node: 'n1', operation: operation() }]);
    expect(allOperations(after(first, [{ kind: 'operations', node: 'n1', operations: [] }]).operations)).toEqual([]);
  });

  it('show a resync once, as its source tells it', () => {
    const source = operation({ kind: 'resync', id: 's', by: 'agent', text: 'The other node\'s replica is made equal.' });
    const target = operation({ kind: 'resync', id: 't', node: 'n2', by: 'agent', begun: at(11), text: 'This node\'s replica is made equal to the other one\'s.' });
    const later = operation({ kind: 'resync', id: 'u', node: 'n2', begun: at(500) });
    expect(allOperations({ n1: [{ ...source, ended: at(60), state: 'done' }], n2: [{ ...target, ended: at(61), state: 'done' }, later] }).map(each => each.id)).toEqual(['u', 's']);
    expect(allOperations({ n2: [target] }).map(each => each.id)).toEqual(['t']);
    // Both have ended and say the same: one of them.
    const equal = 'Both replicas are equal.';
    expect(allOperations({ n1: [{ ...source, ended: at(60), text: equal }], n2: [{ ...target, ended: at(61), text: equal }] })).toHaveLength(1);
  });

  it('are noticed while something moves, and not while a node is waited for', () => {
    const modules = { vm1: { n1: status({ state: 'WAIT', phase: 'NotReady' }) } };
    const waits = operation({ kind: 'start', id: 'w' });
    expect(noticed([waits, operation(), operation({ id: 'd', state: 'done' })], modules, {}).map(each => each.id)).toEqual(['a']);
    expect(noticed([operation()], modules, { n1: node('n1', { reach: 'gone' }) })).toEqual([]);
    expect(noticed([waits], { vm1: { n1: status({ phase: 'Transient' }) } }, {})).toHaveLength(1);
  });

  it('are told in words', () => {
    expect([kindWord('verify'), kindWord('something-new')]).toEqual(['Verification', 'something-new']);
    expect([cancelWord(operation()), cancelWord(operation({ kind: 'start' }))]).toEqual(['Stop', 'Stop waiting']);
    expect([beganBy(operation()), beganBy(operation({ by: 'agent' }))]).toEqual(['by anna@10.0.0.1', 'by itself']);
  });
});
