import { foldedName } from '@kubepass/inspect/formats';
import { mayReadCertificate, mayRevoke } from '../callers/permissions.js';
import type { Certificate, ListedCertificate, Revocation, RevokedCertificate } from '../model/certificate.js';
import { type Enforcement, enforcementOf, noEnforcement, type DenyListPort } from '../model/enforcement.js';
import { type Cluster, clustersSharingTrust } from '../model/cluster.js';
import { type Outcome, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Context, Log } from '../context/context.js';
import { type AuditEventDraft, auditEvent } from '../model/audit-event.js';
import type { IdentityBlock, ResidualExposure } from '../model/identity.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { announce } from '../context/request-steps.js';

/** A revoked certificate, and how its cluster refuses it. */
interface RevokedView {
  readonly certificate: Certificate;
  readonly enforcement: Enforcement;
}

/**
 * Revokes a certificate, also an orphan, for its requester, its collector, a provisioner or an admin. One that is
 * revoked already is answered as it is, expired or not.
 */
export async function revokeCertificate(
  context: Context,
  principal: Principal,
  fingerprintSha256: string,
  { reason, comment }: Pick<Revocation, 'reason' | 'comment'>,
): Promise<Outcome<RevokedView>> {
  const { store } = context;
  const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
  if (certificate === null) return refused({ kind: 'not-found' });
  if (!mayRevoke(principal, certificate)) {
    const message = 'revoking the certificate of somebody else takes the role provisioner or admin';
    return refused(
      mayReadCertificate(principal, certificate) ? { kind: 'not-permitted', message } : { kind: 'not-found' },
    );
  }
  const { revocation, notAfter, requestId, cluster } = certificate;
  const enforcement = enforcementOn(context, cluster);
  if (revocation !== null) return done({ certificate, enforcement });
  const revokedAt = context.clock();
  if (notAfter <= revokedAt)
    return refused({
      kind: 'certificate-conflict',
      requestId,
      message: `the certificate expired at ${notAfter.toISOString()}`,
    });
  const revoked = { reason, comment, revokedAt, revokedBy: principal.name };
  const result = await store.writer.commit(revocationSteps(context, [certificate], revoked));
  if (result.committed) return done({ certificate: { ...certificate, revocation: revoked }, enforcement });
  // Somebody else revoked it at the same moment, and theirs counts.
  const again = await store.certificates.findByFingerprint(fingerprintSha256);
  if (!again?.revocation) throw new Error(`certificate ${fingerprintSha256} could not be revoked`);
  return done({ certificate: again, enforcement });
}

/**
 * The step that revokes these certificates: in one commit, with an audit event for each and the announcements to
 * webhooks. It conflicts where one of them is revoked already. Other operations of the same commit may be put before or
 * behind.
 */
export function revocationSteps(
  context: Context,
  certificates: readonly ListedCertificate[],
  revocation: Revocation,
): Step {
  const at = revocation.revokedAt;
  return {
    operations: certificates.flatMap((certificate) => [
      { op: 'insertRevocation' as const, revoked: revokedCertificate(certificate, revocation) },
      ...announce(context, { event: 'certificate.revoked', at, certificate, revocation }),
    ]),
    events: certificates.map((certificate) =>
      revokedEvent(revokedCertificate(certificate, revocation), certificate.requestId, false),
    ),
  };
}

/** The revocation of a certificate because of a block. */
export const revocationBy = ({ reason, comment, blockedBy }: IdentityBlock, now: Date): Revocation => ({
  reason,
  comment,
  revokedAt: now,
  revokedBy: blockedBy,
});

/** A revocation with the members of its certificate. */
export function revokedCertificate(certificate: ListedCertificate, revocation: Revocation): RevokedCertificate {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  const ofCertificate = {
    fingerprintSha256,
    cluster,
    serialNumber,
    issuer,
    issuerFingerprintSha256,
    username,
    notAfter,
  };
  return { ...ofCertificate, ...revocation };
}

/** `restored`: whether a list beside the database knew of the revocation, and the database did not. */
export function revokedEvent(
  revoked: RevokedCertificate,
  requestId: string | null,
  restored: boolean,
  at: Date = revoked.revokedAt,
): AuditEventDraft {
  const { username, serialNumber, notAfter, reason, comment, revokedBy, cluster, fingerprintSha256 } = revoked;
  return auditEvent(
    'CertificateRevoked',
    at,
    restored ? null : revokedBy,
    { username, serialNumber, notAfter: notAfter.toISOString(), reason, comment, restored },
    { cluster, requestId, fingerprintSha256 },
  );
}

