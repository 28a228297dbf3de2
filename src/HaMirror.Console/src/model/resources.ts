import type { ResourceStatus } from '../api/types';
import type { LoggedLine } from '../live/store';

export interface ResourceChange { time: string; node: string; name: string; state: ResourceStatus['state']; by: string | null }

const told = /^Resource (\S+) set to (up|down|init|unknown)(?: by (.+))?$/;

/** What the lines of a log say of resources ("Resource NAME set to STATE by WHO"), oldest first; what stays as it was is no change. */
export function resourceChanges(lines: readonly LoggedLine[]): ResourceChange[] {
  const before = new Map<string, string>();
  return lines.flatMap(line => {
    const match = told.exec(line.text);
    const place = match && `${line.node}\t${match[1]}`;
    if (!match || !place || before.get(place) === match[2]) return [];
    before.set(place, match[2]!);
    return [{ time: line.time, node: line.node, name: match[1]!, state: match[2] as ResourceStatus['state'], by: match[3] ?? null }];
  });
}
