import { useRefusal } from '../app/session';
import { Note } from '../components/Note';
import { PageHeader } from '../components/PageHeader';
import { ArchiveCard } from './support/ArchiveCard';
import { NotifyCard } from './support/NotifyCard';
import { VersionCard } from './support/VersionCard';
import classes from './ClusterPage.module.css';

/** What helps whoever helps. */
export default function SupportPage() {
  const refused = useRefusal('Admin');
  return (
    <>
      <PageHeader title="Support" below="An archive for whoever helps, versions, and whether notifications arrive." />
      <div className={classes.stack}>
        <ArchiveCard />
        <VersionCard />
        {refused === null ? <NotifyCard /> : <Note title="Notifications are shown to administrators: they may hold addresses."><p>{refused}</p></Note>}
      </div>
    </>
  );
}
