import type { AuditEventDraft } from '../../model/audit-event.js';
import type { Certificate } from '../../model/certificate.js';
import type { CertificateRequest, IssuanceAttempt, RequestFailure } from '../../model/certificate-request.js';
import { foldedName, joined } from '@kubepass/inspect/formats';
import type { Step, Write } from '../../store/steps/step.js';
import { requireUnblocked } from '../../store/tables/identity-block-table.js';
import { insertCertificate } from '../../store/tables/insert-certificate.js';
import type { RequestMove } from '../../store/tables/write-request.js';
import { tellWrongSignature } from '../../signing/sign-verified.js';
import { type SignedCertificate, SigningRefusedError, SigningUndeterminedError } from '../../signing/signer.js';
import { type CertificateFields, type CheckedIssuance, checkSignedCertificate } from './check-issued-certificate.js';
import { type Context, issuingCluster, phase, secondsAfter } from '../../context/context.js';
import { announce, attemptDetails, moveRequest, requestEvent } from '../../context/request-steps.js';
import type { StartedAttempt } from './start-attempt.js';
import { instantText } from '@kubepass/x509';
import { blocks } from '../../model/identity.js';
import type { Requester } from '../../model/principal.js';
import { isLostMeanwhile, lossRevocation } from '../../access/directory-facts.js';
import { revocationBy, revocationStep } from '../../access/revoke-certificate.js';

/** The end of an attempt. `abandoned`: the request is approved again, and another attempt may follow. */
export type AttemptEnd =
  | { readonly kind: 'issued'; readonly certificate: Certificate }
  | { readonly kind: 'failed'; readonly failure: RequestFailure }
  | { readonly kind: 'abandoned'; readonly reason: string };

/**
 * Signs an attempt whose intent is recorded, checks the certificate that comes back, and records the outcome: steps 4
 * to 6 of `createRequest`. While it runs, `context.attempts` knows it, so that readers can wait for it and recovery
 * leaves it alone. Throws where the outcome could not be recorded: the request then stays `issuing`, and recovery
 * closes the attempt. `beside` is given the certificate while the outcome is being recorded, to get its answer ready.
 * It may give nothing away before this has ended with `issued`.
 */
export function finishAttempt(
  context: Context,
  request: CertificateRequest,
  started: StartedAttempt,
  actor: string | null,
  beside: (certificate: Certificate) => void = () => undefined,
): Promise<AttemptEnd> {
  const end = signAndRecord(context, request, started, actor, beside);
  const quiet = end.catch((error: unknown) => {
    context.log.error({ err: error, requestId: request.id }, 'the outcome of an issuance could not be recorded');
  });
  void context.attempts.track(request.id, quiet);
  return end;
}

async function signAndRecord(
  context: Context,
  request: CertificateRequest,
  started: StartedAttempt,
  actor: string | null,
  beside: (certificate: Certificate) => void,
): Promise<AttemptEnd> {
  // 4. Sign.
  let signed: SignedCertificate;
  try {
    const deadline = secondsAfter(context.clock(), context.settings.timeoutSeconds);
    signed = await phase(context, 'sign', request.cluster, () => started.signing.sign(deadline));
  } catch (error) {
    if (error instanceof SigningRefusedError)
      return recordFailure(context, request, started, { reason: error.reason, message: error.message }, null);
    // The attempt stays open: recovery comes back to it until its end is known.
    if (error instanceof SigningUndeterminedError) throw error;
    context.log.warn({ err: error, requestId: request.id }, 'signing did not work, the request is approved again');
    return abandonAttempt(context, request, started.attempt, 'SignerUnavailable');
  }

  // 5. Check the certificate that came back.
  const checked = await phase(context, 'check', request.cluster, async () => {
    const trust = signed.kind === 'assembled' ? null : await issuingCluster(context, request.cluster).clientTrust();
    return checkSignedCertificate(signed, started, trust, context.clock(), context.signatures);
  });

  // 6. Record the outcome.
  const end = checked.ok
    ? await recordIssued(context, request, started, checked, actor, beside)
    : await recordRefused(context, request, started, checked);

  // The caller is answered before this begins and does not wait for it. A service that stops does.
  const answered = new Promise((resolve) => setImmediate(resolve));
  void context.attempts.track(
    request.id,
    answered.then(() => started.signing.cleanUp()),
  );
  return end;
}

