import { describe, expect, it } from 'vitest';
import type { ModuleFile } from '../src/api/configuration';
import { differing, moduleNameRefusal, nameRefusal } from '../src/model/moduleFiles';
import { blocksOf, mergedFiles } from '../src/model/textDiff';

const lines = (...all: (string | number)[]) => all.map(line => `${line}\n`).join('');
const file = (path: string, text: string, executable = false): ModuleFile => ({ path, text, executable });

describe('blocksOf', () => {
  it('shows what differs with three lines around it, and says how many it leaves out', () => {
    const before = lines(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    const blocks = blocksOf(before, before.replace('6\n', 'six\nand more\n'));
    expect(blocks).toEqual([
      { kind: 'same', before: ['3', '4', '5'], after: ['3', '4', '5'], beforeLine: 3, afterLine: 3, skipped: 2 },
      { kind: 'changed', before: ['6'], after: ['six', 'and more'], beforeLine: 6, afterLine: 6, skipped: 0 },
      { kind: 'same', before: ['7', '8', '9'], after: ['7', '8', '9'], beforeLine: 7, afterLine: 8, skipped: 0 },
    ]);
  });

  it('shows what is new, what is gone, and nothing of what is the same', () => {
    expect(blocksOf('', lines('a'))).toEqual([{ kind: 'changed', before: [], after: ['a'], beforeLine: 1, afterLine: 1, skipped: 0 }]);
    expect(blocksOf(lines('a'), '')).toEqual([{ kind: 'changed', before: ['a'], after: [], beforeLine: 1, afterLine: 1, skipped: 0 }]);
    expect(blocksOf(lines('a'), lines('a')).some(block => block.kind === 'changed')).toBe(false);
  });
});

describe('mergedFiles', () => {
  const base = [file('bin/start_prim', lines('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i')), file('bin/x', 'x\n'), file('bin/y', 'y\n')];
  it('takes what each of both did', () => {
    const theirs = [file('bin/start_prim', base[0]!.text!.replace('a\n', 'A\n')), file('bin/x', 'x\n', true), file('bin/z', 'z\n')];
    const mine = [file('bin/start_prim', base[0]!.text!.replace('i\n', 'I\n')), file('bin/x', 'x\nmore\n'), file('bin/y', 'y\n'), file('bin/own', 'own\n')];
    const { files, conflicts } = mergedFiles(base, theirs, mine);
    expect(conflicts).toEqual([]);
    expect(files).toEqual([file('bin/own', 'own\n'), file('bin/start_prim', lines('A', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'I')), file('bin/x', 'x\nmore\n', true), file('bin/z', 'z\n')]);
  });

  it('names what both changed in the same place, or one removed and the other changed', () => {
    const theirs = [file('bin/start_prim', base[0]!.text!.replace('c\n', 'C1\n')), file('bin/y', 'y\n')];
    const mine = [file('bin/start_prim', base[0]!.text!.replace('c\n', 'C2\n')), file('bin/x', 'changed\n'), file('bin/y', 'y\n')];
    const merged = mergedFiles(base, theirs, mine);
    expect(merged.conflicts).toEqual(['bin/start_prim', 'bin/x']);
    expect(differing(merged.files, mine)).toEqual([]);
  });
});

describe('names', () => {
  it.each(['', '../x', 'bin/.x', 'bin/a b', 'a/b/c/d/e', 'bin//x', 'bin/start_prim', 'bin/start_prim/x'])('%j is refused for a file', path => {
    expect(nameRefusal([file('bin/start_prim', '')], path)).not.toBeNull();
  });
  it.each(['bin/check_disk', 'conf/x.conf', 'a'])('%j may be a file', path => expect(nameRefusal([file('bin/start_prim', '')], path)).toBeNull());
  it('of modules are those that the node takes', () => {
    expect(moduleNameRefusal('vm1', ['vm2'])).toBeNull();
    for (const name of ['', 'a b', '-a', 'a/b', 'vm2', 'x'.repeat(65)]) expect(moduleNameRefusal(name, ['vm2'])).not.toBeNull();
  });
});
