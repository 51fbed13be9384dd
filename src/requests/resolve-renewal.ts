import { approvalCarriesOver, mayReadCertificate, mayRenew } from '../callers/permissions.js';
import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { RenewalFacts } from '../model/decision.js';
import { belongsToBearer, type SupposedInDirectory } from '../model/directory.js';
import { done, refused, type Outcome, type Refusal } from '../model/outcome.js';
import type { Principal, Requester } from '../model/principal.js';
import { isRenewableAfter, secondsSinceEnd } from '../policy/evaluate-policy.js';
import { secondsAfter, type Context } from '../context/context.js';
import { clusterGone, stateConflict } from '../context/request-steps.js';
import { noneIsBlocked } from '../context/standing.js';
import { resolveAsk, resolveCertified, type CertificateRequestAsk, type ResolvedAsk } from './resolve-ask.js';

/** The body of `POST /v1/certificates/{fingerprint}/renew`. Everything else is as it is in the certificate. */
export type RenewalAsk = Pick<CertificateRequestAsk, 'csr' | 'keyAlgorithm' | 'expirationSeconds' | 'reason'>;

/** Somebody who would ask: by default without groups, and with the role requester. */
export type SupposedRequester = Pick<Requester, 'name'> & Partial<Requester>;

/** A request to try out. With `renewalOf`, the fingerprint of a certificate, it has the members of a renewal alone. */
export type EvaluationAsk = CertificateRequestAsk & {
  readonly renewalOf?: string;
  /** Supposed of the username. */
  readonly directory?: SupposedInDirectory;
  /** Supposed of the request. Default: the caller. */
  readonly requester?: SupposedRequester;
  /** False: a form asks while it is filled in. */
  readonly record?: boolean;
};

/** The ask for a certificate in place of the certificate with this fingerprint. */
interface AskInPlace extends RenewalAsk {
  readonly renews: string;
}
/** An ask for a certificate, which may be a renewal. */
export type AnyAsk = CertificateRequestAsk | AskInPlace;
/** The key is generated, so there is no certification request. */
export type AskWithoutCsr = Omit<CertificateRequestAsk, 'csr'> | Omit<AskInPlace, 'csr'>;

/** Fills in what the ask leaves to the service. */
export const resolveAnyAsk = (context: Context, principal: Principal, ask: AnyAsk): Promise<Outcome<ResolvedAsk>> =>
  'renews' in ask ? resolveRenewal(context, principal, ask.renews, ask) : resolveAsk(context, ask, principal);

async function resolveRenewal(
  context: Context,
  principal: Principal,
  fingerprintSha256: string,
  ask: RenewalAsk,
): Promise<Outcome<ResolvedAsk>> {
  const renewed = await findRenewed(context, fingerprintSha256);
  if (renewed === null || !mayRenew(principal, renewed.request)) return refused({ kind: 'not-found' });
  const refusal = whyNotRenew(context, principal, renewed);
  return refusal ? refused(refusal) : askInPlaceOf(context, principal, renewed, ask);
}

/**
 * The ask of a dry run. One with `renewalOf` is a renewal of that certificate, whatever its state: the decision tells
 * about that. Every reader of the certificate may try it out. `supposed` stands in for the caller as the requester, and
 * gets nothing to read that the caller may not read.
 */
export async function resolveEvaluation(
  context: Context,
  principal: Principal,
  { renewalOf, ...ask }: Omit<EvaluationAsk, 'requester' | 'directory' | 'record'>,
  supposed: SupposedRequester | undefined,
): Promise<Outcome<ResolvedAsk>> {
  const asking = supposed === undefined ? principal : inTheirName(principal, supposed);
  if (renewalOf === undefined) return resolveAsk(context, ask, asking);
  const { csr: _csr, keyAlgorithm: _algorithm, expirationSeconds: _seconds, reason: _reason, ...others } = ask;
  const message = 'is that of the certificate that is renewed: leave it out';
  const errors = Object.keys(others).map((name) => ({ pointer: `/${name}`, message }));
  if (errors.length > 0) return refused({ kind: 'invalid-request', errors });
  const renewed = await findRenewed(context, renewalOf);
  if (renewed === null || !(mayReadCertificate(principal, renewed.request) || mayRenew(principal, renewed.request)))
    return refused({ kind: 'not-found' });
  const gone = clusterGone(context, renewed.request);
  if (gone) return refused(gone);
  return askInPlaceOf(context, asking, renewed, ask);
}

/** A principal with the supposed name, groups and roles. Nobody made a credential for them. */
function inTheirName(principal: Principal, { name, groups = [], roles = ['requester'] }: SupposedRequester): Principal {
  const { nameSince: _nameSince, proof: _proof, ...caller } = principal;
  return { ...caller, name, groups, roles, createdBy: [] };
}

/** The certificate that is to be renewed, with the request that it was issued for. */
interface Renewed {
  readonly certificate: Certificate;
  readonly request: CertificateRequest;
  /** Whether one of the names of the request was given to somebody else since. */
  readonly isPredecessors: boolean;
}

