import { Icon } from './Icon';
import { useToasts } from './toasts';
import classes from './Toasts.module.css';

export function Toasts() {
  const list = useToasts(state => state.list);
  return <div className={classes.toasts} role="status" aria-live="polite">{list.map(each => <div key={each.id} className={classes.toast}><Icon name="check" size={16} />{each.text}</div>)}</div>;
}
