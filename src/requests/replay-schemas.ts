import { Type, type Static } from 'typebox';
import { replayChanges, unrecordedFacts } from '../model/replay.js';
import { ApprovalStageSchema } from './decision-schemas.js';
import { ProblemSchema } from '../http/problems/problem-types.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  integerOf,
  messageOf,
  named,
  namedObject,
  nullable,
  objectOf,
  oneOf,
  principalNameOf,
  reasonOf,
  ref,
  sha256Of,
  textOf,
} from '../http/schemas/schema-parts.js';

const count = (description: string) => integerOf(description, 42, { minimum: 0 });
const verdict = (description: string) => nullable(oneOf(['permits', 'denies', 'notApplicable']), description);
const counts = <Name extends string>(names: readonly Name[], description: string) =>
  objectOf(description, {
    requests: count('How many requests.'),
    ...(Object.fromEntries(names.map((name) => [name, count('How many of them in this way.')])) as Record<
      Name,
      ReturnType<typeof count>
    >),
  });

const side = (description: string) =>
  objectOf(description, {
    outcome: oneOf(['permitted', 'denied'], 'Whether the certificate may be issued.'),
    approval: nullable(oneOf(['auto', 'manual']), 'Null if the request is denied.'),
    policy: nullable(Type.String({ maxLength: 256 }), 'The policy that decides.'),
    stages: Type.Array(ref(ApprovalStageSchema), {
      maxItems: 100,
      description: 'The approvals that the request needs.',
    }),
    expirationSeconds: nullable(
      Type.Integer({ minimum: 0, maximum: 2147483647 }),
      'The lifetime; null if the request is denied.',
    ),
    reasons: Type.Array(reasonOf('The reason of a violation.', 'GroupNotPermitted'), {
      maxItems: 1000,
      description: 'The reasons of the violations, each once.',
    }),
  });

const subject = {
  id: idOf('The certificate request.'),
  cluster: dnsLabelOf('The cluster.', 'demo'),
  username: textOf('The username.', 'jane@corp.example', { maxLength: 64 }),
  groups: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32, description: 'The groups.' }),
  requester: principalNameOf('The principal who made the request.', 'hr-system'),
  decidedAt: instantOf('When the decision was made.'),
};

const line = <Kind extends string>(type: Kind, description: string) => oneOf([type], description);

export const ReplayBegunSchema = namedObject('ReplayBegun', 'Which requests are replayed, and under which policies.', {
  type: line('begun', 'The first line.'),
  policySetDigest: sha256Of('SHA-256 of the policies that are tried out'),
  after: nullable(instantOf('Only requests made then or later.'), 'Null: from the first request.'),
  before: instantOf('Only requests made before then.'),
  cluster: nullable(dnsLabelOf('Only requests for this cluster.', 'demo'), 'Null: for every cluster.'),
});

export const ReplayProgressSchema = namedObject('ReplayProgress', 'How far the replay has come.', {
  type: line('progress', 'Comes after every thousand requests.'),
  requests: count('How many requests were replayed so far.'),
  changed: count('How many of them would be decided differently.'),
  decidedAt: instantOf('When the latest of them was decided.'),
});

export const ReplayedChangeSchema = namedObject('ReplayedChange', 'A request that would be decided differently.', {
  type: line('changed', 'A request that would be decided differently.'),
  ...subject,
  changes: Type.Array(oneOf(replayChanges), { maxItems: replayChanges.length, description: 'What would change.' }),
  was: side('The recorded decision.'),
  wouldBe: side('The decision under the policies that are tried out.'),
  why: Type.Array(
    closed({
      kind: oneOf(['guardrail', 'policy'], 'Guardrail or policy.'),
      name: textOf('Its name.', 'developers', { maxLength: 256 }),
      was: verdict('How it judged the request; null: it did not exist, or is a guardrail that did not deny.'),
      wouldBe: verdict('How it would judge the request; null: it does not exist.'),
      reasons: Type.Array(Type.String({ maxLength: 4096 }), {
        maxItems: 1000,
        description: 'Its reasons for a denial.',
      }),
      failing: Type.Array(
        closed({
          check: textOf('What is checked.', 'allowed.groups', { maxLength: 256 }),
          expected: messageOf('What would pass.', 'each of team-*, viewers'),
          found: messageOf('What the request has.', 'ops'),
          reason: Type.Optional(reasonOf('Stable.', 'GroupNotPermitted')),
        }),
        { maxItems: 20, description: 'The checks that would fail.' },
      ),
    }),
    { maxItems: 20, description: 'The guardrails and policies that judge it differently.' },
  ),
  whyOmitted: count('How many more of them there are.'),
});

export const ReplayUndecidableSchema = namedObject(
  'ReplayUndecidable',
  'A request whose decision depends on facts that were not recorded.',
  {
    type: line('undecidable', 'The decision depends on facts that were not recorded.'),
    ...subject,
    facts: Type.Array(oneOf(unrecordedFacts), {
      maxItems: unrecordedFacts.length,
      description: 'The facts that were not recorded.',
    }),
  },
);

export const ReplayFailedSchema = namedObject('ReplayFailed', 'A request that could not be replayed.', {
  type: line('failed', 'The request could not be replayed because of an error in kubepass.'),
  ...subject,
});

export const ReplaySummarySchema = namedObject('ReplaySummary', 'The result of the replay.', {
  type: line('summary', 'The last line. Without it the replay is not complete.'),
  requests: count('How many requests were replayed.'),
  changed: counts(
    replayChanges,
    'How many requests would be decided differently, and in which ways. A request may count in several.',
  ),
  undecidable: counts(
    unrecordedFacts,
    'How many requests depend on facts that were not recorded, and on which. A request may count in several.',
  ),
  failed: count('How many requests could not be replayed.'),
});

const ReplayErrorSchema = namedObject('ReplayError', 'Why the replay ended early.', {
  type: line('error', 'The last line, instead of the summary.'),
  problem: ref(ProblemSchema),
});

const lineSchemas = [
  ReplayBegunSchema,
  ReplayProgressSchema,
  ReplayedChangeSchema,
  ReplayUndecidableSchema,
  ReplayFailedSchema,
  ReplaySummarySchema,
  ReplayErrorSchema,
] as const;

export const ReplayLineSchema = named(
  'ReplayLine',
  Type.Union(
    lineSchemas.map((schema) => Type.Unsafe<object>({ $ref: `${schema.$id}#` })),
    {
      description:
        'One item; a line in NDJSON. The last is a `summary` or an `error`; a stream without either was cut off.',
    },
  ),
);

export const ReplaySchema = namedObject('Replay', 'A whole replay.', {
  items: Type.Array(ref(ReplayLineSchema), { maxItems: 2 ** 31 - 1, description: 'In the order of the requests.' }),
});

export type ReplayLine = Static<(typeof lineSchemas)[number]>;
