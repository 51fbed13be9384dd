/**
 * The kinds of things that pages show, as paths of the API name them; the action that reads all of a kind; and the
 * audit events that change it. Each event about a request changes `certificate-requests`. Everybody reads the requests,
 * certificates and sessions that are theirs.
 */
export const changeKinds = {
  'certificate-requests': { action: 'read-all-requests', events: null },
  certificates: { action: 'read-all-certificates', events: /^Certificate(Issued|Revoked)$/ },
  identities: {
    action: 'read-identities',
    events: /^(Certificate(Issued|Revoked)|DirectoryUser|Identity|RevocationEnf)/,
  },
  policies: { action: 'evaluate-policies', events: /^(PolicySetLoaded|ServiceStarted)$/ },
  // A caller with any role reads clusters, as they evaluate policies.
  clusters: { action: 'evaluate-policies', events: /^(CertificateAuth|Cluster|Issuer|RevocationEnf|ServiceStarted)/ },
  'audit-events': { action: 'read-audit-events', events: /^/ },
  'directory-users': { action: 'read-directory', events: /^Directory/ },
  'api-tokens': { action: 'manage-api-tokens', events: /^(ApiToken|BreakGlassTokenMade)/ },
  sessions: { action: 'manage-sessions', events: /^Signed/ },
  'webhook-deliveries': { action: 'read-webhook-deliveries', events: null },
} as const;
export type ChangeKind = keyof typeof changeKinds;
export const changedKinds = Object.keys(changeKinds) as readonly ChangeKind[];

/** Where the database stands: the number of its last audit event, and a sum of 32 bits over the outbox of webhooks. */
export type Standing = Readonly<Record<'seq' | 'webhooks', number>>;
