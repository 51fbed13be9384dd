import { Type, type Static } from 'typebox';
import { budgetNames } from '../../model/budget.js';
import { requestStates } from '../../model/certificate-request.js';
import { ProbedAddressSchema } from '../schemas/probed-address.js';
import { Clusters, ComponentSchema } from '../schemas/readiness.js';
import {
  idOf,
  instantOf,
  instantTextOf,
  integerOf,
  messageOf,
  namedObject,
  nullable,
  oneOf,
  reasonOf,
  ref,
  textOf,
} from '../schemas/schema-parts.js';

/** The problem types, each with the status and the title that all its problems share. */
export const problemTypes = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  'not-permitted': { status: 403, title: 'The caller may not do this' },
  'policy-denied': { status: 403, title: 'Policy denies the request' },
  'not-found': { status: 404, title: 'There is no such resource' },
  'unknown-path': { status: 404, title: 'There is no such path' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'not-acceptable': { status: 406, title: 'No acceptable media type' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'state-conflict': { status: 409, title: 'The state does not allow this' },
  'idempotency-key-in-flight': { status: 409, title: 'The first request with this Idempotency-Key has no answer yet' },
  'key-already-collected': { status: 409, title: 'The private key was handed out once and is not kept' },
  'cluster-not-connected': { status: 409, title: 'There is no connection to the cluster' },
  'enforcement-unavailable': { status: 409, title: 'Revoked certificates cannot be refused in this way' },
  'issuer-not-accepted': { status: 409, title: 'Not every API server accepts the issuer' },
  'issuer-in-use': { status: 409, title: 'The issuer has live certificates' },
  'webhook-not-configured': { status: 409, title: 'The webhook is no longer configured' },
  'content-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type of the body is not supported' },
  'unacceptable-csr': { status: 422, title: 'The certification request cannot be accepted' },
  'unacceptable-upload': { status: 422, title: 'The upload cannot be inspected' },
  'unacceptable-policies': { status: 422, title: 'The policies cannot be tried out' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used with another body' },
  'too-many-requests': { status: 429, title: 'Too many failed authentications' },
  'budget-exceeded': { status: 429, title: 'A budget of the caller is spent' },
  'header-fields-too-large': { status: 431, title: 'The header fields are too large' },
  'internal-error': { status: 500, title: 'Internal error' },
  'issuance-failed': { status: 502, title: 'The certificate could not be issued' },
  'cluster-refuses': { status: 502, title: 'The cluster does not allow this' },
  'issuance-unavailable': { status: 503, title: 'The certificate cannot be issued now' },
  'cluster-unavailable': { status: 503, title: 'The cluster cannot be reached now' },
  'service-unavailable': { status: 503, title: 'The service cannot answer now' },
} as const;

export type ProblemType = keyof typeof problemTypes;
type ProblemUrn = `urn:kubepass:problem:${ProblemType}`;

const problemTypeNames = Object.keys(problemTypes) as readonly ProblemType[];

/** The `type` of a problem (RFC 9457 3.1.1). */
export const problemUrn = (type: ProblemType): ProblemUrn => `urn:kubepass:problem:${type}`;

export const ViolationSchema = namedObject('Violation', 'One reason why a request is not permitted.', {
  source: textOf('The guardrail, policy or rule that is violated.', 'developers', { maxLength: 256 }),
  reason: reasonOf('Stable.', 'GroupNotPermitted'),
  message: messageOf('The reason in words.', 'group "ops" is not permitted by policy "developers"'),
});

const FieldErrorSchema = namedObject('FieldError', 'An error in one field of the request.', {
  pointer: textOf(
    'JSON pointer (RFC 6901) into the body; parameters are under `/query`, `/path` and `/headers`.',
    '/expirationSeconds',
    { maxLength: 1024 },
  ),
  message: messageOf('What is wrong there.', 'must be at least 600'),
});

const BudgetSchema = namedObject('Budget', 'A spent budget.', {
  name: oneOf(budgetNames, 'The same as in `RateLimit`.'),
  limit: integerOf('How much of it there is in a minute.', 6000, { minimum: 1, maximum: 1_000_000_000 }),
  until: instantOf('When it is there again.'),
});

export const ProblemSchema = namedObject('Problem', 'An error (RFC 9457).', {
  type: oneOf(problemTypeNames.map(problemUrn), 'Stable.'),
  title: textOf('The same for every problem of this type.', 'The request is not valid', { maxLength: 128 }),
  status: integerOf('The HTTP status.', 400, { minimum: 400, maximum: 599 }),
  detail: messageOf('What happened this time, in words.', '/expirationSeconds: must be at least 600'),
  requestId: textOf(
    'This HTTP request: the same as in `X-Request-Id` and in the log of the service.',
    '8c6f0f4e-5d1b-4a53-9f5e-2f1f0c9d7a11',
    { maxLength: 128 },
  ),
  certificateRequestId: Type.Optional(
    idOf('The certificate request that the problem is about, if one is recorded; `Location` leads to it.'),
  ),
  errors: Type.Optional(
    Type.Array(ref(FieldErrorSchema), {
      maxItems: 100,
      description: 'The errors of an invalid request. `detail` says if there are more.',
    }),
  ),
  violations: Type.Optional(
    Type.Array(ref(ViolationSchema), { maxItems: 1000, description: 'Only with `policy-denied`: all violations.' }),
  ),
  reason: Type.Optional(
    reasonOf(
      'Only with `unacceptable-csr`, `unacceptable-upload`, `unacceptable-policies` and `issuance-failed`.',
      'SubjectAltNameNotAllowed',
    ),
  ),
  budget: Type.Optional(ref(BudgetSchema)),
  components: Type.Optional(
    Type.Array(ref(ComponentSchema), {
      maxItems: 100,
      description: 'Only from `/readyz?verbose`: the state of each part.',
    }),
  ),
  clusters: Clusters,
  addresses: Type.Optional(
    Type.Array(ref(ProbedAddressSchema), { maxItems: 100, description: 'Only with `issuer-not-accepted`.' }),
  ),
  live: Type.Optional(Type.Integer({ minimum: 0, description: 'Only with `issuer-in-use`: its live certificates.' })),
  latestNotAfter: Type.Optional(
    nullable(
      instantTextOf('When the last of them ends.'),
      'Only with `issuer-in-use`; null if attempts are under way.',
    ),
  ),
  state: Type.Optional(oneOf(requestStates, 'Only with `state-conflict`: the state of the certificate request.')),
});
export type ProblemBody = Static<typeof ProblemSchema>;
