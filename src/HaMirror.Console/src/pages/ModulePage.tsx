import { useParams } from 'wouter';
import { PageHeader } from '../components/PageHeader';
export default function ModulePage() {
  const { module = '' } = useParams();
  return <PageHeader title={module} />;
}
