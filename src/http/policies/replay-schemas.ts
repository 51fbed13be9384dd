import { Type, type Static } from 'typebox';
import { replayChanges, unrecordedFacts } from '../../model/replay.js';
import {
  dnsLabelOf,
  instantOf,
  messageOf,
  nameOf,
  named,
  nullable,
  oneOf,
  reasonOf,
  ref,
  requestIdOf,
  sha256Of,
} from '../field-schemas.js';
import { ApprovalStageSchema } from '../certificate-requests/decision.js';
import { ProblemSchema } from '../problems/schemas.js';

const count = (description: string) => Type.Integer({ minimum: 0, description, examples: [42] });
const verdict = (description: string) => nullable(oneOf(['permits', 'denies', 'notApplicable']), { description });
const counts = <Name extends string>(names: readonly Name[], description: string) =>
  Type.Object(
    {
      requests: count('How many of the requests.'),
      ...(Object.fromEntries(names.map((name) => [name, count('How many of them so.')])) as Record<
        Name,
        ReturnType<typeof count>
      >),
    },
    { additionalProperties: false, description },
  );

const side = (description: string) =>
  Type.Object(
    {
      outcome: oneOf(['permitted', 'denied'], { description: 'Whether it may be issued.' }),
      approval: nullable(oneOf(['auto', 'manual']), { description: 'Null where it is denied.' }),
      policy: nullable(Type.String({ maxLength: 256 }), { description: 'The policy that decides.' }),
      stages: Type.Array(ref(ApprovalStageSchema), { maxItems: 100, description: 'Which approvals it takes.' }),
      expirationSeconds: nullable(Type.Integer({ minimum: 0, maximum: 2147483647 }), {
        description: 'The lifetime; null where it is denied.',
      }),
      reasons: Type.Array(reasonOf('Of a violation.', 'GroupNotPermitted'), {
        maxItems: 1000,
        description: 'Why it is denied, each once.',
      }),
    },
    { additionalProperties: false, description },
  );

const subject = {
  id: requestIdOf('Of the certificate request.'),
  cluster: dnsLabelOf('The cluster.', 'demo'),
  username: Type.String({ maxLength: 64, description: 'The username.', examples: ['jane@corp.example'] }),
  groups: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32, description: 'The groups.' }),
  requester: nameOf('The principal who asked.', 'hr-system'),
  decidedAt: instantOf('When it was decided.'),
};

const line = <Kind extends string>(type: Kind, description: string) => oneOf([type], { description });
const closed = (description: string) => ({ additionalProperties: false, description });

export const ReplayBegunSchema = named(
  'ReplayBegun',
  Type.Object(
    {
      type: line('begun', 'The first line.'),
      policySetDigest: sha256Of('SHA-256 of the policies that are tried out'),
      after: nullable(instantOf('Only requests from then on.'), { description: 'Null: from the first on.' }),
      before: instantOf('Only requests from before.'),
      cluster: nullable(dnsLabelOf('Only requests for it.', 'demo'), { description: 'Null: for every cluster.' }),
    },
    closed('Which requests are replayed under what.'),
  ),
);

export const ReplayProgressSchema = named(
  'ReplayProgress',
  Type.Object(
    {
      type: line('progress', 'After every thousand requests.'),
      requests: count('Replayed so far.'),
      changed: count('How many of them would be decided otherwise.'),
      decidedAt: instantOf('How far it has come: when the latest of them was decided.'),
    },
    closed('How far the replay has come.'),
  ),
);

export const ReplayedChangeSchema = named(
  'ReplayedChange',
  Type.Object(
    {
      type: line('changed', 'A request that would be decided otherwise.'),
      ...subject,
      changes: Type.Array(oneOf(replayChanges), { maxItems: replayChanges.length, description: 'In what.' }),
      was: side('As it was recorded.'),
      wouldBe: side('Under the policies that are tried out.'),
      why: Type.Array(
        Type.Object(
          {
            kind: oneOf(['guardrail', 'policy'], { description: 'What it is.' }),
            name: Type.String({ maxLength: 256, description: 'Its name.', examples: ['developers'] }),
            was: verdict('How it looked at the request; null: it was not there, or a guardrail that did not deny.'),
            wouldBe: verdict('How it would; null: it is not there.'),
            reasons: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 1000, description: 'Why it objected.' }),
            failing: Type.Array(
              Type.Object(
                {
                  check: Type.String({
                    maxLength: 256,
                    description: 'What is looked at.',
                    examples: ['allowed.groups'],
                  }),
                  expected: messageOf('What would hold.', 'each of team-*, viewers'),
                  found: messageOf('What the request has.', 'ops'),
                  reason: Type.Optional(reasonOf('Stable.', 'GroupNotPermitted')),
                },
                { additionalProperties: false },
              ),
              { maxItems: 20, description: 'The checks that would fail.' },
            ),
          },
          { additionalProperties: false },
        ),
        { maxItems: 20, description: 'The guardrails and policies that look at it otherwise.' },
      ),
      whyOmitted: count('How many more of them there are.'),
    },
    closed('A request that would be decided otherwise.'),
  ),
);

export const ReplayUndecidableSchema = named(
  'ReplayUndecidable',
  Type.Object(
    {
      type: line('undecidable', 'What would be decided hangs on what was not recorded.'),
      ...subject,
      facts: Type.Array(oneOf(unrecordedFacts), { maxItems: unrecordedFacts.length, description: 'On which facts.' }),
    },
    closed('A request of which it cannot be said how it would be decided.'),
  ),
);

export const ReplayFailedSchema = named(
  'ReplayFailed',
  Type.Object(
    { type: line('failed', 'It could not be replayed, which is for kubepass to mend.'), ...subject },
    closed('A request that could not be replayed.'),
  ),
);

export const ReplaySummarySchema = named(
  'ReplaySummary',
  Type.Object(
    {
      type: line('summary', 'The last line: without it the replay is not complete.'),
      requests: count('Replayed in all.'),
      changed: counts(replayChanges, 'Decided otherwise: how many requests, and in what. One may be in several.'),
      undecidable: counts(unrecordedFacts, 'Not to be said: how many requests, and for want of what.'),
      failed: count('Could not be replayed.'),
    },
    closed('What the replay came to.'),
  ),
);

export const ReplayErrorSchema = named(
  'ReplayError',
  Type.Object(
    { type: line('error', 'The last line in place of the summary.'), problem: ref(ProblemSchema) },
    closed('Why the replay ended early.'),
  ),
);

export const replaySchemas = [
  ReplayBegunSchema,
  ReplayProgressSchema,
  ReplayedChangeSchema,
  ReplayUndecidableSchema,
  ReplayFailedSchema,
  ReplaySummarySchema,
  ReplayErrorSchema,
] as const;

/** One line of a replay. */
export const ReplayLineSchema = Type.Union(
  replaySchemas.map((schema) => Type.Unsafe<object>({ $ref: `${schema.$id}#` })),
  { description: 'One a line (NDJSON). The last is a `summary` or an `error`; a stream without either was cut off.' },
);

export type ReplayLine =
  | Static<typeof ReplayBegunSchema>
  | Static<typeof ReplayProgressSchema>
  | Static<typeof ReplayedChangeSchema>
  | Static<typeof ReplayUndecidableSchema>
  | Static<typeof ReplayFailedSchema>
  | Static<typeof ReplaySummarySchema>
  | Static<typeof ReplayErrorSchema>;
