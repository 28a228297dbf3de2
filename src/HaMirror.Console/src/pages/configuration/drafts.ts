// What is edited and not applied yet, by module. It outlives a look at another page, not the browser's.
import { create } from 'zustand';
import type { ModuleFiles } from '../../api/configuration';
import { differing, type Files } from '../../model/moduleFiles';

export interface Draft {
  module: string;
  /** What the node had when editing began; of a new module what the template gives, without a version. */
  base: ModuleFiles;
  files: Files;
  /** The module is on no node yet. */
  isNew: boolean;
}

/** The draft of a new module has no module's name as its key: the module does not exist, and another one of its name may come. */
export const newModule = ' new';

export const useDrafts = create<{ all: Readonly<Record<string, Draft>> }>(() => ({ all: {} }));

export const keyOf = (draft: Draft): string => (draft.isNew ? newModule : draft.module);

export function setDraft(draft: Draft): void {
  useDrafts.setState(state => ({ all: { ...state.all, [keyOf(draft)]: draft } }));
}

export function dropDraft(key: string): void {
  useDrafts.setState(state => {
    const { [key]: _, ...all } = state.all;
    return { all };
  });
}

/** Changes the files of a draft that is there. */
export function edit(key: string, change: (files: Files) => Files): void {
  useDrafts.setState(state => {
    const draft = state.all[key];
    return draft ? { all: { ...state.all, [key]: { ...draft, files: change(draft.files) } } } : state;
  });
}

export const isDirty = (draft: Draft): boolean => draft.isNew || differing(draft.base.files, draft.files).length > 0;

/** The browser asks before it leaves with changes that are nowhere else. */
export function guardLeaving(): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (Object.values(useDrafts.getState().all).some(isDirty)) event.preventDefault();
  };
  window.addEventListener('beforeunload', ask);
  return () => window.removeEventListener('beforeunload', ask);
}
