import { foldedName } from '@kubepass/inspect/formats';
import type { IssuanceContext } from '../context/context.js';
import { auditEvent } from '../model/audit-event.js';
import { BoundedMap } from '../model/bounded-map.js';
import { type ReviewedRequest, verbOf } from '../model/enforcement.js';

const dayMilliseconds = 86_400_000;
const mostKnown = 10_000;
/** There are endless encodings of one certificate. */
const ofOneNameADay = 10;
/** A certificate that kubepass did not issue may have a name of any length. */
const longestText = 256;

/**
 * Records that a cluster was shown a certificate of a listed name which kubepass did not issue: once a day for each
 * certificate, and for so many of each name and process.
 */
export class UnknownCertificates {
  /** When each was recorded, in milliseconds. */
  readonly #recorded = new BoundedMap<string, number>(mostKnown);
  readonly #ofNames = new BoundedMap<string, { readonly since: number; readonly count: number }>(mostKnown);

  constructor(private readonly context: Pick<IssuanceContext, 'store' | 'clock' | 'log'>) {}

  /** Never rejects. */
  async seen(cluster: string, fingerprintSha256: string, asked: ReviewedRequest): Promise<void> {
    const { store, clock, log } = this.context;
    const at = clock();
    const { user = '', resourceAttributes } = asked;
    const [key, name] = [`${cluster} ${fingerprintSha256}`, `${cluster} ${foldedName(user)}`];
    const isToday = (then = -Infinity) => at.getTime() - then < dayMilliseconds;
    const found = this.#ofNames.get(name);
    const { since, count } = found && isToday(found.since) ? found : { since: at.getTime(), count: 0 };
    if (isToday(this.#recorded.get(key)) || count >= ofOneNameADay) return;
    this.#recorded.set(key, at.getTime());
    this.#ofNames.set(name, { since, count: count + 1 });
    try {
      // Another replica, or this one before it started anew.
      const after = new Date(at.getTime() - dayMilliseconds);
      const filter = { type: 'UnknownCertificateSeen', cluster, fingerprintSha256, after };
      const { items } = await store.auditEvents.list(filter, { limit: 1, cursor: null });
      if (items.length > 0) return;
      const details = {
        username: cut(user),
        verb: cut(verbOf(asked)),
        resource: resourceAttributes?.resource === undefined ? null : cut(resourceAttributes.resource),
      };
      const event = auditEvent('UnknownCertificateSeen', at, null, details, { cluster, fingerprintSha256 });
      await store.writer.commit({ operations: [], events: [event] });
    } catch (error) {
      this.#recorded.delete(key);
      log.error({ err: error, cluster, fingerprintSha256 }, 'an unknown certificate could not be recorded');
    }
  }
}

const cut = (text: string): string => text.slice(0, longestText).toWellFormed();
