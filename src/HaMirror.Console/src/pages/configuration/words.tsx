import { Fragment, type ReactNode } from 'react';
import type { XmlElement } from '../../model/xmlText';

/** What elements are called for somebody who does not think in XML. */
const titles: Readonly<Record<string, string>> = {
  service: 'Module', heart: 'Heartbeats', heartbeat: 'LAN', rfs: 'Replication', replicated: 'Directory', notreplicated: 'Not replicated', tocheck: 'Must exist',
  user: 'Hooks', var: 'Variable', errd: 'Processes', proc: 'Process', check: 'Checkers', tcp: 'TCP port', ping: 'Ping', intf: 'Network interface', ip: 'Own address',
  module: 'Other module', custom: 'Own checker', splitbrain: 'Witness', failover: 'Failover rules', macro: 'Macro', to: 'What is looked at',
};

export const titleOf = (element: string): string => titles[element] ?? element;

const naming = ['ident', 'name', 'dir', 'path', 'regexpath', 'addr', 'local_addr'];

/** What tells an element from others of its kind; "" where nothing does. */
export function nameOf(element: XmlElement): string {
  for (const name of naming) {
    const value = element.attributes.find(one => one.name === name)?.value;
    if (value) return value;
  }
  return '';
}

/** A sentence of the manual: what stands between backticks is to be typed so. */
export function meaning(text: string): ReactNode {
  const said = text.slice(0, 1).toUpperCase() + text.slice(1);
  return said.split('`').map((part, n) => <Fragment key={n}>{n % 2 === 1 ? <code>{part}</code> : part}</Fragment>);
}