/** How many revocations share a commit. */
const atOnce = 100;

/**
 * Revokes again what a list knows and the database does not, because the database was restored from a backup.
 * Certificates that have expired are left out. Answers how many there were.
 */
export async function restoreRevocations(
  { writer, revocations, certificates }: Pick<Store, 'writer' | 'revocations' | 'certificates'>,
  listed: readonly RevokedCertificate[],
  now: Date,
): Promise<number> {
  const live = new Map(
    listed.filter(({ notAfter }) => notAfter > now).map((revoked) => [revoked.fingerprintSha256, revoked]),
  );
  const known = await revocations.known([...live.keys()]);
  const unknown = [...live.values()].filter(({ fingerprintSha256 }) => !known.has(fingerprintSha256));
  for (let begin = 0; begin < unknown.length; begin += atOnce) {
    const some = unknown.slice(begin, begin + atOnce);
    const found = await certificates.findByFingerprints(some.map(({ fingerprintSha256 }) => fingerprintSha256));
    const requestIds = new Map(found.map(({ fingerprintSha256, requestId }) => [fingerprintSha256, requestId]));
    const result = await writer.commit({
      operations: some.map((revoked) => ({ op: 'insertRevocation', revoked })),
      events: some.map((revoked) =>
        revokedEvent(revoked, requestIds.get(revoked.fingerprintSha256) ?? null, true, now),
      ),
    });
    if (!result.committed) throw new Error('revocations that a list knows could not be recorded again');
  }
  return unknown.length;
}

/**
 * How the cluster refuses a revoked certificate, and the uses that go on all the same. A cluster that is not configured
 * refuses nothing.
 */
export function enforcementOn({ clusters, probes }: Context, cluster: string): Enforcement {
  const issuing = clusters.get(cluster);
  if (issuing === undefined) return noEnforcement;
  const on = ({ name, revocation }: Cluster) => enforcementOf(revocation, probes.last(name)?.result.revocation ?? null);
  const own = on(issuing.cluster);
  if (issuing.cluster.sharedTrust !== true) return own;
  const all = Array.from(clusters.values(), (one) => one.cluster);
  const sharing = clustersSharingTrust(all, cluster);
  const open = all.filter((one) => one.name !== cluster && sharing.includes(one.name) && on(one).continues.length > 0);
  if (open.length === 0) return own;
  const names = open.slice(0, 3).map(({ name }) => name);
  const more = open.length > names.length ? ` and ${open.length - names.length} more` : '';
  return {
    ...own,
    continues: [...own.continues, `what goes on at clusters of shared trust: ${names.join(', ')}${more}`],
  };
}

type Exposed = Pick<ListedCertificate, 'cluster' | 'fingerprintSha256' | 'notAfter'> & { readonly isRevoked: boolean };

/** The uses that a cluster still admits of a certificate that is revoked or whose name is blocked. */
export function residualExposureOf(
  context: Context,
  { cluster, fingerprintSha256, notAfter, isRevoked }: Exposed,
): readonly ResidualExposure[] {
  const { mode, continues } = enforcementOn(context, cluster);
  // The cluster refuses only what is revoked.
  const goesOn = isRevoked ? continues : ['everything: the certificate is not revoked yet'];
  if (goesOn.length === 0) return [];
  return [{ cluster, fingerprintSha256, notAfter, enforcement: mode, continues: goesOn }];
}

const followMilliseconds = 500;
/** How often entries of expired certificates are taken out. */
const pruneMilliseconds = 60_000;
const readAtOnce = 1_000;

interface DenyListOptions {
  readonly reader: Pick<Store['revocations'], 'chunk' | 'lastN' | 'unexpired'>;
  readonly clock: () => Date;
  readonly log: Log;
  /** The clusters whose revocations count on a cluster. The cluster itself is among them; by default it is alone. */
  readonly sharing?: (cluster: string) => readonly string[];
}

/**
 * The revocations of all certificates that have not expired, in memory, by cluster and fingerprint. It learns of those
 * of this process as they are committed, and of others by reading the database twice a second. While the database is
 * out of reach it answers from what it knows.
 */
export class DenyList implements DenyListPort {
  readonly #clusters = new Map<string, Map<string, RevokedCertificate>>();
  /** By folded name. */
  readonly #names = new Map<string, RevokedCertificate[]>();
  readonly #changes = new Map<string, number>();
  #last = 0n;
  #loaded = false;
  #prunedAt = 0;
  #reading: Promise<void> | null = null;
  #fails = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: DenyListOptions) {}

