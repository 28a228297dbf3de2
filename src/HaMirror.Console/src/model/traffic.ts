import type { ModuleTraffic } from '../api/types';

/** A second of a module's life on a node. Rates are null where there is nothing to subtract from. */
export interface TrafficPoint {
  /** Milliseconds since 1970. */
  time: number;
  writtenPerSecond: number | null;
  requestsPerSecond: number | null;
  /** Of the resync that ran then. */
  resyncPerSecond: number | null;
  lagBytes: number;
  held: number;
  counters: ModuleTraffic;
}

const gapMilliseconds = 10_000;

/** Rates from two counts. After a gap, or when the counters began anew, there is none: a mean over a gap would be no rate. */
export function trafficPoint(before: TrafficPoint | undefined, time: number, counters: ModuleTraffic, resyncPerSecond: number | null = null): TrafficPoint {
  const milliseconds = before ? time - before.time : 0;
  const usable = before !== undefined && milliseconds > 0 && milliseconds <= gapMilliseconds
    && counters.requests >= before.counters.requests && counters.writtenBytes >= before.counters.writtenBytes;
  const rate = (now: number, then: number) => ((now - then) * 1000) / milliseconds;
  return {
    time,
    writtenPerSecond: usable ? rate(counters.writtenBytes, before.counters.writtenBytes) : null,
    requestsPerSecond: usable ? rate(counters.requests, before.counters.requests) : null,
    resyncPerSecond,
    lagBytes: counters.lagBytes,
    held: counters.heldRequests,
    counters,
  };
}
