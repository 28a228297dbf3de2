// Records of what was (src/HaMirror.Core/Api/TimelineRecords.cs, SalvageRecords.cs).
import type { Phase, State } from './types';

export type TimelineKind = 'state' | 'action' | 'decision' | 'agent';

/** `cause`: what led to a change of state, as the module's log says it. */
export interface TimelineEntry { time: string; node: string; kind: TimelineKind; state?: State; phase?: Phase; text: string; cause?: string }

/** `missing`: nodes that did not answer. */
export interface ModuleTimeline { module: string; entries: TimelineEntry[]; missing: string[] }

export interface SalvageFile { path: string; size: number; savedBytes: number; gone: boolean; whole: boolean }

export interface SalvageWritten { files: { path: string; writtenTo: string; size: number; whole: boolean }[] }
