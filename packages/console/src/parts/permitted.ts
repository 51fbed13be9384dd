import { may, type Permission } from '../service/session.js';

/** The permissions that pages take, by the first part of their address below `/console/`; absent: everybody's. */
const takes: Readonly<Record<string, Permission>> = {
  ...{ ask: 'request-certificates', identities: 'read-identities', inspect: 'inspect-uploads' },
  ...{ policies: 'evaluate-policies', clusters: 'evaluate-policies', audit: 'read-audit-events' },
  ...{ directory: 'read-directory', webhooks: 'read-webhook-deliveries' },
  ...{ tokens: 'manage-api-tokens', sessions: 'manage-sessions' },
};
/** What one record takes of others: everybody reads their own. */
const ofOthers: Readonly<Record<string, Permission>> = {
  ...{ requests: 'read-all-requests', certificates: 'read-all-certificates' },
};

/** The permission without which a page says that it is for others; undefined: it is everybody's. */
export const permissionFor = (path: string): Permission | undefined =>
  path.startsWith('/console/policies/draft') ? 'draft-policies' : takes[/^\/console\/([a-z-]+)/.exec(path)?.[1] ?? ''];

/** Whether a link leads the caller somewhere, whoever's record it is about. */
export function mayOpen(href: string): boolean {
  const record = /^\/console\/([a-z]+)\/[^?]/.exec(href)?.[1] ?? '';
  const permission = ofOthers[record] ?? permissionFor(href);
  return permission === undefined || may(permission);
}
