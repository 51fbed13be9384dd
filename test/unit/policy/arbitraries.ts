import fc from 'fast-check';
import { escalationKinds } from '../../../src/model/blast-radius.js';
import type { DecisionFacts } from '../../../src/model/decision.js';
import type { Labels } from '../../../src/model/certificate-request.js';
import { roles } from '../../../src/model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { blastRadius, facts, guardrail, policy, type GuardrailSpec, type PolicySpec } from './builders.js';

const optional: { requiredKeys: [] } = { requiredKeys: [] };

// A small vocabulary, and leave given more often than not, so that many a request is permitted.
const word = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('a', 'ab', 'b', 'team-a', 'team-b') },
  { weight: 1, arbitrary: fc.constantFrom('system:masters', 'kubeadm:cluster-admins', 'x*', '*') },
);
const glob = fc.oneof(
  { weight: 4, arbitrary: fc.constant('*') },
  { weight: 1, arbitrary: fc.constantFrom('a', 'a*', '*b', 'team-*', 'none', '${requester.username}') },
);
const globs = fc.array(glob, { minLength: 1, maxLength: 3 });
const plainGlobs = fc.array(fc.constantFrom('*', 'a*', 'team-*'), { minLength: 1, maxLength: 2 });

/** Mostly that, and sometimes this. */
const sometimes = <T, U>(arbitrary: fc.Arbitrary<T>, otherwise: U, weight = 1) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight, arbitrary });

const selector = sometimes(
  fc.record(
    {
      clusters: fc.array(fc.constantFrom('*', 'dev-*', 'prod'), { maxLength: 2 }),
      labels: fc.constantFrom({ team: ['a*'] }, { constructor: ['*'] }, { team: [] }),
      requesters: fc.record({ names: plainGlobs, roles: fc.subarray([...roles]) }, optional),
    },
    optional,
  ),
  {},
  2,
);

/** True, false and failing ones, of every variable. */
const expression = fc.constantFrom(
  'request.groups.size() < 3',
  'request.username != "b"',
  'request.reason != ""',
  'request.expirationSeconds <= 50000',
  '"requester" in requester.roles',
  'now < timestamp("2030-01-01T00:00:00Z")',
  'active.size() < 2',
  '"team" in request.labels',
  'request.labels["team"] == "a"',
  'request.groups[1] == "a"',
);

const stages = fc.array(
  fc.record(
    {
      count: fc.integer({ min: 1, max: 3 }),
      approvers: fc.constantFrom('leads', 'security').map((group) => ({ groups: [group] })),
    },
    optional,
  ),
  { minLength: 1, maxLength: 3 },
);

