import { useLocation } from 'wouter';
import { useRefusal } from '../../app/session';
import { ActionButton } from '../../components/ActionButton';

/** To the making of a module. */
export function NewModule({ first = false }: { first?: boolean }) {
  const refused = useRefusal('Admin');
  const [, go] = useLocation();
  return <ActionButton label={first ? 'Make the first module' : 'New module'} icon="plus" variant={first ? 'filled' : 'default'} refusal={refused} onClick={() => go('/new-module')} />;
}
