import { foldedName } from '@kubepass/inspect/formats';
import type { Context } from '../context/context.js';
import { auditEvent } from '../model/audit-event.js';
import { BoundedMap } from '../model/bounded-map.js';
import { probeUsername } from '../model/cluster.js';

/** The part of a SubjectAccessReview that kubepass reads. */
export interface ReviewedRequest {
  readonly user?: string | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | null | undefined;
  readonly resourceAttributes?: { readonly verb?: string; readonly resource?: string } | null | undefined;
  readonly nonResourceAttributes?: { readonly verb?: string } | null | undefined;
}

const dayMilliseconds = 86_400_000;
const mostNames = 10_000;
/** How many unknown certificates of one name are recorded in a day, because one certificate has endless encodings. */
const ofOneNameADay = 10;

/**
 * Records that a cluster was shown a certificate which has a listed name, and which kubepass did not issue. It records
 * a certificate once a day, and each process at most ten certificates a day of a name on a cluster.
 */
export class UnknownCertificates {
  /** The unknown certificates of each name on one day. The day begins with the first of these certificates. */
  readonly #seen = new BoundedMap<string, { readonly since: Date; readonly fingerprints: Set<string> }>(mostNames);

  constructor(private readonly context: Pick<Context, 'store' | 'clock' | 'log'>) {}

  /** Never rejects. */
  async seen(cluster: string, fingerprintSha256: string, asked: ReviewedRequest): Promise<void> {
    const { store, clock, log } = this.context;
    const { user = '', resourceAttributes, nonResourceAttributes } = asked;
    // A probe tries another encoding of its own certificate.
    if (user === probeUsername) return;
    const at = clock();
    const yesterday = new Date(at.getTime() - dayMilliseconds);
    const name = `${cluster} ${foldedName(user)}`;
    const before = this.#seen.get(name);
    const today =
      before !== undefined && before.since > yesterday ? before : { since: at, fingerprints: new Set<string>() };
    if (today.fingerprints.has(fingerprintSha256) || today.fingerprints.size >= ofOneNameADay) return;
    this.#seen.set(name, { ...today, fingerprints: today.fingerprints.add(fingerprintSha256) });
    try {
      if ((await store.certificates.findByFingerprint(fingerprintSha256)) !== null) return;
      // Another replica has recorded the certificate, or this replica did so before its last start.
      const filter = { type: 'UnknownCertificateSeen', cluster, fingerprintSha256, after: yesterday };
      if ((await store.auditEvents.list(filter, { limit: 1, cursor: null })).items.length > 0) return;
      const details = {
        username: cut(user),
        verb: cut(resourceAttributes?.verb ?? nonResourceAttributes?.verb ?? ''),
        resource: resourceAttributes?.resource === undefined ? null : cut(resourceAttributes.resource),
      };
      const event = auditEvent('UnknownCertificateSeen', at, null, details, { cluster, fingerprintSha256 });
      await store.writer.commit({ operations: [], events: [event] });
    } catch (error) {
      // The next review of the certificate tries again.
      today.fingerprints.delete(fingerprintSha256);
      log.error({ err: error, cluster, fingerprintSha256 }, 'an unknown certificate could not be recorded');
    }
  }
}

/** A certificate that kubepass did not issue may have a name of any length. */
const cut = (text: string): string => text.slice(0, 256).toWellFormed();
