import { Type, type Static } from 'typebox';
import { roles } from '../../model/principal.js';
import { BlastRadiusSchema } from './blast-radius.js';
import { instantOf, messageOf, nameOf, named, nullable, oneOf, ref, sha256Of } from '../field-schemas.js';
import { ViolationSchema } from '../problems/schemas.js';

const globs = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 1000, description }));

const policyName = (description: string) => Type.String({ maxLength: 256, description, examples: ['developers'] });

const verdict = oneOf(['permits', 'denies', 'notApplicable'], { description: 'How it looked at the request.' });

export const ApproversSchema = named(
  'Approvers',
  Type.Object(
    {
      names: globs('Globs of principals’ names.'),
      groups: globs('Globs of principals’ groups.'),
      roles: Type.Optional(Type.Array(oneOf(roles), { maxItems: 4, description: 'Roles.' })),
    },
    { additionalProperties: false, description: 'From whom; omitted: role approver or admin.' },
  ),
);

export const ApprovalStageSchema = named(
  'ApprovalStage',
  Type.Object(
    {
      count: Type.Integer({ minimum: 1, maximum: 1000, description: 'How many approvals it takes.', examples: [1] }),
      approvers: Type.Optional(ref(ApproversSchema)),
    },
    { additionalProperties: false, description: 'How many approvals a request needs, and from whom.' },
  ),
);

export const TraceEntrySchema = named(
  'TraceEntry',
  Type.Object(
    {
      kind: oneOf(['guardrail', 'policy'], { description: 'What it is.' }),
      name: policyName('Its name.'),
      verdict,
      checks: Type.Array(
        Type.Object(
          {
            check: Type.String({ maxLength: 256, description: 'What was looked at.', examples: ['allowed.groups'] }),
            passed: Type.Boolean({ description: 'Whether it holds.' }),
            expected: messageOf('What would hold.', 'each of team-*, viewers'),
            found: messageOf('What the request has.', 'ops'),
            reason: Type.Optional(
              Type.String({
                maxLength: 256,
                description: 'Where it does not hold: the reason that the violations give.',
                examples: ['GroupNotPermitted'],
              }),
            ),
          },
          { additionalProperties: false },
        ),
        { maxItems: 1000, description: 'Check by check.' },
      ),
    },
    { additionalProperties: false, description: 'How one guardrail or policy looked at the request.' },
  ),
);

const traceOf = (description: string) => Type.Array(ref(TraceEntrySchema), { maxItems: 10000, description });

const outcome = oneOf(['permitted', 'denied'], { description: 'Whether it may be issued.' });
const approval = nullable(oneOf(['auto', 'manual']), {
  description: '`manual` waits for a person; null where it is denied.',
});
const stages = Type.Array(ref(ApprovalStageSchema), {
  maxItems: 100,
  description: 'Which approvals it takes; empty where approval is automatic.',
});
const violations = Type.Array(ref(ViolationSchema), { maxItems: 1000, description: 'All of them.' });

const bound = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 2147483647, description, examples: [3] }));

const QuotaSchema = Type.Object(
  {
    livePerUsername: bound('Certificates at once, of the username.'),
    livePerGroup: bound('Certificates at once, of each group.'),
    livePerRequester: bound('Certificates at once, of the requester.'),
    issuancesPerHour: bound('To the requester, within an hour.'),
  },
  { additionalProperties: false, description: 'What the deciding policy gives out at most; empty: no bound.' },
);

const count = (description: string) => Type.Integer({ minimum: 0, maximum: 2147483647, description, examples: [1] });

const UsageSchema = Type.Object(
  {
    livePerUsername: count('Live certificates of the username.'),
    livePerGroup: Type.Record(Type.String({ maxLength: 64 }), count('Live certificates.'), {
      description: 'For each group that is asked for.',
    }),
    livePerRequester: count('Live certificates that the requester asked for.'),
    issuancesPerHour: count('Issued to the requester within the last hour, and on their way.'),
  },
  { additionalProperties: false },
);

export const DecisionSchema = named(
  'Decision',
  Type.Object(
    {
      policySetDigest: sha256Of('SHA-256 of the policies that it was made under'),
      draft: Type.Boolean({ description: 'Whether those came with the request.' }),
      outcome,
      approval,
      policy: nullable(policyName('The policy that decides.')),
      stages,
      expirationSeconds: nullable(Type.Integer({ minimum: 0, maximum: 2147483647 }), {
        description: 'The lifetime it would get; null where it is denied.',
      }),
      expiresAfterSeconds: nullable(Type.Integer({ minimum: 0, maximum: 2147483647 }), {
        description: 'How long it would wait for approval; null: as long as any request, or no approval is needed.',
      }),
      quota: QuotaSchema,
      usage: nullable(UsageSchema, { description: 'What counts against quotas now; null where no policy asks.' }),
      kubeconfig: Type.Object(
        {
          namespace: nullable(Type.String({ maxLength: 253 }), { description: 'Where the request names none.' }),
          contextName: nullable(Type.String({ maxLength: 253 }), { description: 'Null: as without a policy.' }),
        },
        { additionalProperties: false, description: 'What the deciding policy sets in the kubeconfig.' },
      ),
      violations,
      trace: traceOf('Each guardrail and policy.'),
      blastRadius: Type.Optional(
        nullable(ref(BlastRadiusSchema), {
          description:
            'What the identity could do on the cluster now; null where that is not known. For an approver, auditor or admin.',
        }),
      ),
    },
    { additionalProperties: false, description: 'What policy says of a request that is not made.' },
  ),
);
export type DecisionBody = Static<typeof DecisionSchema>;

export const RecordedDecisionSchema = named(
  'RecordedDecision',
  Type.Object(
    {
      outcome,
      approval,
      policy: nullable(policyName('The policy that decides.')),
      stages,
      violations,
      verdicts: Type.Array(
        Type.Object(
          {
            name: policyName('The policy or guardrail.'),
            verdict,
            reasons: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 1000, description: 'Why.' }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 10000, description: 'How each policy and guardrail looked at it.' },
      ),
      requester: Type.Object(
        {
          name: nameOf('Name.', 'hr-system'),
          groups: Type.Array(nameOf('One group.', 'onboarding'), { maxItems: 32 }),
          roles: Type.Array(oneOf(roles), { maxItems: 4 }),
        },
        { additionalProperties: false, description: 'The requester as it was when it asked.' },
      ),
      policySetDigest: sha256Of('SHA-256 of the policy set in force'),
      decidedAt: instantOf('When.'),
      trace: Type.Optional(
        nullable(
          traceOf('Each guardrail and policy, looked at again as it was then; only where one request is read.'),
          {
            description: 'Null where it cannot be made again.',
          },
        ),
      ),
      traceNote: Type.Optional(
        nullable(messageOf('In words.', 'the policy set that was in force is not stored'), {
          description: 'Why there is no trace, or why it may not be the one of then; null where it is.',
        }),
      ),
    },
    { additionalProperties: false, description: 'What policy said when the request was made.' },
  ),
);
export type RecordedDecisionBody = Static<typeof RecordedDecisionSchema>;
