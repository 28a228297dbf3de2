// All pages of the console. A new page is one file under src/pages (a default export) and one line here. What is not the first
// page comes after it, but without waiting for somebody to go there: when the node has died that the page came from, it is too late.
import type { ComponentType } from 'react';
import type { Role } from '../api/types';
import type { IconName } from '../components/Icon';
import { OverviewPage } from '../pages/OverviewPage';
import { later } from './later';

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
  { path: '/modules/:module', title: 'Module', icon: null, role: 'Monitor', view: later(() => import('../pages/ModulePage')) },
  { path: '/modules/:module/configuration', title: 'Configuration', icon: null, role: 'Monitor', view: later(() => import('../pages/ConfigurationPage')) },
  { path: '/new-module', title: 'New module', icon: null, role: 'Admin', view: later(() => import('../pages/NewModulePage')) },
  { path: '/timeline', title: 'Timeline', icon: 'timeline', role: 'Monitor', view: later(() => import('../pages/TimelinePage')) },
  { path: '/operations', title: 'Operations', icon: 'operations', role: 'Monitor', view: later(() => import('../pages/OperationsPage')) },
  { path: '/log', title: 'Log', icon: 'log', role: 'Monitor', view: later(() => import('../pages/LogPage')) },
  { path: '/cluster', title: 'Cluster', icon: 'cluster', role: 'Monitor', view: later(() => import('../pages/ClusterPage')) },
  { path: '/users', title: 'Users', icon: 'users', role: 'Monitor', view: later(() => import('../pages/UsersPage')) },
  { path: '/support', title: 'Support', icon: 'support', role: 'Monitor', view: later(() => import('../pages/SupportPage')) },
];
