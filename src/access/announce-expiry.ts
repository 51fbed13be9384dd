import { auditEvent } from '../model/audit-event.js';
import type { ListedCertificate } from '../model/certificate.js';
import { probeUsername } from '../model/cluster.js';
import { secondsAfter, type Context } from '../context/context.js';
import { announce } from '../context/request-steps.js';
import { advanceExpiry, forgetExpiryNotices, insertExpiryNotice } from '../store/tables/expiry-notice-table.js';

/** How far the clock goes on before certificates are looked at again; clocks of replicas may differ by as much. */
const roundMilliseconds = 20_000;
/** How many are told at the same time: they share the writer's commits, and leave room in its queue. */
const toldAtOnce = 100;
/**
 * Notices are kept for so long after the end of their certificate: should the clock be set back, none is told again.
 */
const keptDays = 7;
/** Stands behind every certificate that ends at the same instant. */
const highest = 2n ** 63n - 1n;

/**
 * Announces each certificate that ends soon, once for each of the configured distances. Where it is within several of
 * them, as after an outage, only the nearest is told. The audit event, the webhooks and the notice that makes it unique
 * are one commit, so that replicas and restarts tell nothing twice and leave nothing out.
 */
export async function announceExpiry(context: Context, isStopped = () => false): Promise<void> {
  const now = context.clock();
  const distances = context.settings.expiryNoticeSeconds;
  for (const [i, seconds] of distances.entries())
    if (!isStopped()) await announceAt(context, seconds, distances[i - 1] ?? 0, now, isStopped);
}

/** Tells the ends that are at most `seconds` away, but further than `nearer`. */
async function announceAt(
  context: Context,
  seconds: number,
  nearer: number,
  now: Date,
  isStopped: () => boolean,
): Promise<void> {
  const { store, log } = context;
  const until = secondsAfter(now, seconds);
  const lookedThrough = await store.expiryNotices.through(seconds);
  const ahead = lookedThrough === null ? -Infinity : lookedThrough.getTime() - until.getTime();
  if (Math.abs(ahead) < roundMilliseconds) return;
  const isSetBack = ahead > 0;
  if (isSetBack) log.warn({ aheadSeconds: ahead / 1000 }, 'the clock was set back, or those of replicas differ');
  let from = lookedThrough;
  const advance = async (through: Date) => {
    await store.writer.commit({ operations: [advanceExpiry({ seconds, from, through })], events: [] });
    from = through;
  };
  // A clock that was ahead has left out those that it took for ended, and knows of none that is issued from now on.
  const nearest = secondsAfter(now, nearer);
  const begin = lookedThrough !== null && lookedThrough > nearest && !isSetBack ? lookedThrough : nearest;
  for (let after = { notAfter: begin, n: highest }; ;) {
    const { untold, last } = await store.certificates.expiring(seconds, after, until);
    for (let i = 0; i < untold.length; i += toldAtOnce)
      await Promise.all(untold.slice(i, i + toldAtOnce).map((certificate) => tell(context, certificate, seconds, now)));
    if (last === null) return advance(until);
    // Others may end at the same instant as the last one.
    await advance(new Date(last.notAfter.getTime() - 1));
    if (isStopped()) return;
    after = last;
  }
}

async function tell(context: Context, certificate: ListedCertificate, seconds: number, at: Date): Promise<void> {
  const { fingerprintSha256, username, serialNumber, notAfter, cluster, requestId } = certificate;
  // Nobody uses the certificate of a probe: its key is gone.
  if (username === probeUsername) return;
  // A conflict means that somebody else told it.
  await context.store.writer.commit({
    operations: [
      insertExpiryNotice({ fingerprintSha256, seconds, announcedAt: at }),
      ...announce(context, { event: 'certificate.expiring', at, certificate, seconds }),
    ],
    events: [
      auditEvent(
        'CertificateExpiring',
        at,
        null,
        { username, serialNumber, notAfter: notAfter.toISOString(), seconds },
        { cluster, requestId, fingerprintSha256 },
      ),
    ],
  });
}

/** Forgets the notices of certificates that ended long ago. */
export async function forgetOldNotices({ store, clock, settings }: Context): Promise<void> {
  const announcedBefore = secondsAfter(clock(), -(settings.expiryNoticeSeconds.at(-1) ?? 0) - keptDays * 86_400);
  await store.writer.commit({ operations: [forgetExpiryNotices(announcedBefore)], events: [] });
}
