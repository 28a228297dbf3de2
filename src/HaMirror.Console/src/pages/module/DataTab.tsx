import type { Side } from '../../model/actions';
import { DiffCard } from './DiffCard';
import { SalvageCard } from './SalvageCard';
import { VerifyCard } from './VerifyCard';

/** Whether the replicas are equal, what a resync would do, what was saved. */
export function DataTab({ module, both }: { module: string; both: readonly Side[] }) {
  return (
    <>
      <VerifyCard module={module} both={both} />
      <DiffCard module={module} both={both} />
      <SalvageCard module={module} both={both} />
    </>
  );
}
