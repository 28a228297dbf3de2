import { useRefusal, useSession } from '../app/session';
import { Note } from '../components/Note';
import { PageHeader } from '../components/PageHeader';
import { KeyCard } from './users/KeyCard';
import { OwnCard } from './users/OwnCard';
import { UserCard } from './users/UserCard';
import classes from './ClusterPage.module.css';

/** Who may do what: users, keys, and one's own account. */
export default function UsersPage() {
  const refused = useRefusal('Admin');
  const self = useSession(state => state.session?.name ?? '');
  return (
    <>
      <PageHeader title="Users" below="The same on both nodes." />
      <div className={classes.stack}>
        {refused === null ? <><UserCard self={self} /><KeyCard /></> : <Note title="Users and API keys are shown to administrators."><p>{refused}</p></Note>}
        <OwnCard />
      </div>
    </>
  );
}