/** Nothing was signed where the signature is wrong: the request is approved again. A mismatch ends it as failed. */
async function recordRefused(
  context: Context,
  request: CertificateRequest,
  started: StartedAttempt,
  refused: CheckedIssuance & { readonly ok: false },
): Promise<AttemptEnd> {
  if (refused.kind === 'mismatch')
    return recordFailure(context, request, started, mismatchOf(refused.mismatches), refused.fields);
  const { name: issuer, key } = refused.issuedBy;
  tellWrongSignature({ cluster: request.cluster, issuer, key }, context, { requestId: request.id });
  return abandonAttempt(context, request, started.attempt, 'WrongSignature');
}

function mismatchOf([first = '', ...others]: readonly string[]): RequestFailure {
  const message = joined([`the certificate that came back is not what was approved: ${first}`, ...others]);
  return { reason: 'IssuedCertificateMismatch', message };
}

async function recordIssued(
  context: Context,
  request: CertificateRequest,
  { attempt }: StartedAttempt,
  { fields, lifetimeClamped }: CheckedIssuance & { readonly ok: true },
  actor: string | null,
  beside: (certificate: Certificate) => void,
): Promise<AttemptEnd> {
  const at = context.clock();
  const certificate = inventoryEntry(request, fields, at, false);
  const { fingerprintSha256 } = certificate;
  const details = {
    attempt: attempt.number,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    username: certificate.username,
    groups: certificate.groups,
    notBefore: instantText(certificate.notBefore),
    notAfter: instantText(certificate.notAfter),
    spkiSha256: certificate.publicKey.spkiSha256,
    orphan: certificate.orphan,
    lifetimeClamped,
  };
  const to = { state: 'issued' as const, waitsUntil: null, fingerprintSha256 };
  const event = requestEvent('CertificateIssued', at, actor, request, details, fingerprintSha256);
  const announced = announce(context, { event: 'certificate_request.issued', at, request, certificate });
  const committing = commitEnd(context, request, attempt, certificate, to, event, announced);
  const [committed] = await Promise.all([committing, Promise.resolve(certificate).then(beside)]);
  if (committed) context.attempts.inventoried.set(fingerprintSha256, true);
  return committed ? { kind: 'issued', certificate } : takenOver(context, request, attempt, certificate);
}

/** Ends the request as failed; a certificate that was signed nevertheless is kept as an orphan. */
async function recordFailure(
  context: Context,
  request: CertificateRequest,
  { attempt }: StartedAttempt,
  failure: RequestFailure,
  signed: CertificateFields | null,
): Promise<AttemptEnd> {
  const at = context.clock();
  const orphan = signed && inventoryEntry(request, signed, at, true);
  const details = { ...attemptDetails(attempt), ...failure };
  const to = { state: 'failed' as const, waitsUntil: null, failure };
  const event = requestEvent('IssuanceFailed', at, null, request, details, orphan?.fingerprintSha256);
  const committed = await commitEnd(context, request, attempt, orphan, to, event);
  return committed ? { kind: 'failed', failure } : takenOver(context, request, attempt, orphan);
}

/**
 * Closes an attempt: the request is approved again, and collectable or signable anew, with a new attempt number and so
 * a new serial number. A certificate that was signed for it all the same is kept as an orphan.
 */
export async function abandonAttempt(
  context: Context,
  request: CertificateRequest,
  attempt: IssuanceAttempt,
  reason: string,
  signed: CertificateFields | null = null,
): Promise<AttemptEnd> {
  const at = context.clock();
  const orphan = signed && inventoryEntry(request, signed, at, true);
  // A generated key is gone with its attempt; a CSR's key stays the approved one.
  const to = { state: 'approved' as const, ...(request.certificationRequest === null && { publicKey: null }) };
  await commitEnd(context, request, attempt, orphan, to, abandonedEvent(request, attempt, at, reason, orphan));
  return { kind: 'abandoned', reason };
}

