// All pages of the console. A new page is one file under src/pages and one line here. What is not the first page is loaded when
// somebody goes there.
import { lazy, type ComponentType } from 'react';
import type { Role } from '../api/types';
import type { IconName } from '../components/Icon';
import { OverviewPage } from '../pages/OverviewPage';

export interface Page {
  /** As wouter reads it; what is behind ":" is handed to the page with useParams(). */
  path: string;
  title: string;
  /** Null: not in the navigation. */
  icon: IconName | null;
  /** Who may open it. Everybody sees that it is there. */
  role: Role;
  view: ComponentType;
}

export const pages: readonly Page[] = [
  { path: '/', title: 'Overview', icon: 'overview', role: 'Monitor', view: OverviewPage },
  { path: '/modules/:module', title: 'Module', icon: null, role: 'Monitor', view: lazy(() => import('../pages/ModulePage')) },
  { path: '/log', title: 'Log', icon: 'log', role: 'Monitor', view: lazy(() => import('../pages/LogPage')) },
];
