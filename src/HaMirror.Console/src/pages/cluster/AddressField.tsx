import { Loader, TextInput } from '@mantine/core';
import { useEffect, useId, useMemo } from 'react';
import { Icon } from '../../components/Icon';
import classes from './AddressField.module.css';
import { useAddressCheck, type Finding, type Question } from './useAddressCheck';

interface Props {
  label: string;
  value: string;
  questions: readonly Question[];
  onChange: (value: string) => void;
  /** Told what was found, so that what is wrong is not sent. */
  onFinding?: ((finding: Finding) => void) | undefined;
  placeholder?: string;
  disabled?: boolean;
}

/** An address that is looked at while it is typed. */
export function AddressField({ label, value, questions, onChange, onFinding, placeholder = '10.0.0.1', disabled = false }: Props) {
  const finding = useAddressCheck(value, questions);
  const [list, below] = [useId(), useId()];
  useEffect(() => { onFinding?.(finding); }, [finding.tone, finding.text]); // eslint-disable-line
  const own = useMemo(() => finding.own.filter(address => address !== value.trim()), [finding.own, value]);
  return (
    <div className={classes.field}>
      <TextInput
        label={label} value={value} placeholder={placeholder} disabled={disabled} list={own.length > 0 ? list : undefined} autoComplete="off" spellCheck={false}
        aria-describedby={below} aria-invalid={finding.tone === 'bad' || undefined} error={finding.tone === 'bad'}
        rightSection={finding.tone === 'busy' ? <Loader size={16} aria-hidden="true" /> : undefined}
        onChange={event => onChange(event.currentTarget.value)}
      />
      {own.length > 0 && <datalist id={list}>{own.map(address => <option key={address} value={address} />)}</datalist>}
      <p id={below} className={`${classes.finding} ${classes[finding.tone] ?? ''}`} aria-live="polite">
        {(finding.tone === 'good' || finding.tone === 'warn' || finding.tone === 'bad') && <Icon name={finding.tone === 'good' ? 'check' : 'warning'} size={15} />}
        <span>{finding.text}</span>
      </p>
    </div>
  );
}