async function findRenewed({ store, directoryUse }: Context, fingerprintSha256: string): Promise<Renewed | null> {
  const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
  const request = certificate && (await store.requests.find(certificate.requestId));
  if (certificate === null || request === null) return null;
  const { username, requester, collector, createdAt } = request;
  const givenOn = await directoryUse.givenOnAt([username, requester.name, collector], false);
  return { certificate, request, isPredecessors: !belongsToBearer(createdAt, givenOn) };
}

/** When the requester of the certificate, or of one that it renews, last came by another way in than a proof. */
const signedInAt = ({ decision, createdAt }: CertificateRequest): string =>
  decision.facts.renewal?.signedInAt ?? createdAt.toISOString();

/** Why the certificate may not be renewed: its names, its state, or a sign-in that is too old. Null: it may. */
function whyNotRenew(
  context: Context,
  { name, groups, roles, proof }: Principal,
  { certificate, request, isPredecessors }: Renewed,
): Refusal | null {
  const { revocation, orphan, notAfter, cluster } = certificate;
  if (isPredecessors)
    return stateConflict(request, 'a name of the certificate is somebody else’s since: make a new request');
  if (revocation) return stateConflict(request, 'the certificate is revoked');
  if (orphan) return stateConflict(request, 'nobody holds the key of this certificate');
  const expired = secondsSinceEnd(notAfter, context.clock());
  if (!isRenewableAfter(context.policySet(), cluster, { name, groups, roles }, expired))
    return stateConflict(request, `the certificate ended at ${notAfter.toISOString()}: make a new request`);
  const signInBy = secondsAfter(new Date(signedInAt(request)), context.settings.groupsMaxAgeSeconds);
  if (proof !== undefined && context.clock() >= signInBy)
    return stateConflict(request, `renewals without a sign-in ended at ${signInBy.toISOString()}: sign in again`);
  return clusterGone(context, request);
}

/** Identity, namespace, labels, collector and, by default, the kind of key are those of the certificate. */
async function askInPlaceOf(
  context: Context,
  principal: Principal,
  { certificate, request, isPredecessors }: Renewed,
  { csr, keyAlgorithm, expirationSeconds, reason }: RenewalAsk,
): Promise<Outcome<ResolvedAsk>> {
  const { cluster, username, groups, namespace, labels, collector } = request;
  const algorithm = csr === undefined ? (keyAlgorithm ?? certificate.publicKey.algorithm) : keyAlgorithm;
  const asked = {
    cluster,
    username,
    groups,
    labels,
    collector,
    csr,
    keyAlgorithm: algorithm,
    expirationSeconds,
    namespace: namespace ?? undefined,
    reason,
  };
  const resolved = await resolveCertified(context, asked, principal);
  if (!resolved.ok) return resolved;
  const { fingerprintSha256, renewal } = certificate;
  const lineage = renewal?.lineage ?? fingerprintSha256;
  const key = resolved.value.csr?.publicKey.sha256;
  if (key !== undefined && (await context.store.certificates.hasKeyInLineage(lineage, key))) {
    const message = 'the key of the csr was used before for this identity: a renewal takes a new key';
    return refused({ kind: 'unacceptable-csr', reason: 'KeyReused', message });
  }
  const generation = (renewal?.generation ?? 0) + 1;
  return done({
    ...resolved.value,
    renewal: { of: fingerprintSha256, lineage, generation },
    renewalFacts: {
      of: fingerprintSha256,
      generation,
      ...(isPredecessors ? noApproval : await approvalOf(context, principal, request, key !== undefined)),
      notAfter: certificate.notAfter.toISOString(),
      expiredSeconds: secondsSinceEnd(certificate.notAfter, context.clock()),
      expirationSeconds: request.expirationSeconds,
      revoked: certificate.revocation !== null,
      ...(principal.proof && { signedInAt: signedInAt(request) }),
    },
  });
}

const noApproval = { approvedAt: null, approvedSeconds: null, approvedBy: [] };

/**
 * Finds the approval by people that the renewal carries over: the approval of the certificate's request, or else the
 * approval that this request itself carried over. An approval does not carry over while one of its approvers is blocked
 * on every cluster. An approval does carry over after its approver left.
 */
async function approvalOf(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
  bringsKey: boolean,
): Promise<Pick<RenewalFacts, 'approvedAt' | 'approvedSeconds' | 'approvedBy'>> {
  const last = request.approvals.at(-1);
  const found = last
    ? {
        approvedAt: last.at.toISOString(),
        approvedSeconds: request.expirationSeconds,
        approvedBy: [...new Set(request.approvals.map((approval) => approval.principal))],
      }
    : request.decision.facts.renewal;
  if (!found || !approvalCarriesOver(principal, request, found.approvedBy, bringsKey)) return noApproval;
  const { approvedAt, approvedSeconds, approvedBy } = found;
  if (approvedAt === null || !(await noneIsBlocked(context, approvedBy, new Date(approvedAt)))) return noApproval;
  return { approvedAt, approvedSeconds, approvedBy };
}
