import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import { instanceLabel, kubeApiserverClient, ownApproval, type CsrObject } from '../kubernetes/csr-object.js';
import { BoundedMap } from '../model/bounded-map.js';
import { StoreBusyError, StoreUnavailableError } from '../model/errors.js';
import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import { attributeType, displayDistinguishedName, type ParsedCertificate, sha256 } from '@kubepass/x509';
import type { Step } from '../store/steps/step.js';
import { insertUnknownIdentity } from '../store/tables/cluster-tables.js';
import type { Context } from '../context/context.js';
import { certificateInCsr, certifiedSpkiSha256, findOwnCsrs } from './own-csrs.js';

const usualPauses = {
  /**
   * How long the first object waits, so that several are looked up together. By then the certificates of our own
   * attempts are in the inventory, and the look-up has not delayed those attempts.
   */
  firstLookMilliseconds: 300,
  /** How long to wait where the store is busy, or an attempt of ours with that key has not ended yet. */
  againMilliseconds: 1_000,
};
/** The longest wait where one round after another fails. */
const longestMilliseconds = 60_000;
/** How many objects are looked up at once. */
const atOnce = 200;
/** How many settled objects are remembered; a cluster keeps objects for an hour. */
const rememberedObjects = 10_000;

/**
 * Records every user certificate that a cluster's own signer issues without us, once, however many replicas watch. The
 * cluster itself forgets it within the hour. Failures are logged, and tried again where that can help. `stop` resolves
 * after the round that is under way.
 */
export function watchUnknownIdentities(
  context: Context,
  cluster: string,
  connection: ClusterConnection,
  { firstLookMilliseconds, againMilliseconds } = usualPauses,
): { stop(): Promise<void> } {
  const waiting = new Map<string, CsrObject>();
  const settled = new BoundedMap<string, true>(rememberedObjects);
  let round: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failures = 0;

  const settle = (uid: string) => {
    waiting.delete(uid);
    settled.set(uid, true);
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
    // Objects that arrive meanwhile are looked up in the same round.
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
  const unsubscribe = connection.csrWatch.subscribe((csr) => {
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
  context: Context,
  cluster: string,
  connection: ClusterConnection,
  csrs: readonly CsrObject[],
): Promise<readonly string[]> {
  const { inventoried } = context.attempts;
  const settled: string[] = [];
  const read: { readonly csr: CsrObject; readonly certificate: ParsedCertificate | null }[] = [];
  for (const csr of csrs) {
    const certificate = certificateInCsr(csr);
    if (certificate && inventoried.has(certificate.fingerprintSha256)) settled.push(csr.uid);
    else read.push({ csr, certificate });
  }
  if (read.length === 0) return settled;
  const { username: ownUsername } = await connection.whoAmI();
  const evidence = read.map((one) => ({ ...one, spkiSha256: one.certificate && certifiedSpkiSha256(one.certificate) }));
  const own = await findOwnCsrs(context.store, cluster, ownUsername, evidence);
  for (const { csr, certificate } of read) {
    const ours = own.get(csr.uid);
    // An attempt of ours is about to end with it: either it gets into the inventory, or it is looked up again.
    if (ours && !ours.inventoried) continue;
    if (ours || (await record(context, cluster, csr, certificate, await isLost(context, csr, ownUsername))))
      settled.push(csr.uid);
  }
  return settled;
}

/**
 * Whether it was signed for a request of this log of which the database knows nothing, or no such attempt. An attempt
 * is on record before kubepass approves its object, so the database was put back from a backup since. An object that
 * somebody else approved proves nothing: it is created beside the commit of the attempt. The API server sets the
 * username.
 */
async function isLost(
  { store, lostRecords }: Context,
  { name, username, labels, conditions }: CsrObject,
  ownUsername: string,
): Promise<boolean> {
  const [, requestId, attempt] = /^kubepass-([0-9a-f-]{36})-(\d{1,9})$/.exec(name) ?? [];
  const isForThisLog = username === ownUsername && labels[instanceLabel] === lostRecords.instance;
  if (requestId === undefined || !isForThisLog || !conditions.some(({ reason }) => reason === ownApproval))
    return false;
  const request = await store.requests.find(requestId);
  return (request?.attempt?.number ?? 0) < Number(attempt);
}

/** Answers false where the store could not record it now. */
async function record(
  context: Context,
  cluster: string,
  csr: CsrObject,
  certificate: ParsedCertificate | null,
  lost: boolean,
): Promise<boolean> {
  const recordedAt = context.clock();
  const fingerprintSha256 = certificate?.fingerprintSha256 ?? sha256(Buffer.from(csr.certificate ?? '', 'utf8'));
  try {
    // A conflict means that it is recorded already: by another replica, or by this one before it restarted.
    const step: Step = {
      operations: [insertUnknownIdentity({ cluster, fingerprintSha256, objectUid: csr.uid, recordedAt })],
      events: [unknownIdentityEvent(cluster, csr, certificate, fingerprintSha256, recordedAt, lost)],
    };
    await (lost ? context.lostRecords.recordLost(step) : context.store.writer.commit(step));
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
  lost: boolean,
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
    ...(lost && { lost }),
  };
  return auditEvent('UnknownIdentityIssued', at, null, details, { cluster, fingerprintSha256 });
}

/** The identity as an API server reads it: the last of several CNs is the username, every O is a group. */
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
