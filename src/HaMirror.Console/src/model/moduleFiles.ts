// The files of a module as they are edited in the page: one list, by path. Nothing here changes a list; each change is a new one.
import type { ModuleFile } from '../api/configuration';

export type Files = readonly ModuleFile[];

export const fileOf = (files: Files, path: string): ModuleFile | undefined => files.find(file => file.path === path);

export const textOf = (files: Files, path: string): string => fileOf(files, path)?.text ?? '';

export const sameFile = (a: ModuleFile | undefined, b: ModuleFile | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.executable === b.executable && (a.text ?? null) === (b.text ?? null) && (a.base64 ?? null) === (b.base64 ?? null));

const byPath = (a: ModuleFile, b: ModuleFile) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

export const withFile = (files: Files, file: ModuleFile): Files => [...files.filter(one => one.path !== file.path), file].sort(byPath);

export const withoutFile = (files: Files, path: string): Files => files.filter(one => one.path !== path);

export const withText = (files: Files, path: string, text: string): Files => {
  const present = fileOf(files, path);
  return withFile(files, { path, text, executable: present?.executable ?? false });
};

/** Paths that are not the same on both sides, in order. */
export function differing(before: Files, after: Files): string[] {
  const paths = [...new Set([...before, ...after].map(file => file.path))].sort();
  return paths.filter(path => !sameFile(fileOf(before, path), fileOf(after, path)));
}

/** Every hook that HaMirror runs (HookTable), and when. */
export const hooks: readonly { name: string; when: string }[] = [
  { name: 'prestart', when: 'Before the module starts; it must succeed.' },
  { name: 'start_both', when: 'When the node becomes ALONE, PRIM or SECOND; before the other start hooks. It must succeed.' },
  { name: 'start_prim', when: 'Starts the service, where it runs. It must succeed.' },
  { name: 'start_second', when: 'When the node becomes the standby.' },
  { name: 'start_sec', when: 'When the node becomes the standby, or serves without one.' },
  { name: 'stop_both', when: 'When the node leaves ALONE, PRIM or SECOND; called once more with "force" when it fails or takes too long.' },
  { name: 'stop_prim', when: 'Stops the service; called once more with "force" when it fails or takes too long.' },
  { name: 'stop_second', when: 'When the node is the standby no more.' },
  { name: 'stop_sec', when: 'When the node is the standby no more, or gets one.' },
  { name: 'transition', when: 'At each change of state, for notes to others; what it answers does not matter.' },
  { name: 'poststop', when: 'After the module has stopped.' },
];

export const hookWhen = (path: string): string | null => hooks.find(hook => `bin/${hook.name}` === path)?.when ?? null;

const part = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Why a file may not be called so; null: it may. As the node judges it (ModuleContent). */
export function nameRefusal(files: Files, path: string): string | null {
  const parts = path.split('/');
  if (path === '') return 'Name the file, e.g. bin/check_disk.';
  if (parts.length > 4 || !parts.every(one => part.test(one))) return 'Letters, digits, dots, underscores and hyphens, at most four parts between slashes, no dot first.';
  if (fileOf(files, path)) return 'There is such a file already.';
  if (files.some(file => file.path.startsWith(`${path}/`) || path.startsWith(`${file.path}/`))) return 'A file cannot be a directory, too.';
  return null;
}

const moduleName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Why a module may not be called so; null: it may. */
export function moduleNameRefusal(name: string, taken: readonly string[]): string | null {
  if (!moduleName.test(name)) return 'Up to 64 letters, digits, underscores, dots and hyphens, a letter or digit first.';
  return taken.includes(name) ? `There is a module ${name} already.` : null;
}
