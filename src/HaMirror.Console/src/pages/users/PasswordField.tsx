import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../components/Icon';
import { passwordLengthLeast, passwordRefusal } from '../../model/roles';
import classes from './rows.module.css';

// Without what is taken for one another: people read them to each other.
const letters = 'abcdefghijkmnopqrstuvwxyz23456789';
const groups = 4, groupLength = 5;

function made(): string {
  const words: string[] = [];
  for (let group = 0; group < groups; group++) {
    let word = '';
    while (word.length < groupLength) {
      const octet = crypto.getRandomValues(new Uint8Array(1))[0]!;
      if (octet < 256 - (256 % letters.length)) word += letters[octet % letters.length]; // Every letter as likely as the other.
    }
    words.push(word);
  }
  return words.join('-');
}

interface Props { label: string; value: string; onChange: (value: string) => void; autoFocus?: boolean; canMake?: boolean }

/** A new password, which the page can make up. */
export function PasswordField({ label, value, onChange, autoFocus = false, canMake = false }: Props) {
  const [visible, setVisible] = useState(false);
  return (
    <div className={classes.stack}>
      <PasswordInput
        label={label} description={`At least ${passwordLengthLeast} characters.`} value={value} error={passwordRefusal(value)} autoComplete="new-password" visible={visible} onVisibilityChange={setVisible}
        visibilityToggleButtonProps={{ 'aria-label': `Show the password (${label})` }} data-autofocus={autoFocus || undefined} onChange={event => onChange(event.currentTarget.value)}
      />
      {canMake && <div><Button variant="default" size="xs" leftSection={<Icon name="key" size={15} />} onClick={() => { onChange(made()); setVisible(true); }}>Make one up</Button></div>}
    </div>
  );
}
