import { ActionIcon, Button } from '@mantine/core';
import { Icon } from '../../components/Icon';
import { AddressField } from './AddressField';
import classes from './ClusterForm.module.css';
import { witnessesMax } from './draft';
import type { Finding } from './useAddressCheck';

interface Props {
  witnesses: readonly string[];
  /** Who looks whether it answers. */
  nodes: readonly string[];
  /** Those in force, which are not looked at again: the test on the page Cluster does that. */
  present?: readonly string[];
  onChange: (witnesses: readonly string[]) => void;
  onFinding: (field: string, finding: Finding) => void;
}

/** Whom nodes ask that do not see each other; looked at from both as it is typed. */
export function WitnessFields({ witnesses, nodes, present = [], onChange, onFinding }: Props) {
  const shown = witnesses.length === 0 ? [''] : witnesses;
  const set = (index: number, address: string) => onChange(shown.map((before, at) => (at === index ? address : before)));
  return (
    <div className={classes.stack}>
      {shown.map((address, index) => (
        <div key={index} className={classes.row}>
          <AddressField label={shown.length > 1 ? `Witness ${index + 1}` : 'Witness'} placeholder="10.0.0.254" value={address} questions={present.includes(address.trim()) ? [] : nodes.map(node => ({ node, kind: 'witness' as const }))} onChange={value => set(index, value)} onFinding={finding => onFinding(`witness ${index}`, finding)} />
          {shown.length > 1 && <ActionIcon className={classes.beside} variant="subtle" color="gray" size={36} aria-label={`Remove the witness ${address || index + 1}`} onClick={() => {
            onChange(shown.filter((_, at) => at !== index));
            onFinding(`witness ${shown.length - 1}`, { tone: 'empty', text: '', own: [] });
          }}><Icon name="trash" /></ActionIcon>}
        </div>
      ))}
      {shown.length < witnessesMax && shown.every(address => address.trim() !== '') && <div><Button variant="default" size="xs" leftSection={<Icon name="plus" size={15} />} onClick={() => onChange([...shown, ''])}>Another witness</Button></div>}
    </div>
  );
}