/**
 * Somebody else took the attempt over while it was being signed. Where the attempt could be resumed, its certificate
 * belongs to the process that took over. Otherwise this one was signed besides, and goes into the inventory as an
 * orphan.
 */
async function takenOver(
  context: Context,
  request: CertificateRequest,
  attempt: IssuanceAttempt,
  signed: Certificate | null,
): Promise<AttemptEnd> {
  const reason = 'AttemptTakenOver';
  if (signed !== null && !issuingCluster(context, request.cluster).signer.mayBeResumed) {
    const certificate = { ...signed, orphan: true };
    await commitCertificate(context, certificate, request.requester, {
      operations: [insertCertificate(certificate)],
      events: [abandonedEvent(request, attempt, context.clock(), reason, certificate)],
    });
  }
  return { kind: 'abandoned', reason };
}

/**
 * Commits the end of an attempt, with the certificate that was signed, if any; false where somebody else has taken the
 * attempt over.
 */
async function commitEnd(
  context: Context,
  { id, requester }: CertificateRequest,
  { owner, number }: IssuanceAttempt,
  certificate: Certificate | null,
  to: RequestMove['to'],
  event: AuditEventDraft,
  announced: readonly Write[] = [],
): Promise<boolean> {
  const moved = moveRequest(id, { state: 'issuing', owner, attempt: number }, to);
  if (certificate === null) {
    const { committed } = await context.store.writer.commit({ operations: [moved, ...announced], events: [event] });
    return committed;
  }
  return commitCertificate(context, certificate, requester, {
    operations: [moved, insertCertificate(certificate), ...announced],
    events: [event],
  });
}

function abandonedEvent(
  request: CertificateRequest,
  attempt: IssuanceAttempt,
  at: Date,
  reason: string,
  orphan: Certificate | null,
): AuditEventDraft {
  const details = { ...attemptDetails(attempt), reason, orphan: orphan !== null };
  return requestEvent('IssuanceAbandoned', at, null, request, details, orphan?.fingerprintSha256);
}

const inventoryEntry = (
  { id: requestId, cluster, requester, collector, renewal }: CertificateRequest,
  fields: CertificateFields,
  issuedAt: Date,
  orphan: boolean,
): Certificate => ({
  ...fields,
  cluster,
  requestId,
  requester: requester.name,
  collector,
  orphan,
  issuedAt,
  renewal: orphan ? null : renewal,
  supersededBy: null,
  revocation: null,
});

/**
 * Commits a step that records a certificate; false where something else conflicts. Where its username was blocked
 * since signing began, the certificate is revoked in the same commit: so a block holds for what was under way, on
 * every replica. It is the same where its bearer lost one of its groups. A loss that comes later sees the request, or
 * its certificate.
 */
async function commitCertificate(
  context: Context,
  certificate: Certificate,
  requester: Requester,
  { operations, events }: Step,
): Promise<boolean> {
  const { store, clock } = context;
  const { cluster } = certificate;
  const isLost = await isLostMeanwhile(context, certificate, requester);
  const lost = isLost
    ? revocationStep(context, [certificate], lossRevocation(byItself, clock()))
    : { operations: [], events: [] };
  const folded = foldedName(certificate.username);
  for (;;) {
    const now = clock();
    const unblocked = requireUnblocked({ cluster, folded: [folded, folded, folded], now });
    const result = await store.writer.commit({
      operations: [unblocked, ...operations, ...lost.operations],
      events: [...events, ...lost.events],
    });
    if (result.committed || result.conflict.kind !== 'blocked') return result.committed;
    const [block] = await store.identityBlocks.find([folded]);
    if (block === undefined || !blocks(block, cluster, now)) continue;
    const revoked = revocationStep(context, [certificate], revocationBy(block, now));
    return (
      await store.writer.commit({
        operations: [...operations, ...revoked.operations],
        events: [...events, ...revoked.events],
      })
    ).committed;
  }
}

/** The principal in the log where nobody else revokes it. */
const byItself = 'kubepass';
