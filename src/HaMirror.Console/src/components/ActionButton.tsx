import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import { Icon, type IconName } from './Icon';

interface Props extends Pick<ButtonProps, 'variant' | 'color' | 'size' | 'loading' | 'fullWidth'> {
  label: string;
  icon?: IconName;
  /** Why it cannot be done; null: it can. The button stays reachable, so that the reason is. */
  refusal?: string | null | undefined;
  /** For readers, where the label alone does not say what is meant. */
  name?: string;
  onClick: () => void;
}

/** A button that says why it cannot be used instead of vanishing. */
export function ActionButton({ label, icon, refusal = null, name, onClick, variant = 'default', size = 'sm', ...rest }: Props) {
  const button = (
    <Button
      {...rest}
      variant={variant}
      size={size}
      leftSection={icon && <Icon name={icon} size={16} />}
      aria-label={name}
      aria-disabled={refusal !== null || undefined}
      data-disabled={refusal !== null || undefined}
      onClick={event => (refusal === null ? onClick() : event.preventDefault())}
    >
      {label}
    </Button>
  );
  return refusal === null ? button : <Tooltip label={refusal}>{button}</Tooltip>;
}
