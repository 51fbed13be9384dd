import type { ClusterConnection } from '../../cluster/cluster-connection.js';
import { kubeApiserverClient, type CsrObject } from '../../cluster/csr-object.js';
import { StoreBusyError, StoreUnavailableError } from '../../model/errors.js';
import { auditEvent, type AuditEventDraft } from '../../model/audit-event.js';
import type { ParsedCertificate } from '../../x509/strict/certificate-reader.js';
import { displayDistinguishedName } from '../../x509/strict/distinguished-name.js';
import { attributeType } from '../../x509/strict/object-identifiers.js';
import { sha256 } from '../../x509/strict/sha256.js';
import type { IssuanceContext } from '../context.js';
import { certificateInCsr, certifiedSpkiSha256, findOwnCsrs } from './own-csrs.js';

export interface UnknownIdentityWatch {
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

/**
 * How long after the first of several they are looked up together. By then what our own attempts brought about is in the
 * inventory, and nobody who waits for such an attempt has waited for this as well.
 */
const firstLookMilliseconds = 300;
/** How long to wait where the store is busy, or an attempt of ours has the key and has not ended yet … */
const againMilliseconds = 1_000;
/** … and where one round after another fails, at most. */
const longestMilliseconds = 60_000;
/** How many objects are looked up at once. */
const atOnce = 200;
/** How many objects that are settled are remembered; a cluster keeps them for an hour. */
const rememberedObjects = 10_000;

/**
 * Puts every user certificate on record that a cluster's own signer issues without us: once, whoever else watches.
 * The cluster itself forgets it within the hour. Whatever goes wrong is logged, and tried again where that can help.
 */
export function watchUnknownIdentities(
  context: IssuanceContext,
  cluster: string,
  connection: ClusterConnection,
): UnknownIdentityWatch {
  const waiting = new Map<string, CsrObject>();
  const settled = new Set<string>();
  let round: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failures = 0;

  const settle = (uid: string) => {
    waiting.delete(uid);
    settled.add(uid);
    for (const oldest of settled) {
      if (settled.size <= rememberedObjects) break;
      settled.delete(oldest);
    }
  };
  const begin = () => {
    if (stopped || round !== null) return;
    clearTimeout(timer);
    timer = undefined;
    round = oneRound().finally(() => {
      round = null;
      const pause = Math.min(againMilliseconds * 2 ** failures, longestMilliseconds);
      if (waiting.size > 0 && !stopped) timer = setTimeout(begin, pause);
    });
  };
  const oneRound = async () => {
    // What comes in the meantime is taken along.
    const seen = new Set<string>();
    for (;;) {
      const batch = [...waiting.values()].filter(({ uid }) => !seen.has(uid)).slice(0, atOnce);
      if (batch.length === 0 || stopped) break;
      for (const { uid } of batch) seen.add(uid);
      try {
        for (const uid of await recordUnknown(context, cluster, connection, batch)) settle(uid);
      } catch (error) {
        context.log.error({ err: error, cluster }, 'unknown identities could not be put on record, it is tried again');
        failures++;
        return;
      }
    }
    failures = 0;
  };
  const unsubscribe = connection.watchCsrs(kubeApiserverClient).subscribe((csr) => {
    if (csr.certificate === null || csr.signerName !== kubeApiserverClient || settled.has(csr.uid)) return;
    waiting.set(csr.uid, csr);
    if (failures === 0 && round === null && !stopped) timer ??= setTimeout(begin, firstLookMilliseconds);
  });
  return {
    async stop() {
      stopped = true;
      unsubscribe();
      clearTimeout(timer);
      await round;
    },
  };
}

/** Answers the uids of the objects that need no second look. */
async function recordUnknown(
  context: IssuanceContext,
  cluster: string,
  connection: ClusterConnection,
  csrs: readonly CsrObject[],
): Promise<readonly string[]> {
  const { username: ownUsername } = await connection.whoAmI();
  const read = csrs.map((csr) => ({ csr, certificate: certificateInCsr(csr) }));
  const evidence = read.map(({ csr: { uid, name, username }, certificate }) => ({
    uid,
    name,
    username,
    spkiSha256: certificate && certifiedSpkiSha256(certificate),
    certificate,
  }));
  const own = await findOwnCsrs(context.store, cluster, ownUsername, evidence);
  const settled: string[] = [];
  for (const { csr, certificate } of read) {
    const ours = own.get(csr.uid);
    // An attempt of ours is about to end with it: the inventory will have it, or it is looked at again.
    if (ours && !ours.inventoried) continue;
    if (ours || (await record(context, cluster, csr, certificate))) settled.push(csr.uid);
  }
  return settled;
}

/** False where the store could not take it now. */
async function record(
  context: IssuanceContext,
  cluster: string,
  csr: CsrObject,
  certificate: ParsedCertificate | null,
): Promise<boolean> {
  const recordedAt = context.clock();
  const fingerprintSha256 = certificate?.fingerprintSha256 ?? sha256(Buffer.from(csr.certificate ?? '', 'utf8'));
  try {
    // A conflict: another replica, or this one before it started again, has it on record.
    await context.store.writer.commit({
      operations: [
        { op: 'insertUnknownIdentity', identity: { cluster, fingerprintSha256, objectUid: csr.uid, recordedAt } },
      ],
      events: [unknownIdentityEvent(cluster, csr, certificate, fingerprintSha256, recordedAt)],
    });
    return true;
  } catch (error) {
    context.log.error({ err: error, cluster, object: csr.name }, 'an unknown identity could not be put on record');
    return !(error instanceof StoreBusyError || error instanceof StoreUnavailableError);
  }
}

function unknownIdentityEvent(
  cluster: string,
  csr: CsrObject,
  certificate: ParsedCertificate | null,
  fingerprintSha256: string,
  at: Date,
): AuditEventDraft {
  const approval = csr.conditions.find(({ type }) => type === 'Approved');
  const details = {
    ...identityIn(certificate),
    objectName: csr.name,
    objectUid: csr.uid,
    requestedBy: wellFormed(csr.username),
    expirationSeconds: csr.expirationSeconds,
    approvalReason: approval ? wellFormed(approval.reason) : null,
    approvalMessage: approval ? wellFormed(approval.message) : null,
  };
  return auditEvent('UnknownIdentityIssued', at, null, details, { cluster, fingerprintSha256 });
}

/** As an API server reads it: of several CNs the last is the username, every O is a group. */
function identityIn(certificate: ParsedCertificate | null) {
  const attributes = certificate?.subject.rdns.flat() ?? [];
  const valuesOf = (type: string) =>
    attributes.flatMap((attribute) => (attribute.type === type ? wellFormed(attribute.text ?? '') : []));
  return {
    subject: certificate && displayDistinguishedName(certificate.subject),
    username: valuesOf(attributeType.commonName).at(-1) ?? null,
    groups: valuesOf(attributeType.organizationName),
    serialNumber: certificate?.serialNumber ?? null,
    notBefore: certificate?.notBefore.toISOString() ?? null,
    notAfter: certificate?.notAfter.toISOString() ?? null,
    spkiSha256: certificate && certifiedSpkiSha256(certificate),
  };
}

/** The audit log has no form for half a surrogate pair, and anybody's subject may hold one. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
