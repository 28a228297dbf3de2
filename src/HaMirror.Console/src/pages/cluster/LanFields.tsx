import { ActionIcon, Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../components/Icon';
import type { ClusterLan } from '../../api/cluster';
import { AddressField } from './AddressField';
import type { DraftLan } from './draft';
import classes from './ClusterForm.module.css';
import type { Finding, Question } from './useAddressCheck';

interface Props {
  lan: DraftLan;
  /** As it is in force; what stays is not looked at. */
  before: ClusterLan | undefined;
  title: string;
  refusal: string | null;
  onChange: (lan: DraftLan) => void;
  onRemove: (() => void) | null;
  onFinding: (field: string, finding: Finding) => void;
}

/** One network: its name, and where each node is on it. */
export function LanFields({ lan, before, title, refusal, onChange, onRemove, onFinding }: Props) {
  const [translated, setTranslated] = useState(lan.nodes.some(node => node.localAddress !== ''));
  const setNode = (name: string, change: { address?: string; localAddress?: string }) => onChange({ ...lan, nodes: lan.nodes.map(node => (node.name === name ? { ...node, ...change } : node)) });
  /** The node itself must have it, unless addresses are translated on the way; the other one must reach it there. */
  const questions = (name: string, local: boolean): Question[] => {
    const [own, was] = [lan.nodes.find(node => node.name === name)!, before?.nodes.find(node => node.name === name)];
    if (was && own.address.trim() === was.address && own.localAddress.trim() === (was.localAddress ?? '')) return [];
    const other = lan.nodes.find(node => node.name !== name)!.name;
    if (local) return [{ node: name, kind: 'own' }];
    return translated ? [{ node: other, kind: 'witness' }] : [{ node: name, kind: 'own' }, { node: other, kind: 'peer' }];
  };
  return (
    <fieldset className={classes.lan}>
      <legend>{title}</legend>
      {onRemove && <ActionIcon className={classes.remove} variant="subtle" color="gray" size={34} aria-label={`Remove the LAN ${lan.name}`} onClick={onRemove}><Icon name="trash" /></ActionIcon>}
      <TextInput className={classes.short} label="Name" value={lan.name} error={refusal} autoComplete="off" spellCheck={false} onChange={event => onChange({ ...lan, name: event.currentTarget.value })} />
      <div className={classes.pair}>
        {lan.nodes.map(node => (
          <div key={node.name} className={classes.stack}>
            <AddressField label={`Address of ${node.name}`} value={node.address} questions={questions(node.name, false)} onChange={address => setNode(node.name, { address })} onFinding={finding => onFinding(`${lan.key} ${node.name}`, finding)} />
            {translated && <AddressField label={`${node.name} itself binds`} value={node.localAddress} placeholder={node.address || '192.168.0.1'} questions={questions(node.name, true)} onChange={localAddress => setNode(node.name, { localAddress })} onFinding={finding => onFinding(`${lan.key} ${node.name} local`, finding)} />}
          </div>
        ))}
      </div>
      <Checkbox
        label="Addresses are translated between the nodes (NAT)" checked={translated}
        onChange={event => {
          setTranslated(event.currentTarget.checked);
          if (!event.currentTarget.checked) {
            onChange({ ...lan, nodes: lan.nodes.map(node => ({ ...node, localAddress: '' })) });
            for (const node of lan.nodes) onFinding(`${lan.key} ${node.name} local`, { tone: 'empty', text: '', own: [] });
          }
        }}
      />
    </fieldset>
  );
}
