import { Type } from 'typebox';
import { roles } from '../model/principal.js';
import { ViolationSchema } from '../http/problems/problem-types.js';
import {
  closed,
  instantOf,
  integerOf,
  messageOf,
  namedObject,
  nullable,
  objectOf,
  oneOf,
  principalGroupsOf,
  principalNameOf,
  ref,
  sha256Of,
  textOf,
} from '../http/schemas/schema-parts.js';

const globs = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 1000, description }));

const policyName = (description: string) => textOf(description, 'developers', { maxLength: 256 });

const verdict = oneOf(['permits', 'denies', 'notApplicable'], 'How it judged the request.');

export const ApproversSchema = namedObject(
  'Approvers',
  'The principals who may approve. If omitted: the roles approver and admin.',
  {
    names: globs('Globs for the names of principals.'),
    groups: globs('Globs for the groups of principals.'),
    roles: Type.Optional(Type.Array(oneOf(roles), { maxItems: roles.length, description: 'Roles.' })),
  },
);

export const ApprovalStageSchema = namedObject('ApprovalStage', 'How many approvals a request needs, and from whom.', {
  count: integerOf('How many approvals the stage needs.', 1, { minimum: 1, maximum: 1000 }),
  approvers: Type.Optional(ref(ApproversSchema)),
});

const TraceEntrySchema = namedObject('TraceEntry', 'How one guardrail or policy judged the request.', {
  kind: oneOf(['guardrail', 'policy'], 'Guardrail or policy.'),
  name: policyName('Its name.'),
  verdict,
  checks: Type.Array(
    closed({
      check: textOf('What was checked.', 'allowed.groups', { maxLength: 256 }),
      passed: Type.Boolean({ description: 'Whether the request passes the check.' }),
      expected: messageOf('What would pass.', 'each of team-*, viewers'),
      found: messageOf('What the request has.', 'ops'),
      reason: Type.Optional(
        textOf('If the request does not pass: the reason in the violations.', 'GroupNotPermitted', { maxLength: 256 }),
      ),
    }),
    { maxItems: 1000, description: 'All checks.' },
  ),
});

export const traceOf = (description: string) => Type.Array(ref(TraceEntrySchema), { maxItems: 10000, description });

/** The properties that every decision has, whether the request is recorded or only tried out. */
export const decisionProperties = {
  outcome: oneOf(['permitted', 'denied'], 'Whether the certificate may be issued.'),
  approval: nullable(oneOf(['auto', 'manual']), '`manual` waits for a person; null if the request is denied.'),
  policy: nullable(policyName('The policy that decides.')),
  stages: Type.Array(ref(ApprovalStageSchema), {
    maxItems: 100,
    description: 'The approvals that the request needs; empty if approval is automatic.',
  }),
};

export const violations = Type.Array(ref(ViolationSchema), { maxItems: 1000, description: 'All violations.' });

export const RecordedDecisionSchema = namedObject(
  'RecordedDecision',
  'What policy decided when the request was made.',
  {
    ...decisionProperties,
    violations,
    makers: Type.Array(principalNameOf('A principal.', 'admin'), {
      maxItems: 1000,
      description:
        'The principals who created the token of the requester or a token of the collector, directly or through ' +
        'others. They may not decide. Empty if approval is automatic.',
    }),
    verdicts: Type.Array(
      closed({
        name: policyName('The policy or guardrail.'),
        verdict,
        reasons: Type.Array(Type.String({ maxLength: 4096, examples: ['GroupNotPermitted'] }), {
          maxItems: 1000,
          description: 'The reasons for this.',
        }),
      }),
      { maxItems: 10000, description: 'How each policy and guardrail judged the request.' },
    ),
    requester: objectOf('The requester at the time of the request.', {
      name: principalNameOf('The principal’s name.', 'hr-system'),
      groups: principalGroupsOf('The requester’s groups.'),
      roles: Type.Array(oneOf(roles), { maxItems: roles.length }),
    }),
    policySetDigest: sha256Of('SHA-256 of the policy set in force'),
    decidedAt: instantOf('When the decision was made.'),
    trace: Type.Optional(
      nullable(
        traceOf(
          'Each guardrail and policy of then, evaluated again. Only in the answer to a read of this one request.',
        ),
        'Null if it cannot be evaluated again.',
      ),
    ),
    traceNote: Type.Optional(
      nullable(
        messageOf('A note in words.', 'the policy set that was in force is not stored'),
        'Why there is no trace, or why it may differ from the one of then; null if it is the same.',
      ),
    ),
  },
);
