import {
  type Renewal,
  labelBounds,
  sortedLabels,
  whyNotLabelValue,
  type Labels,
} from '../model/certificate-request.js';
import type { RenewalFacts } from '../model/decision.js';
import { isDnsLabel, nameRules, whyNotName, whyNotPrincipalName } from '../model/name-grammar.js';
import { done, refused, type FieldError, type Outcome } from '../model/outcome.js';
import { quote } from '@kubepass/inspect/formats';
import type { Principal, Requester } from '../model/principal.js';
import { type CertificationRequest, type KeyAlgorithm, readCertificationRequest } from '@kubepass/x509';
import type { RequestToDecide } from '../policy/policy-set.js';
import type { Context, IssuingCluster } from '../context/context.js';

/** The body of `POST /v1/certificate-requests`, its shape already checked by the route's schema. */
export interface CertificateRequestAsk {
  readonly cluster?: string | undefined;
  readonly username?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  /** PEM PKCS#10. */
  readonly csr?: string | undefined;
  readonly keyAlgorithm?: KeyAlgorithm | undefined;
  readonly expirationSeconds?: number | undefined;
  readonly namespace?: string | undefined;
  readonly reason?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly collector?: string | undefined;
}

/** An ask that makes sense: one cluster, one username, and a CSR, if any, that proves its key. */
export interface ResolvedAsk extends RequestToDecide {
  readonly issuing: IssuingCluster;
  readonly cluster: string;
  readonly requester: Requester;
  readonly csr: CertificationRequest | null;
  /** The certificate to renew; null for a certificate that renews none. */
  readonly renewal: Renewal | null;
  /** The facts about it for policy. */
  readonly renewalFacts: RenewalFacts | null;
}

/**
 * Reads an ask, or answers everything that is wrong with it. Policy decides afterwards who may have what. Policy also
 * judges names that come from a certificate or a CSR; those that the caller wrote are mended by the caller.
 */
export const resolveAsk = (
  context: Context,
  ask: CertificateRequestAsk,
  principal: Principal,
): Promise<Outcome<ResolvedAsk>> =>
  resolveCertified(context, ask, principal, nameErrors(ask, findCluster(context, ask.cluster)));

/** As `resolveAsk`, for an ask whose names a certificate has already. `nameErrors`: what is wrong with its names. */
export async function resolveCertified(
  context: Context,
  ask: CertificateRequestAsk,
  { name, groups, roles }: Principal,
  nameErrors: readonly FieldError[] = [],
): Promise<Outcome<ResolvedAsk>> {
  const issuing = findCluster(context, ask.cluster);
  const errors = [
    ...nameErrors,
    ...(issuing ? [] : [clusterError(context, ask.cluster)]),
    ...(ask.csr === undefined && ask.username === undefined
      ? [{ pointer: '/username', message: 'either username or csr is needed' }]
      : []),
    ...(ask.csr !== undefined && ask.keyAlgorithm !== undefined
      ? [{ pointer: '/keyAlgorithm', message: 'the csr has its key already: leave keyAlgorithm out' }]
      : []),
    ...(ask.namespace !== undefined && !isDnsLabel(ask.namespace)
      ? [{ pointer: '/namespace', message: 'must be a DNS label' }]
      : []),
    ...labelErrors(ask.labels ?? {}),
    ...collectorErrors(ask.collector),
  ];
  if (!issuing || errors.length > 0) return refused({ kind: 'invalid-request', errors });

  let csr: CertificationRequest | null = null;
  if (ask.csr !== undefined) {
    const read = await readCertificationRequest(ask.csr, context.signatures, undefined, name);
    if (!read.ok) return refused({ kind: 'unacceptable-csr', ...read.refusal });
    csr = read.csr;
    const mismatch = subjectMismatch(csr, ask);
    if (mismatch !== null) return refused({ kind: 'unacceptable-csr', reason: 'SubjectMismatch', message: mismatch });
  }
  return done({
    issuing,
    cluster: issuing.cluster.name,
    requester: { name, groups, roles },
    username: csr?.username ?? ask.username ?? '',
    // In the caller's own order where it gave one, because a CSR may hold its groups as a sorted set.
    groups: ask.groups ?? csr?.groups ?? [],
    keyAlgorithm: csr?.publicKey.algorithm ?? ask.keyAlgorithm ?? 'ECDSA-P256',
    csr,
    expirationSeconds: ask.expirationSeconds ?? null,
    namespace: ask.namespace ?? null,
    reason: ask.reason ?? null,
    labels: sortedLabels(ask.labels ?? {}),
    collector: ask.collector ?? name,
    renewal: null,
    renewalFacts: null,
  });
}

