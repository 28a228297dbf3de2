import { Link } from 'wouter';
import type { Role } from '../api/types';
import { EmptyState } from '../components/EmptyState';
import { PageHeader } from '../components/PageHeader';

export function NotFound() {
  return (
    <>
      <PageHeader title="No such page" />
      <EmptyState icon="search" title="The console has no page at this address."><p><Link href="/">Go to the overview.</Link></p></EmptyState>
    </>
  );
}

export function NotAllowed({ title, role }: { title: string; role: Role }) {
  return (
    <>
      <PageHeader title={title} />
      <EmptyState icon="key" title={`This page needs the role ${role}.`}><p>Log in with another account, or ask an administrator for the role.</p></EmptyState>
    </>
  );
}