const anyPolicySpec: fc.Arbitrary<PolicySpec> = fc.record({
  selector,
  allowed: fc.record(
    { usernames: globs, groups: globs, collectors: fc.constantFrom('*', '${requester.username}').map((own) => [own]) },
    { requiredKeys: ['usernames'] },
  ),
  constraints: sometimes(
    fc.record(
      {
        minExpirationSeconds: fc.integer({ min: 600, max: 1000 }),
        maxExpirationSeconds: fc.integer({ min: 1000, max: 90_000 }),
        keyAlgorithms: fc.subarray([...keyAlgorithms, 'RSA' as const]),
        reason: fc.constantFrom({}, { pattern: '[A-Z]+-[0-9]+' }),
        hours: fc.constantFrom({ timeZone: 'Europe/Berlin', from: '22:00', to: '06:00' }, { timeZone: 'UTC' }),
        notAfter: fc.constantFrom('2025-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
      },
      optional,
    ),
    {},
    4,
  ),
  validations: sometimes(fc.array(fc.record({ expression }), { maxLength: 2 }), []),
  quota: sometimes(
    fc.record(
      {
        livePerUsername: fc.integer({ min: 1, max: 3 }),
        livePerGroup: fc.integer({ min: 1, max: 3 }),
        issuancesPerHour: fc.integer({ min: 1, max: 3 }),
      },
      optional,
    ),
    {},
  ),
  approval: fc.oneof(
    fc.constant({ mode: 'auto' } as const),
    stages.map((list) => ({ mode: 'manual', stages: list }) as const),
  ),
});
export const anyPolicy = fc.tuple(fc.uuid(), anyPolicySpec).map(([name, spec]) => policy(name, spec));

const anyGuardrailSpec: fc.Arbitrary<GuardrailSpec> = fc.record(
  {
    selector,
    match: fc.record({ usernames: globs, groups: globs }, { requiredKeys: ['groups'] }),
    matchConditions: fc.array(
      expression.map((text) => ({ name: 'c', expression: text })),
      { maxLength: 1 },
    ),
    resolvesTo: fc.subarray(['ClusterAdmin', ...escalationKinds], { minLength: 1 }),
    approval: stages.map((list) => ({ stages: list })),
    message: fc.constant('no'),
  },
  { requiredKeys: ['selector', 'message'] },
);
export const anyGuardrail = fc.tuple(fc.uuid(), anyGuardrailSpec).map(([name, spec]) => guardrail(name, spec));

/** One that asks for approval and never denies. */
export const anyApprovalGuardrail = fc
  .tuple(fc.uuid(), selector, stages)
  .map(([name, selected, list]) => guardrail(name, { selector: selected, approval: { stages: list } }));

const anyRequester = fc.record({
  name: word,
  groups: fc.array(word, { maxLength: 2 }),
  roles: fc.array(fc.constantFrom(...roles), { maxLength: 2 }),
});

const anyFacts: fc.Arbitrary<DecisionFacts> = fc
  .record(
    {
      usage: fc.record({
        livePerUsername: fc.nat(3),
        livePerGroup: fc.record({ a: fc.nat(3), ab: fc.nat(3), b: fc.nat(3), 'team-a': fc.nat(3) }),
        livePerRequester: fc.nat(3),
        issuancesPerHour: fc.nat(3),
      }),
      active: fc.array(
        fc.constant({
          groups: ['a'],
          notBefore: '2026-01-01T00:00:00.000Z',
          notAfter: '2026-02-01T00:00:00.000Z',
          serialNumber: '01',
          keyAlgorithm: 'Ed25519',
        }),
        { maxLength: 3 },
      ),
      blastRadius: fc.constantFrom(
        null,
        blastRadius(),
        blastRadius({ clusterAdmin: [{ kind: 'ClusterRoleBinding', name: 'innocent-name', namespace: null }] }),
      ),
    },
    optional,
  )
  .map((looked) => facts(looked));

/** Any requester, any request, any policy set. */
export const anySituation = fc
  .record({
    request: fc.record({
      username: word,
      groups: fc.uniqueArray(word, { maxLength: 3 }),
      keyAlgorithm: fc.constantFrom(...keyAlgorithms),
      expirationSeconds: fc.option(fc.integer({ min: 600, max: 100_000 }), { nil: null }),
      namespace: fc.constantFrom(null, 'dev'),
      reason: fc.constantFrom(null, '', 'INC-1', 'because'),
      labels: fc.constantFrom<Labels>({}, { team: 'a' }, { constructor: 'b', team: 'ab' }),
    }),
    requester: anyRequester,
    collector: fc.option(word, { nil: null, freq: 3 }),
    facts: anyFacts,
    policies: fc.array(anyPolicy, { minLength: 1, maxLength: 5 }),
    guardrails: fc.array(anyGuardrail, { maxLength: 1 }),
    now: fc.date({ min: new Date('2025-06-01'), max: new Date('2027-06-01'), noInvalidDate: true }),
  })
  .map(({ collector, ...situation }) => ({
    ...situation,
    request: { ...situation.request, collector: collector ?? situation.requester.name },
  }));
export type Situation = typeof anySituation extends fc.Arbitrary<infer T> ? T : never;
