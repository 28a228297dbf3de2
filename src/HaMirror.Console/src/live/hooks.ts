// How pages read the store: each hook wakes its page only when what it gives has changed.
import { useShallow } from 'zustand/react/shallow';
import type { ModulePair, NodeLive } from './store';
import { useLive } from './store';

const nothing: ModulePair = {};

/** Both nodes in their order. */
export function useNodes(): readonly NodeLive[] {
  return useLive(useShallow(state => state.order.map(name => state.nodes[name]!)));
}

export function usePair(module: string): ModulePair {
  return useLive(state => state.modules[module] ?? nothing);
}

export const nodeName = (name: string): string => name || 'this node';
