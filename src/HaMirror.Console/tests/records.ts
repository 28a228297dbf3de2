import type { ModuleStatus, NodeStatus } from '../src/api/types';
import type { NodeLive } from '../src/live/store';

export function status(change: Partial<ModuleStatus> = {}): ModuleStatus {
  return {
    module: 'vm1', node: 'n1', state: 'PRIM', phase: 'Ready', since: '2026-11-26T12:00:00Z', condition: 'UpToDate', generation: 'aa', failoverOn: true,
    peerState: 'SECOND', peerPhase: 'Ready', peerCondition: 'UpToDate', peerHeard: true, linked: true, dirtyBytes: 0, resources: [], notes: [], ...change,
  };
}

export const standby = (change: Partial<ModuleStatus> = {}) => status({ node: 'n2', state: 'SECOND', peerState: 'PRIM', ...change });

export const node = (name: string, change: Partial<NodeLive> = {}): NodeLive => ({ name, reach: 'live', since: 0, consoles: [], ...change });

export const nodeStatus = (name: string, modules: ModuleStatus[]): NodeStatus => ({ node: name, peer: name === 'n1' ? 'n2' : 'n1', version: '1', started: '', lans: [], modules });
