import type { IconName } from '../parts/icon.js';
import { may, type Permission } from '../service/session.js';

/** A page of the navigation. `takes`: its permission; absent: everybody's. `key`: after `g`. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly key?: string;
  readonly takes?: Permission;
}

const places: readonly Place[] = [
  { path: '/console/requests', name: 'Requests', icon: 'requests', key: 'r' },
  { path: '/console/ask', name: 'Ask', icon: 'ask', takes: 'request-certificates' },
  { path: '/console/identities', name: 'Identities', icon: 'identities', key: 'i', takes: 'read-identities' },
  { path: '/console/certificates', name: 'Certificates', icon: 'certificates', key: 'c' },
  { path: '/console/policies', name: 'Policies', icon: 'policies', key: 'p', takes: 'evaluate-policies' },
  { path: '/console/clusters', name: 'Clusters', icon: 'clusters', key: 'l', takes: 'evaluate-policies' },
  { path: '/console/audit', name: 'Audit', icon: 'audit', key: 'a', takes: 'read-audit-events' },
  { path: '/console/inspect', name: 'Inspect', icon: 'inspect', takes: 'inspect-uploads' },
  { path: '/console/directory', name: 'Directory', icon: 'directory', takes: 'read-directory' },
  { path: '/console/webhooks', name: 'Webhooks', icon: 'webhooks', takes: 'read-webhook-deliveries' },
  { path: '/console/tokens', name: 'API tokens', icon: 'tokens', takes: 'manage-api-tokens' },
  { path: '/console/sessions', name: 'Sessions', icon: 'sessions', takes: 'manage-sessions' },
];

/** The pages that the caller may open. */
export const offered = (): readonly Place[] => places.filter(({ takes }) => takes === undefined || may(takes));
