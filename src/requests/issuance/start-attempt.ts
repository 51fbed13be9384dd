import type { ApprovedRequest } from '../../model/approved-request.js';
import type { CertificateRequest, IssuanceAttempt, PublicKeyReference } from '../../model/certificate-request.js';
import type { IssuerState } from '../../model/issuer.js';
import { mintApprovedRequest } from '../../model/mint-approved-request.js';
import type { PreparedSigning, Signer } from '../../signing/signer.js';
import type { Step, Write } from '../../store/steps/step.js';
import { requireIssuer } from '../../store/tables/cluster-issuer-table.js';
import { issuingCluster, secondsAfter, type Context } from '../../context/context.js';
import { attemptDetails, requestEvent, moveRequest } from '../../context/request-steps.js';
import {
  type CertificationRequest,
  generateKeyPair,
  type KeyAlgorithm,
  type KeyPair,
  readCertificationRequestDer,
  sha256,
  type Signatures,
  Turns,
  writeCertificationRequest,
} from '@kubepass/x509';

/** An attempt whose intent is worked out, but not recorded: record `attempt`, then call `finishAttempt`. */
export interface StartedAttempt {
  readonly approved: ApprovedRequest;
  readonly attempt: IssuanceAttempt;
  readonly publicKey: PublicKeyReference;
  readonly signing: PreparedSigning;
}

/**
 * Works out the next attempt for a request that policy has approved. Signs nothing, records nothing. `probing`: the
 * signer that a probe tries out; null: this is no probe, and the signer of the cluster signs.
 */
export function startAttempt(
  context: Context,
  request: CertificateRequest,
  key: KeyToCertify,
  now: Date,
  probing: Pick<Signer, 'prepare'> | null = null,
): StartedAttempt {
  const number = (request.attempt?.number ?? 0) + 1;
  const approved = approve(request, number, key, probing !== null);
  const signer = probing ?? issuingCluster(context, request.cluster).signer;
  const signing = signer.prepare(approved, now);
  return {
    approved,
    signing,
    publicKey: key.reference,
    attempt: {
      number,
      owner: context.owner,
      leaseUntil: leaseFrom(context, now),
      startedAt: now,
      spkiSha256: key.reference.spkiSha256,
      intent: signing.intent,
    },
  };
}

/** The attempt of an `issuing` request whose process died, taken over by this one; null where it cannot go on. */
export function resumeAttempt(
  context: Context,
  request: CertificateRequest,
  attempt: IssuanceAttempt,
  key: KeyToCertify,
  now: Date,
): StartedAttempt | null {
  const approved = approve(request, attempt.number, key, false);
  const signing = issuingCluster(context, request.cluster).signer.resume(approved, attempt.intent);
  if (signing === null) return null;
  const taken = { ...attempt, owner: context.owner, leaseUntil: leaseFrom(context, now) };
  return { approved, signing, publicKey: key.reference, attempt: taken };
}

function approve(request: CertificateRequest, attempt: number, key: KeyToCertify, probe: boolean): ApprovedRequest {
  const { id: requestId, cluster, username, groups, keyAlgorithm, expirationSeconds } = request;
  const { subjectPublicKeyInfo, certificationRequest } = key;
  return mintApprovedRequest({
    requestId,
    attempt,
    cluster,
    username,
    groups,
    keyAlgorithm,
    subjectPublicKeyInfo,
    certificationRequest,
    expirationSeconds,
    probe,
  });
}

/** How long an attempt may last: as long as the signer may take, and 30 seconds more to record the outcome. */
export const leaseSeconds = ({ timeoutSeconds }: Context['settings']): number => timeoutSeconds + 30;
const leaseFrom = ({ settings }: Context, now: Date): Date => secondsAfter(now, leaseSeconds(settings));

/** The request once the intent of the attempt is recorded. */
export const issuing = (request: CertificateRequest, { attempt, publicKey }: StartedAttempt): CertificateRequest => ({
  ...request,
  state: 'issuing',
  attempt,
  publicKey,
});

/**
 * The condition of each step that begins an attempt: the issuer that its intent names has one of these states when the
 * step commits. So nothing is signed by an issuer once another one is active. A cluster that signs by itself has none.
 */
export function issuerCondition(
  { approved: { cluster }, attempt: { intent } }: StartedAttempt,
  states: readonly IssuerState[] = ['active'],
): readonly Write[] {
  const { issuer } = intent;
  return issuer === undefined ? [] : [requireIssuer({ cluster, issuer, states })];
}

