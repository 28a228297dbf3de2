import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

type Loader = () => Promise<{ default: ComponentType }>;

const loaders: Loader[] = [];
const quietMilliseconds = 1500;

/** A page that is loaded after the first one is there. */
export function later(load: Loader): LazyExoticComponent<ComponentType> {
  loaders.push(load);
  return lazy(load);
}

/** Loads what is not loaded yet, one by one, once the first page has had its time. */
export function loadAll(): () => void {
  const timer = setTimeout(() => {
    void (async () => {
      for (const load of loaders) await load().catch(() => undefined); // Whoever goes there tries again, and is told.
    })();
  }, quietMilliseconds);
  return () => clearTimeout(timer);
}
