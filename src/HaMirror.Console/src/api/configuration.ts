// The records and requests of modules' configurations (src/HaMirror.Core/Api, ConfigurationRecords, VocabularyRecords).
import { api, modulePath } from './client';
import { outcome } from './operations';
import type { ChangeStatus, OperationStatus } from './types';

/** `text` is missing where the content is no text; then `base64` has it. */
export interface ModuleFile { path: string; text?: string; base64?: string; executable: boolean }

export interface ConfigurationField { name: string; kind: 'macro' | 'var'; value: string; meaning?: string; line: number }

/** A module's files. `version` is missing of a draft that is nowhere yet. */
export interface ModuleFiles {
  module: string; node: string; version?: string; activeVersion?: string; peerVersion?: string; files: ModuleFile[];
  fields: ConfigurationField[]; change?: ChangeStatus;
}

export interface ConfigurationFault { node: string; file: string; line: number; column: number; text: string }

/** `setting` is missing where a file as a whole is meant; `before` and `after` where it was not or is not there. */
export interface ConfigurationChange {
  file: string; setting?: string; before?: string; after?: string; line: number; whileRunning: boolean; effect: string;
}

export interface NodeReadiness { node: string; reachable: boolean; state?: string; version?: string; refusal?: string }

export interface ConfigurationCheck {
  module: string; version?: string; valid: boolean; faults: ConfigurationFault[]; notes: string[]; changes: ConfigurationChange[];
  needsStop: boolean; fields: ConfigurationField[]; nodes: NodeReadiness[];
}

/** `finished` false: it is decided, and the node in `waiting` gets it by itself. */
export interface ConfigurationApplied { module: string; version?: string; finished: boolean; waiting?: string; notes: string[] }

export interface ModuleVersion { id: string; time: string; by: string; comment?: string; active: boolean }

export interface TemplateStatus { name: string; description: string; fields: ConfigurationField[]; files: ModuleFile[] }

export interface AttributeStatus {
  name: string; kind: 'Text' | 'FreeText' | 'OnOff' | 'Whole' | 'Duration' | 'Choice'; default?: string; meaning: string; standing: string;
  required: boolean; unit?: string; least?: number; most?: number; choices: string[]; whileRunning: boolean;
}

export interface ElementStatus {
  name: string; meaning: string; standing: string; many: boolean; required: boolean; attributes: AttributeStatus[]; children: ElementStatus[];
}

export const xmlPath = 'conf/userconfig.xml';

export const configurationPath = (module: string, rest = '') => modulePath(module, `/configuration${rest}`);

export const versionPath = (module: string, id = '', rest = '') => modulePath(module, `/versions${id ? `/${encodeURIComponent(id)}` : ''}${rest}`);

/** What a change does, and where. `match` is the version that it replaces; null: there is none. */
export interface ChangeRequest { module: string; node: string; match: string | null }

type Tell = (now: OperationStatus) => void;

export async function applyFiles(change: ChangeRequest, files: readonly ModuleFile[], makeDirectories: boolean, comment: string, tell: Tell): Promise<ConfigurationApplied> {
  const body = { files, makeDirectories, ...(comment ? { comment } : {}) };
  return outcome(await api.put<OperationStatus>(configurationPath(change.module), body, { node: change.node, match: change.match, asOperation: true }), tell);
}

export async function restoreVersion(change: ChangeRequest, id: string, tell: Tell): Promise<ConfigurationApplied> {
  return outcome(await api.post<OperationStatus>(versionPath(change.module, id, '/restore'), {}, { node: change.node, match: change.match, asOperation: true }), tell);
}

export async function removeModule(change: ChangeRequest, tell: Tell): Promise<ConfigurationApplied> {
  return outcome(await api.delete<OperationStatus>(configurationPath(change.module), { node: change.node, match: change.match, asOperation: true }), tell);
}
