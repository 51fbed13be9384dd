import { Type, type Static } from 'typebox';
import { requestStates } from '../../model/certificate-request.js';
import { messageOf, named, oneOf, reasonOf, ref } from '../field-schemas.js';

export const ViolationSchema = named(
  'Violation',
  Type.Object(
    {
      source: Type.String({
        maxLength: 256,
        description: 'The guardrail, policy or rule that says so.',
        examples: ['developers'],
      }),
      reason: reasonOf('Stable.', 'GroupNotPermitted'),
      message: messageOf('In words.', 'group "ops" is not permitted by policy "developers"'),
    },
    { additionalProperties: false, description: 'One reason why a request is not permitted.' },
  ),
);

export const FieldErrorSchema = named(
  'FieldError',
  Type.Object(
    {
      pointer: Type.String({
        maxLength: 1024,
        description: 'JSON pointer (RFC 6901) into the body; parameters are under `/query`, `/path` and `/headers`.',
        examples: ['/expirationSeconds'],
      }),
      message: messageOf('What is wrong there.', 'must be >= 600'),
    },
    { additionalProperties: false, description: 'Something wrong with one field of the request.' },
  ),
);

export const ProblemSchema = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ maxLength: 128, description: 'Stable.', examples: ['urn:kubepass:problem:invalid-request'] }),
      title: Type.String({ maxLength: 128, description: 'The same for every problem of this type.' }),
      status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.', examples: [400] }),
      detail: messageOf('This occurrence, in words.', 'the request body is not valid'),
      requestId: Type.String({ maxLength: 128, description: 'As in `X-Request-Id`; the log has it too.' }),
      errors: Type.Optional(Type.Array(ref(FieldErrorSchema), { maxItems: 100, description: 'Of bad input: each.' })),
      violations: Type.Optional(
        Type.Array(ref(ViolationSchema), { maxItems: 1000, description: 'Of `policy-denied`: all of them.' }),
      ),
      reason: Type.Optional(
        reasonOf('Of `unacceptable-csr`, `unacceptable-upload` and `issuance-failed`.', 'SubjectAltNameNotAllowed'),
      ),
      state: Type.Optional(oneOf(requestStates, { description: 'Of `state-conflict`: the state it is in.' })),
    },
    { additionalProperties: false, description: 'What went wrong (RFC 9457).' },
  ),
);
export type ProblemBody = Static<typeof ProblemSchema>;