  /** Reads the list. It is complete when this resolves: revocations that are committed meanwhile are in it too. */
  async load(): Promise<void> {
    const { reader, clock } = this.options;
    const last = await reader.lastN();
    const now = clock();
    for (let after = 0n; ;) {
      const found = await reader.unexpired(now, after, readAtOnce);
      for (const revoked of found) this.add(revoked);
      after = found.at(-1)?.n ?? after;
      if (found.length < readAtOnce) break;
    }
    this.#last = last;
    this.#loaded = true;
  }

  /** Begins to follow the database. */
  start(): void {
    this.#timer = setInterval(() => void this.follow(), followMilliseconds);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** Reads what other processes revoked since; one reading at a time. Never rejects. */
  follow(): Promise<void> {
    return (this.#reading ??= this.#readOn().finally(() => {
      this.#reading = null;
    }));
  }

  /** Whether the database could not be read when it was tried last. */
  get isBehind(): boolean {
    return this.#fails;
  }

  isLoaded(): boolean {
    return this.#loaded;
  }

  find(cluster: string, fingerprintSha256: string): RevokedCertificate | null {
    for (const one of this.sharing(cluster)) {
      const found = this.#clusters.get(one)?.get(fingerprintSha256);
      if (found !== undefined) return found;
    }
    return null;
  }

  *ofCluster(cluster: string): Generator<RevokedCertificate> {
    for (const one of this.sharing(cluster)) yield* this.#own(one);
  }

  /** The revoked certificates of all clusters that have not expired. */
  *all(): Generator<RevokedCertificate> {
    for (const cluster of this.#clusters.keys()) yield* this.#own(cluster);
  }

  sharing(cluster: string): readonly string[] {
    return this.options.sharing?.(cluster) ?? [cluster];
  }

  *#own(cluster: string): Generator<RevokedCertificate> {
    const now = this.options.clock();
    for (const revoked of this.#clusters.get(cluster)?.values() ?? []) if (revoked.notAfter > now) yield revoked;
  }

  ofName(folded: string): readonly RevokedCertificate[] {
    return this.#names.get(folded) ?? [];
  }

  names(): Iterable<string> {
    return this.#names.keys();
  }

  /** How many entries there are, of all clusters. */
  size(): number {
    let size = 0;
    for (const { size: ofCluster } of this.#clusters.values()) size += ofCluster;
    return size;
  }

  changesOf(cluster: string): number {
    return this.sharing(cluster).reduce((changes, one) => changes + (this.#changes.get(one) ?? 0), 0);
  }

  /** Takes in a revocation that is committed. */
  add(revoked: RevokedCertificate): void {
    const { cluster, fingerprintSha256 } = revoked;
    const ofCluster = this.#clusters.get(cluster) ?? new Map<string, RevokedCertificate>();
    this.#clusters.set(cluster, ofCluster);
    if (ofCluster.has(fingerprintSha256)) return;
    ofCluster.set(fingerprintSha256, revoked);
    const name = foldedName(revoked.username);
    const ofName = this.#names.get(name);
    if (ofName === undefined) this.#names.set(name, [revoked]);
    else ofName.push(revoked);
    this.#changed(cluster);
  }

  async #readOn(): Promise<void> {
    const { reader, log } = this.options;
    try {
      // The database was put back under this process: what is revoked there from now on has lower numbers.
      if ((await reader.lastN()) < this.#last) await this.load();
      for (let found; (found = await reader.chunk(this.#last, readAtOnce)).length > 0;) {
        for (const revoked of found) this.add(revoked);
        this.#last = found.at(-1)?.n ?? this.#last;
      }
      this.#fails = false;
    } catch (error) {
      if (!this.#fails) log.error({ err: error }, 'the revocations of other processes cannot be read now');
      this.#fails = true;
    }
    this.#prune();
  }

  #prune(): void {
    const now = this.options.clock();
    if (Math.abs(now.getTime() - this.#prunedAt) < pruneMilliseconds) return;
    this.#prunedAt = now.getTime();
    for (const [cluster, ofCluster] of this.#clusters) {
      const before = ofCluster.size;
      for (const [fingerprint, { notAfter }] of ofCluster) if (notAfter <= now) ofCluster.delete(fingerprint);
      if (ofCluster.size < before) this.#changed(cluster);
    }
    for (const [name, revoked] of this.#names) {
      const left = revoked.filter(({ notAfter }) => notAfter > now);
      if (left.length === 0) this.#names.delete(name);
      else if (left.length < revoked.length) this.#names.set(name, left);
    }
  }

  #changed(cluster: string): void {
    this.#changes.set(cluster, (this.#changes.get(cluster) ?? 0) + 1);
  }
}