function findCluster(context: Context, name: string | undefined): IssuingCluster | undefined {
  if (name !== undefined) return context.clusters.get(name);
  return context.clusters.size === 1 ? [...context.clusters.values()][0] : undefined;
}

function clusterError(context: Context, name: string | undefined): FieldError {
  const known = [...context.clusters.keys()].join(', ');
  return name === undefined
    ? { pointer: '/cluster', message: `several clusters are configured, name one of: ${known}` }
    : { pointer: '/cluster', message: `cluster ${JSON.stringify(name)} is not configured; known are: ${known}` };
}

/** Which names the cluster does not take, by which rule, and the setting that would admit them. */
function nameErrors({ username, groups = [] }: CertificateRequestAsk, issuing: IssuingCluster | undefined) {
  if (issuing === undefined) return [];
  const { nameAlphabet } = issuing.cluster;
  const errorAt = (pointer: string, name: string): FieldError[] => {
    const why = whyNotName(name, nameAlphabet);
    if (why === null) return [];
    const wider = nameAlphabet === 'ascii' && whyNotName(name, 'unicode') === null;
    const wayOut = wider ? '; `nameAlphabet: unicode` of the cluster admits it' : '';
    return [{ pointer, message: `${quote(name)} ${why}: a name has ${nameRules[nameAlphabet]}${wayOut}` }];
  };
  return [
    ...(username === undefined ? [] : errorAt('/username', username)),
    ...groups.flatMap((group, i) => errorAt(`/groups/${i}`, group)),
  ];
}

function labelErrors(labels: Labels): FieldError[] {
  const all = Object.entries(labels);
  return [
    ...(all.length > labelBounds.count
      ? [{ pointer: '/labels', message: `must have at most ${labelBounds.count} labels` }]
      : []),
    ...all.flatMap(([key, value]) => {
      const pointer = `/labels/${key}`;
      if (!isDnsLabel(key)) return [{ pointer: '/labels', message: `the key ${quote(key)} must be a DNS label` }];
      const why = whyNotLabelValue(value);
      return why === null ? [] : [{ pointer, message: why }];
    }),
  ];
}

function collectorErrors(collector: string | undefined): FieldError[] {
  const why = collector === undefined ? null : whyNotPrincipalName(collector);
  return why === null ? [] : [{ pointer: '/collector', message: why }];
}

/** Groups are compared as a set: some CSRs hold them DER-sorted, and Kubernetes gives their order no meaning. */
function subjectMismatch(csr: CertificationRequest, ask: CertificateRequestAsk): string | null {
  if (ask.username !== undefined && ask.username !== csr.username)
    return `the csr's CN is ${JSON.stringify(csr.username)}, username says ${JSON.stringify(ask.username)}`;
  if (ask.groups === undefined) return null;
  const inCsr = new Set(csr.groups);
  const inBody = new Set(ask.groups);
  if (inCsr.size === inBody.size && ask.groups.length === csr.groups.length && csr.groups.every((g) => inBody.has(g)))
    return null;
  return `the csr's O values are ${JSON.stringify(csr.groups)}, groups says ${JSON.stringify(ask.groups)}`;
}
