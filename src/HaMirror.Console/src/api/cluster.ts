// The records of the cluster, its accounts and its support as src/HaMirror.Core/Api has them.
import type { ChangeStatus, LanStatus, Role } from './types';

export interface ClusterNode { name: string; address: string; localAddress?: string }

export interface ClusterLan { name: string; nodes: ClusterNode[] }

export interface ClusterFile { version: string; port: number; lans: ClusterLan[]; change?: ChangeStatus; witnesses: string[] }

export interface ClusterApplied { version: string; finished: boolean; waiting?: string; notes: string[] }

export interface ClusterStatus {
  id: string; node: string; peer: string; peerHeard: boolean; lans: LanStatus[]; tokenExpires?: string; witnesses: string[];
}

export interface JoinToken { token: string; expires: string }

/** own: it must be one of the asked node; peer: it must not, and should answer; witness: it should answer. */
export type AddressKind = 'own' | 'peer' | 'witness';

export interface AddressCheck { address: string; valid: boolean; answers?: boolean; text: string; own: string[]; ofPeer?: boolean }

export interface ModuleWitness { module: string; witnesses: string[]; ownSetting: boolean }

export interface WitnessStatus { witnesses: string[]; modules: ModuleWitness[] }

export interface WitnessTest {
  node: string; reachable: boolean; text: string; witnesses: { address: string; answers: boolean; milliseconds?: number; text: string }[];
}

export interface CertificateStatus { subject: string; issuer: string; fingerprint: string; from: string; until: string; names: string[]; selfMade: boolean }

export interface NodeFacts {
  node: string; hostName: string; version: string; started: string; system: string; kernel: string; processor: string; processors: number;
  memoryBytes: number; booted: string; time: string; stateFreeBytes?: number; consoles: string[]; certificate?: CertificateStatus;
}

export interface UserStatus { name: string; role: Role; changed: string }

export interface KeyStatus { name: string; role: Role; made: string }

export interface KeyMade { name: string; role: Role; key: string }

export interface SupportMade { name: string; bytes: number }

export interface ChannelStatus { kind: 'mail' | 'webhook' | 'command'; target: string; lastSent?: string; lastError?: string }

export interface NotifyStatus { file: string; fault?: string; groupSeconds: number; level: string; channels: ChannelStatus[] }
