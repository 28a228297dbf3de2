// What two texts differ in, line by line, and what two people did to one text, put together.
import { applyPatch, diffLines, structuredPatch } from 'diff';
import type { ModuleFile } from '../api/configuration';
import { differing, fileOf, sameFile, withFile, withoutFile, type Files } from './moduleFiles';

/** A run of lines: the same on both sides, or what stood there and what stands there now. Line numbers count from 1. */
export interface Block {
  kind: 'same' | 'changed';
  before: readonly string[];
  after: readonly string[];
  beforeLine: number;
  afterLine: number;
  /** Lines that are the same on both sides and are left out before this block. */
  skipped: number;
}

const linesOf = (value: string): string[] => {
  const lines = value.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/** @param context lines that are shown around what differs */
export function blocksOf(before: string, after: string, context = 3): Block[] {
  const parts = diffLines(before, after);
  const blocks: Block[] = [];
  let [beforeLine, afterLine, skipped] = [1, 1, 0];
  const push = (kind: Block['kind'], old: readonly string[], now: readonly string[]) => {
    if (old.length + now.length > 0) {
      blocks.push({ kind, before: old, after: now, beforeLine, afterLine, skipped });
      skipped = 0;
    }
    beforeLine += old.length;
    afterLine += now.length;
  };
  for (let n = 0; n < parts.length; n++) {
    const lines = linesOf(parts[n]!.value);
    if (parts[n]!.removed || parts[n]!.added) {
      const next = parts[n]!.removed && parts[n + 1]?.added ? linesOf(parts[++n]!.value) : null;
      if (parts[n]!.removed) push('changed', lines, []);
      else push('changed', next === null ? [] : lines, next ?? lines);
      continue;
    }
    const head = n === 0 ? 0 : context;
    const tail = n === parts.length - 1 ? 0 : context;
    if (lines.length <= head + tail + 1) {
      push('same', lines, lines);
      continue;
    }
    push('same', lines.slice(0, head), lines.slice(0, head));
    const left = lines.length - head - tail;
    skipped = left;
    beforeLine += left;
    afterLine += left;
    if (tail > 0) push('same', lines.slice(lines.length - tail), lines.slice(lines.length - tail));
  }
  return blocks;
}

/** What `mine` did to `base`, done to `theirs`; null: both touched the same lines. */
export function mergedText(base: string, theirs: string, mine: string): string | null {
  const done = applyPatch(theirs, structuredPatch('file', 'file', base, mine, undefined, undefined, { context: 3 }));
  return done === false ? null : done;
}

/** Both people's changes of a module's files. `conflicts` are those that both changed in the same place: of them `files` has mine. */
export function mergedFiles(base: Files, theirs: Files, mine: Files): { files: Files; conflicts: string[] } {
  const conflicts: string[] = [];
  let files = theirs;
  for (const path of differing(base, mine)) {
    const [was, their, own] = [fileOf(base, path), fileOf(theirs, path), fileOf(mine, path)];
    const merged = sameFile(was, their) || sameFile(their, own) ? own : both(was, their, own);
    if (merged === null) conflicts.push(path);
    const taken = merged === null ? own : merged;
    files = taken ? withFile(files, taken) : withoutFile(files, path);
  }
  return { files, conflicts };
}

function both(was: ModuleFile | undefined, their: ModuleFile | undefined, own: ModuleFile | undefined): ModuleFile | null {
  if (was?.text === undefined || their?.text === undefined || own?.text === undefined) return null;
  const text = mergedText(was.text, their.text, own.text);
  const executable = own.executable === was.executable ? their.executable : own.executable;
  return text === null ? null : { path: own.path, text, executable };
}
