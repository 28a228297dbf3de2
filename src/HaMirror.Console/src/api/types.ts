// The records of src/HaMirror.Core/Api as they come over the wire: camelCase, and what is null is left out.

export type Role = 'Monitor' | 'Control' | 'Admin';
export type State = 'STOP' | 'WAIT' | 'ALONE' | 'PRIM' | 'SECOND';
export type Phase = 'NotReady' | 'Transient' | 'Ready';
export type Condition = 'UpToDate' | 'Outdated' | 'Inconsistent' | 'Unknown';
export type Level = 'Critical' | 'Warning' | 'Event' | 'Detail';

export interface SessionStatus { name: string; role: Role; kind: string; expires?: string; token?: string }

/** `consoles`: where a browser reaches that node's console, best first. */
export interface NodeSummary { node: string; own: boolean; reachable: boolean; addresses: string[]; consoles: string[] }

export interface LanStatus {
  name: string; address: string; peerAddress: string; silentMilliseconds?: number; lost: boolean; refusal?: string;
}

export interface NodeStatus {
  node: string; peer: string; version: string; started: string; lans: LanStatus[]; modules: ModuleStatus[];
}

export interface ResyncStatus {
  source: boolean; plan: string; bytesCompared: number; bytesCopied: number; bytesToDo: number; bytesPerSecond: number;
  secondsLeft?: number; percent: number;
}

export interface ResourceStatus { name: string; state: 'init' | 'up' | 'down' | 'unknown'; since: string }

export interface ModuleStatus {
  module: string; node: string; state: State; phase: Phase; reason?: string; since: string; condition: Condition;
  generation: string; failoverOn: boolean; peerState?: State; peerPhase?: Phase; peerCondition?: Condition;
  peerHeard: boolean; linked: boolean; resync?: ResyncStatus; dirtyBytes?: number; resources: ResourceStatus[]; notes: string[];
  decision?: DecisionStatus; configurationVersion?: string; peerConfigurationVersion?: string; change?: ChangeStatus;
  features?: FeatureStatus[];
}

/** A change of both nodes that is not over. */
export interface ChangeStatus {
  id: string; kind: 'apply' | 'remove' | 'cluster'; module: string; version?: string; by: string; time: string; coordinator: string;
  state: 'prepared' | 'decided'; sentence: string;
}

/** An ability of the kernel that the module's mounts use, or why they do not. */
export interface FeatureStatus { name: string; state: 'on' | 'off' | 'missing' | 'unused'; note: string }

export interface LogLine { time: string; module: string; level: Level; text: string }

/** Counters since the module's mounts were made; the rates are for whoever reads two of them. */
export interface ModuleTraffic {
  module: string; requests: number; writtenBytes: number; writes: number; lagBytes: number; heldRequests: number;
}

export interface Traffic { time: string; modules: ModuleTraffic[] }

export interface ProblemRecord { title: string; detail?: string; status: number; errors?: string[] }

export interface ReplicaEvidence {
  node: string; state: State; phase: Phase; condition: Condition; generation: string; base: string; resyncFrom?: string;
  flags: string[]; markedBytes: number;
}

/** What was decided last at a connection or a failure, and what it rested on. */
export interface DecisionStatus {
  time: string; sentence: string; evidence: string[]; own: ReplicaEvidence; peer?: ReplicaEvidence; peerHeard: boolean;
  peerSilentSeconds?: number; hasWitness: boolean; witnessAnswered?: boolean;
}

export interface ConnectionReport {
  module: string; decision: string; plan?: string; sentence: string; mine: ReplicaEvidence; theirs?: ReplicaEvidence;
  peerHeardSeconds?: number; notes: string[];
}

export interface VerifyFinding { path: string; offset: number; bytes: number; what: string }

export interface VerifyReport {
  module: string; node: string; running: boolean; repair: boolean; end?: string; begun: string; directories: number; files: number;
  bytesTotal: number; bytesDone: number; bytesPerSecond: number; secondsLeft?: number; percent: number; findings: VerifyFinding[];
  findingCount: number; differentBytes: number; repaired: boolean;
}

export interface FileDiff { path: string; bytes: number; whole: boolean }

export interface ModuleDiff {
  module: string; node: string; state: State; files: FileDiff[]; fileCount: number; extentBytes: number; wholeFiles: number;
  wholeBytes: number; comparesAll: boolean; allFiles: number; allBytes: number; bytesPerSecond?: number; rateOf?: string;
  secondsNeeded?: number; notes: string[]; bytesToCompare: number;
}

export interface SalvageSet {
  id: string; time: string; node: string; peer: string; generation: string; kept: string; fileCount: number; bytes: number;
  open: boolean; fault?: string;
}

export interface ActionAccepted { module: string; action: string; state: State; phase: Phase }

/** What takes long. `result` is what the request would have answered. */
export interface OperationStatus {
  id: string; kind: string; module?: string; node: string; by: string; begun: string; ended?: string;
  state: 'running' | 'done' | 'failed' | 'cancelled'; percent?: number; bytesDone?: number; bytesTotal?: number; bytesPerSecond?: number;
  secondsLeft?: number; text: string; canCancel: boolean; result?: unknown; problem?: ProblemRecord;
}