/** The step that records the intent of an attempt on an approved request. Nothing is signed before it is on disk. */
export function intentStep(request: CertificateRequest, started: StartedAttempt, actor: string | null): Step {
  return {
    operations: [
      ...issuerCondition(started),
      moveRequest(
        request.id,
        // Otherwise two attempts could have the same number, and in a cluster the same object.
        { state: 'approved', attempt: request.attempt?.number ?? null },
        { state: 'issuing', attempt: started.attempt, publicKey: started.publicKey },
      ),
    ],
    events: [
      requestEvent('IssuanceStarted', started.attempt.startedAt, actor, request, attemptDetails(started.attempt)),
    ],
  };
}

/** The step that makes this process the owner of an attempt that another one began, while `before` still owns it. */
export function takeoverStep(
  request: CertificateRequest,
  before: IssuanceAttempt,
  taken: StartedAttempt,
  now: Date,
): Step {
  return {
    operations: [
      moveRequest(
        request.id,
        { state: 'issuing', owner: before.owner, attempt: before.number },
        { state: 'issuing', attempt: taken.attempt },
      ),
    ],
    events: [
      requestEvent('IssuanceResumed', now, null, request, {
        ...attemptDetails(taken.attempt),
        previousOwner: before.owner,
        owner: taken.attempt.owner,
      }),
    ],
  };
}

/** The public key that is to be certified: the key of the CSR, or one that was generated for this collection. */
export interface KeyToCertify {
  readonly reference: PublicKeyReference;
  readonly subjectPublicKeyInfo: Uint8Array;
  /** PKCS#10, DER, as in `ApprovedRequest`; null where the signer takes the key as it is. */
  readonly certificationRequest: Uint8Array | Promise<Uint8Array> | null;
}

/**
 * At most two RSA keys are generated at once: that is half of libuv's pool of four threads. A hundred more may wait,
 * which is as long as callers have patience.
 */
const rsaTurns = new Turns({ atTheSameTime: 2, waiting: 100 });

/**
 * Generates the key pair that a request is to be issued for. RSA keys queue among themselves, because signatures use
 * the same threads and must not wait behind them. `by`: the principal who wants it, so that nobody has all turns.
 * Throws `TooManyWaitingError` where that queue is full.
 */
export function newKeyPair(algorithm: KeyAlgorithm, by: string | null = null): Promise<KeyPair> {
  const generate = () => generateKeyPair(algorithm);
  return algorithm.startsWith('RSA-') ? rsaTurns.take(generate, by) : generate();
}

export function keyOfCsr({ publicKey, der }: CertificationRequest): KeyToCertify {
  return {
    reference: { algorithm: publicKey.algorithm, spkiSha256: publicKey.sha256 },
    subjectPublicKeyInfo: publicKey.der,
    certificationRequest: der,
  };
}

/** A generated key; with a certification request for the subject, signed meanwhile, where the signer needs one. */
export function keyOfPair(
  { username, groups, keyAlgorithm }: Pick<CertificateRequest, 'username' | 'groups' | 'keyAlgorithm'>,
  keyPair: KeyPair,
  { needsCertificationRequest }: Signer,
): KeyToCertify {
  const { subjectPublicKeyInfo } = keyPair;
  const certificationRequest = needsCertificationRequest
    ? writeCertificationRequest({ username, groups }, keyPair)
    : null;
  // The signer awaits it; where the request is denied first, nobody does.
  certificationRequest?.catch(() => undefined);
  return {
    reference: { algorithm: keyAlgorithm, spkiSha256: sha256(subjectPublicKeyInfo) },
    subjectPublicKeyInfo,
    certificationRequest,
  };
}

/** The key of the CSR that is stored with the request, read again as strictly as when it came; null without a CSR. */
export async function recordedKey(request: CertificateRequest, signatures: Signatures): Promise<KeyToCertify | null> {
  if (request.certificationRequest === null) return null;
  const { name } = request.requester;
  const read = await readCertificationRequestDer(request.certificationRequest, signatures, undefined, name);
  if (!read.ok) throw new Error(`the stored csr of request ${request.id} is refused: ${read.refusal.message}`);
  const key = keyOfCsr(read.csr);
  // Only the approved key may be certified: its hash was fixed, and shown to approvers, when the request was recorded.
  if (key.reference.spkiSha256 !== request.publicKey?.spkiSha256)
    throw new Error(`the stored csr of request ${request.id} holds another key than was approved`);
  return key;
}
