import { sha256 } from '@kubepass/x509';
import type { Context } from '../../context/context.js';
import { announce } from '../../context/request-steps.js';
import { auditEvent } from '../../model/audit-event.js';
import type { CertifiedIssuer, ClusterIssuers } from '../../signing/cluster-issuers.js';
import { insertExpiryNotice } from '../../store/tables/expiry-notice-table.js';

/** How long before its end that of an issuer is announced, in seconds; the shortest distance first. */
const distances = [7, 30, 90].map((days) => days * 86_400);

/** Remembers the notices that this process has told, or found told. */
export type ToldExpiry = Set<string>;

/**
 * Announces each issuer that ends soon, once for each distance; only the nearest of several. The event, the webhooks
 * and the notice that makes it unique are one commit, so that replicas and restarts tell nothing twice.
 */
export async function announceIssuerExpiry(context: Context, issuers: ClusterIssuers, told: ToldExpiry): Promise<void> {
  const now = context.clock().getTime();
  for (const issuer of issuers.inStates('next', 'active', 'retiring')) {
    const left = issuer.notAfter.getTime() - now;
    const seconds = distances.find((distance) => left <= distance * 1000);
    if (left > 0 && seconds !== undefined) await tell(context, issuers.cluster, issuer, seconds, told);
  }
}

async function tell(
  context: Context,
  cluster: string,
  { name, authority, notAfter }: CertifiedIssuer,
  seconds: number,
  told: ToldExpiry,
): Promise<void> {
  const { fingerprintSha256 } = authority;
  // A CA may sign for several clusters, and end later once another CA above it has taken the place of the one before.
  const notice = sha256(Buffer.from(`${cluster}\n${fingerprintSha256}\n${notAfter.toISOString()}`, 'utf8'));
  const key = `${notice} ${seconds}`;
  if (told.has(key)) return;
  const at = context.clock();
  // A conflict means that somebody else told it. The notice is kept until long after the end, as those of certificates.
  await context.store.writer.commit({
    operations: [
      insertExpiryNotice({ fingerprintSha256: notice, seconds, announcedAt: notAfter }),
      ...announce(context, {
        event: 'issuer.expiring',
        at,
        seconds,
        issuer: { cluster, name, fingerprintSha256, notAfter },
      }),
    ],
    events: [
      auditEvent(
        'IssuerExpiring',
        at,
        null,
        { issuer: name, fingerprintSha256, notAfter: notAfter.toISOString(), seconds },
        { cluster },
      ),
    ],
  });
  told.add(key);
}
