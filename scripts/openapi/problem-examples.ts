import { exampleId } from '../../src/http/schemas/schema-parts.js';
import { problem, problemBody, type ProblemMembers } from '../../src/http/problems/problem.js';
import type { ProblemType, ProblemBody } from '../../src/http/problems/schemas.js';

interface Example {
  readonly detail: string;
  readonly members?: ProblemMembers;
}

/** The details of a problem of each type. */
const examples: Readonly<Record<ProblemType, Example>> = {
  'invalid-request': { detail: 'the request is not valid; `errors` says where' },
  unauthenticated: { detail: 'send a bearer token' },
  'not-permitted': { detail: 'probing a cluster takes the role admin' },
  'policy-denied': {
    detail: 'the request is recorded as denied: group "ops" is not permitted by policy "developers"',
    members: {
      certificateRequestId: exampleId,
      violations: [
        {
          source: 'developers',
          reason: 'GroupNotPermitted',
          message: 'group "ops" is not permitted by policy "developers"',
        },
      ],
    },
  },
  'not-found': { detail: 'there is no such resource, or the caller may not read it' },
  'method-not-allowed': { detail: 'this resource takes GET, HEAD' },
  'not-acceptable': { detail: 'this resource comes as application/json' },
  'request-timeout': { detail: 'the request did not arrive in time' },
  'state-conflict': {
    detail: 'the request is issued, not pending',
    members: { certificateRequestId: exampleId, state: 'issued' },
  },
  'idempotency-key-in-flight': { detail: 'try again after the first request has been answered' },
  'key-already-collected': {
    detail: 'the private key is not kept; make a new request',
    members: { certificateRequestId: exampleId },
  },
  'cluster-not-connected': { detail: 'kubepass has no connection to cluster "demo"' },
  'enforcement-unavailable': {
    detail: '1200 revoked certificates are more than the 1000 that an API server loads: use mode webhook',
  },
  'issuer-not-accepted': {
    detail: 'not every API server accepts issuer "users-2027"',
    members: {
      addresses: [
        { address: 'https://10.0.0.1:6443', accepts: 'no', acceptedAs: null, reason: 'CertificateNotAccepted' },
      ],
    },
  },
  'issuer-in-use': {
    detail: 'issuer "users-2026" has 3 live certificates',
    members: { live: 3, latestNotAfter: '2026-03-02T09:30:00.000Z' },
  },
  'webhook-not-configured': { detail: 'no webhook "chat" is configured' },
  'content-too-large': { detail: 'the body is larger than this resource takes' },
  'unsupported-media-type': { detail: 'send the body as application/json' },
  'unacceptable-csr': {
    detail: 'the subject has more than one CN',
    members: { reason: 'SeveralCommonNames' },
  },
  'unacceptable-upload': {
    detail: 'the upload holds more than 200 objects',
    members: { reason: 'TooManyObjects' },
  },
  'unacceptable-policies': {
    detail: 'the policies are not valid; `errors` says where',
    members: { reason: 'Invalid', errors: [{ pointer: '/policies/0', message: 'spec.allowed: is not known' }] },
  },
  'idempotency-key-reused': { detail: 'this Idempotency-Key was used before with another body' },
  'too-many-requests': { detail: 'too many failed authentications; wait' },
  'budget-exceeded': {
    detail: 'the budget writes of 6000 a minute is spent; wait until 2026-03-01T09:00:40.000Z',
    members: { budget: { name: 'writes', limit: 6000, until: '2026-03-01T09:00:40.000Z' } },
  },
  'header-fields-too-large': { detail: 'send fewer or shorter header fields' },
  'internal-error': { detail: 'the log has more under the request id' },
  'issuance-failed': {
    detail: 'the request is recorded, but the certificate could not be issued; the request says why',
    members: { certificateRequestId: exampleId, reason: 'ApprovedButNotSigned' },
  },
  'cluster-refuses': {
    detail: 'the API server does not let kubepass do this; probe the cluster to see which permission is missing',
  },
  'issuance-unavailable': {
    detail: 'the request is recorded and approved; read it again later',
    members: { certificateRequestId: exampleId },
  },
  'cluster-unavailable': { detail: 'the API server of the cluster cannot be reached now; try again later' },
  'service-unavailable': { detail: 'try again later' },
};

/** A problem of this type, for the contract. */
export function problemExample(type: ProblemType): ProblemBody {
  const { detail, members } = examples[type];
  return problemBody(problem(type, detail, { ...(members && { members }) }), '8c6f0f4e-5d1b-4a53-9f5e-2f1f0c9d7a11');
}

const location = { Location: 'The certificate request, if one is recorded.' };
const retryAfter = { 'Retry-After': 'When to try again, in seconds.' };

/** The header fields that problems of some types have, with one sentence about each. */
export const problemHeaders: Readonly<Partial<Record<ProblemType, Readonly<Record<string, string>>>>> = {
  unauthenticated: { 'WWW-Authenticate': 'RFC 6750: `Bearer`, and whether a token was sent that is not valid.' },
  'policy-denied': location,
  'state-conflict': location,
  'idempotency-key-in-flight': { ...location, ...retryAfter },
  'key-already-collected': location,
  'too-many-requests': retryAfter,
  'budget-exceeded': retryAfter,
  'issuance-failed': location,
  'issuance-unavailable': { ...location, ...retryAfter },
  'cluster-unavailable': retryAfter,
  'service-unavailable': retryAfter,
};
