import { Loader } from '@mantine/core';
import { ProblemNote } from '../components/ProblemNote';
import { useSession } from './session';
import classes from './Waiting.module.css';

/** Before anybody has answered. */
export function Waiting() {
  const problem = useSession(state => state.problem);
  return (
    <main className={classes.page}>
      <h1 className="unseen">HaMirror</h1>
      {problem ? <ProblemNote problem={problem} /> : <Loader aria-label="Asking the node" />}
    </main>
  );
}
