import { useEffect, useState } from 'react';
import { ActionButton } from './ActionButton';

const shownMilliseconds = 3000;
const old = 'This browser copies only on pages over HTTPS or localhost: mark the text and copy it by hand.';

/** Puts a text on the clipboard, and says that it did. */
export function CopyButton({ label, text, name }: { label: string; text: string; name?: string }) {
  const [state, setState] = useState<'' | 'done' | 'failed'>('');
  useEffect(() => {
    if (state === '') return;
    const timer = setTimeout(() => setState(''), shownMilliseconds);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => { navigator.clipboard.writeText(text).then(() => setState('done'), () => setState('failed')); };
  const shown = state === 'done' ? 'Copied' : state === 'failed' ? 'Not copied: mark it by hand' : label;
  return <ActionButton label={shown} icon={state === 'done' ? 'check' : 'copy'} size="xs" {...(name !== undefined && state === '' ? { name } : {})} refusal={navigator.clipboard ? null : old} onClick={copy} />;
}
