import type { IconName } from '../parts/icon.js';
import { mayOpen } from '../parts/permitted.js';

/** A page of the navigation. `key`: after `g`. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly key?: string;
}

const places: readonly Place[] = [
  { path: '/console/', name: 'Home', icon: 'home', key: 'h' },
  { path: '/console/requests', name: 'Requests', icon: 'requests', key: 'r' },
  { path: '/console/ask', name: 'Ask', icon: 'ask' },
  { path: '/console/identities', name: 'Identities', icon: 'identities', key: 'i' },
  { path: '/console/certificates', name: 'Certificates', icon: 'certificates', key: 'c' },
  { path: '/console/policies', name: 'Policies', icon: 'policies', key: 'p' },
  { path: '/console/clusters', name: 'Clusters', icon: 'clusters', key: 'l' },
  { path: '/console/audit', name: 'Audit', icon: 'audit', key: 'a' },
  { path: '/console/inspect', name: 'Inspect', icon: 'inspect' },
  { path: '/console/directory', name: 'Directory', icon: 'directory' },
  { path: '/console/webhooks', name: 'Webhooks', icon: 'webhooks' },
  { path: '/console/tokens', name: 'API tokens', icon: 'tokens' },
  { path: '/console/sessions', name: 'Sessions', icon: 'sessions' },
];

/** The pages that the caller may open. */
export const offered = (): readonly Place[] => places.filter(({ path }) => mayOpen(path));
