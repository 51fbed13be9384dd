import { budgetNames } from '../../src/model/budget.js';
import { problem, problemBody, problemMediaType, type ProblemMembers } from '../../src/http/problems/problem.js';
import { type ProblemBody, problemTypes, type ProblemType } from '../../src/http/problems/problem-types.js';
import { exampleId } from '../../src/http/schemas/schema-parts.js';
import { inTitleCase } from './open-api.js';

/** Any call can end with one of these: they are the `default` response of each operation. */
const problemsOfEveryCall = [
  ...(['invalid-request', 'unauthenticated', 'not-permitted', 'not-acceptable'] as const),
  ...(['content-too-large', 'unsupported-media-type', 'too-many-requests', 'budget-exceeded'] as const),
  ...(['internal-error', 'service-unavailable'] as const),
] as const satisfies readonly ProblemType[];

const ofEveryCall = 'Problem';

const example = (parameters: string) => `"writes";${parameters}`;

/** The fields of draft-ietf-httpapi-ratelimit-headers, once for all operations. */
export const budgetHeaders = {
  RateLimit: {
    description:
      'What is left of the budgets that this call needs: a structured list (RFC 9651) of their names, with `r`, the ' +
      'whole units that are left, and `t`, the seconds until all of it is there again (absent where nothing is spent).',
    schema: { type: 'string' as const, maxLength: 1024, examples: [example('r=5999;t=60')] },
  },
  'RateLimit-Policy': {
    description: `The budgets themselves (${budgetNames.join(', ')}): \`q\` units in \`w\` seconds; \`qu\` names units other than calls.`,
    schema: { type: 'string' as const, maxLength: 1024, examples: [example('q=6000;w=60')] },
  },
};

const budgetReferences = Object.fromEntries(
  Object.keys(budgetHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

/** A response for problems, as it stands in `components.responses`. */
interface ProblemResponse {
  readonly description: string;
  readonly headers: Readonly<Record<string, object>>;
  readonly content: object;
}

/** The problems of all operations, each of them once, to be referenced. */
export class ProblemResponses {
  /** By name. */
  readonly components: Record<string, ProblemResponse> = {
    [ofEveryCall]: problemResponse(
      problemsOfEveryCall,
      `Any call can end with one of these. ${listed(problemsOfEveryCall)}`,
    ),
  };

  /** The responses of an operation: for its own problems by status, and for all others `default`. */
  of(own: readonly ProblemType[]): Readonly<Record<string, object>> {
    const byStatus = Object.groupBy(new Set(own), (type) => problemTypes[type].status);
    const references = Object.entries(byStatus).map(([status, types]) => [status, this.#reference(types)] as const);
    return { ...Object.fromEntries(references), default: referenceTo(ofEveryCall) };
  }

  #reference(types: readonly ProblemType[]): object {
    const sorted = types.toSorted();
    const name = sorted.map(inTitleCase).join('Or');
    const alsoOfEveryCall = problemsOfEveryCall.filter(
      (type) => !sorted.includes(type) && problemTypes[type].status === problemTypes[sorted[0] ?? type].status,
    );
    const others = alsoOfEveryCall.map((type) => ` Or \`${type}\`, as for any call.`).join('');
    this.components[name] ??= problemResponse(sorted, `${listed(sorted)}${others}`);
    return referenceTo(name);
  }
}

const referenceTo = (name: string) => ({ $ref: `#/components/responses/${name}` });

const listed = (types: readonly ProblemType[]): string =>
  types.map((type) => `\`${type}\`: ${problemTypes[type].title}.`).join(' ');

const problemResponse = (types: readonly ProblemType[], description: string): ProblemResponse => ({
  description,
  headers: {
    ...Object.fromEntries(
      types
        .flatMap((type) => Object.entries(problemHeaders[type] ?? {}))
        .map(([name, text]) => [name, { description: text, schema: { type: 'string', maxLength: 1024 } }]),
    ),
    ...(types.includes('budget-exceeded') && budgetReferences),
  },
  content: {
    [problemMediaType]: {
      schema: { $ref: '#/components/schemas/Problem' },
      examples: Object.fromEntries(types.map((type) => [type, { value: problemExample(type) }])),
    },
  },
});

interface Example {
  readonly detail: string;
  readonly members?: ProblemMembers;
}

/** The details of a problem of each type. */
const examples: Readonly<Record<ProblemType, Example>> = {
  'invalid-request': {
    detail: '/expirationSeconds: must be at least 600',
    members: { errors: [{ pointer: '/expirationSeconds', message: 'must be at least 600' }] },
  },
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
  'unknown-path': { detail: 'there is no such path; did you mean /v1/certificate-requests/{id}?' },
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
    detail: '/policies/0: spec.allowed: is not known',
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
function problemExample(type: ProblemType): ProblemBody {
  const { detail, members } = examples[type];
  return problemBody(problem(type, detail, { ...(members && { members }) }), '8c6f0f4e-5d1b-4a53-9f5e-2f1f0c9d7a11');
}

const location = { Location: 'The certificate request, if one is recorded.' };
const retryAfter = { 'Retry-After': 'When to try again, in seconds.' };

/** The header fields that problems of some types have, with one sentence about each. */
const problemHeaders: Readonly<Partial<Record<ProblemType, Readonly<Record<string, string>>>>> = {
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
