import { Problem } from '../api/problem';
import { Icon } from './Icon';
import classes from './Note.module.css';

/** A refusal as it is shown everywhere: the sentence, the remedy, every fault. */
export function ProblemNote({ problem }: { problem: unknown }) {
  const shown = Problem.of(problem);
  return (
    <div className={`${classes.note} ${classes.bad}`} role="alert">
      <span className={classes.sign}><Icon name="warning" /></span>
      <div className={classes.text}>
        <strong>{shown.title}</strong>
        {shown.remedy && <p>{shown.remedy}</p>}
        {shown.errors.length > 0 && <ul>{shown.errors.map(error => <li key={error} className="mono">{error}</li>)}</ul>}
      </div>
    </div>
  );
}
