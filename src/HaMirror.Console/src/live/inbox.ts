// Events wait here for a tenth of a second and are taken all at once: a hundred modules that change every second cost ten
// looks at the page, not a hundred. A tenth is far below what an eye minds.
import { after, useLive, type Incoming } from './store';

export const batchMilliseconds = 100;

let waiting: Incoming[] = [];
let timer: ReturnType<typeof setTimeout> | null = null;

export function deliver(event: Incoming): void {
  waiting.push(event);
  timer ??= setTimeout(flush, batchMilliseconds);
}

export function flush(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  const events = waiting;
  waiting = [];
  const before = useLive.getState();
  const next = after(before, events);
  if (next !== before) useLive.setState(next, true);
}
