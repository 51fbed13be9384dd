import { Type, type Static } from 'typebox';
import { budgetNames } from '../../model/budget.js';
import { requestStates } from '../../model/certificate-request.js';
import { ClusterHealthSchema, Clusters, ComponentSchema } from '../schemas/readiness.js';
import {
  idOf,
  instantOf,
  integerOf,
  messageOf,
  namedObject,
  oneOf,
  reasonOf,
  ref,
  textOf,
} from '../schemas/schema-parts.js';
import { problemTypeNames, problemUrn } from './problem-types.js';

/** Registered here, because every route has problems. */
export { ClusterHealthSchema, ComponentSchema };

export const ViolationSchema = namedObject('Violation', 'One reason why a request is not permitted.', {
  source: textOf('The guardrail, policy or rule that is violated.', 'developers', { maxLength: 256 }),
  reason: reasonOf('Stable.', 'GroupNotPermitted'),
  message: messageOf('The reason in words.', 'group "ops" is not permitted by policy "developers"'),
});

export const FieldErrorSchema = namedObject('FieldError', 'An error in one field of the request.', {
  pointer: textOf(
    'JSON pointer (RFC 6901) into the body; parameters are under `/query`, `/path` and `/headers`.',
    '/expirationSeconds',
    { maxLength: 1024 },
  ),
  message: messageOf('What is wrong there.', 'must be >= 600'),
});

export const BudgetSchema = namedObject('Budget', 'A spent budget.', {
  name: oneOf(budgetNames, 'The same as in `RateLimit`.'),
  limit: integerOf('How much of it there is in a minute.', 6000, { minimum: 1, maximum: 1_000_000_000 }),
  until: instantOf('When it is there again.'),
});

export const ProblemSchema = namedObject('Problem', 'An error (RFC 9457).', {
  type: oneOf(problemTypeNames.map(problemUrn), 'Stable.'),
  title: textOf('The same for every problem of this type.', 'The request is not valid', { maxLength: 128 }),
  status: integerOf('The HTTP status.', 400, { minimum: 400, maximum: 599 }),
  detail: messageOf('What happened this time, in words.', 'the request body is not valid'),
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
  state: Type.Optional(oneOf(requestStates, 'Only with `state-conflict`: the state of the certificate request.')),
});
export type ProblemBody = Static<typeof ProblemSchema>;
