import { create } from 'zustand';

export interface Toast { id: number; text: string }

export const useToasts = create<{ list: readonly Toast[] }>(() => ({ list: [] }));

const shownMilliseconds = 7000;
let last = 0;

/** Says that something was done, for a moment. What went wrong is no toast: it stays where it was asked for. */
export function toast(text: string): void {
  const id = ++last;
  useToasts.setState(state => ({ list: [...state.list, { id, text }] }));
  setTimeout(() => useToasts.setState(state => ({ list: state.list.filter(each => each.id !== id) })), shownMilliseconds);
}
