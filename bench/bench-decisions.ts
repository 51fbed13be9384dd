import type { DecisionFacts } from '../src/model/decision.js';
import type { Requester } from '../src/model/principal.js';
import type * as Decide from '../src/policy/decide.js';
import type * as ParsePolicySet from '../src/policy/parse-policy-set.js';
import type { PolicySet, RequestToDecide } from '../src/policy/policy-set.js';
import { CompiledSources } from './compiled-sources.js';
import { figureOf, rates, type Found } from './report.js';

/** Decisions that one core makes in a second of its time. */
const targetPerSecond = 12_000;
const rounds = 5;
const decisionsPerRound = 20_000;

/** Measures how many decisions one core makes in a second, without HTTP and without a store. */
export async function benchDecisions(found: Found): Promise<void> {
  const compiled = CompiledSources.build();
  const { decide } = await compiled.import<typeof Decide>('policy/decide');
  const { parsePolicySet } = await compiled.import<typeof ParsePolicySet>('policy/parse-policy-set');
  const parsed = parsePolicySet([{ path: 'bench.yaml', text: fiftyPolicies() }]);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  const asks = requests();
  const round = () => decideMany(decide, parsed.policySet, asks, decisionsPerRound);
  round(); // until the engine has compiled it
  const figures = Array.from({ length: rounds }, round);
  const perSecond = figures.map(({ cpuMicroseconds }) => (decisionsPerRound / cpuMicroseconds) * 1e6);
  const wall = figures.map(({ milliseconds }) => (decisionsPerRound / milliseconds) * 1e3);
  found(
    figureOf('decisions of one core, in a second of its time', perSecond, 'a second', {
      target: { atLeast: targetPerSecond },
      details: `${rates(wall)} on the clock`,
    }),
  );
}

interface Ask {
  readonly request: RequestToDecide;
  readonly requester: Requester;
  readonly facts: DecisionFacts;
}

function decideMany(decide: typeof Decide.decide, policySet: PolicySet, asks: readonly Ask[], times: number) {
  const now = new Date('2026-01-05T12:00:00Z');
  const began = performance.now();
  const cpu = process.cpuUsage();
  let permitted = 0;
  for (let i = 0; i < times; i++) {
    const { request, requester, facts } = asks[i % asks.length]!;
    if (decide(request, requester, facts, policySet, now).outcome === 'permitted') permitted += 1;
  }
  const { user, system } = process.cpuUsage(cpu);
  // Both outcomes must occur; otherwise the benchmark measures something else than it claims.
  if (permitted === 0 || permitted === times) throw new Error(`${permitted} of ${times} are permitted`);
  return { milliseconds: performance.now() - began, cpuMicroseconds: user + system };
}

/** Every second policy selects the requests. Each of those checks everything that a policy can contain. */
function fiftyPolicies(): string {
  const expressions = [
    'request.groups.all(g, g.startsWith("team-"))',
    'request.expirationSeconds <= 28800 || "onboarding" in requester.groups',
    'active.size() < 5 && !active.exists(c, "team-prod" in c.groups)',
    'request.username.endsWith("@corp.example") && now > timestamp("2026-01-01T00:00:00Z")',
    'request.reason.matches("^(INC|CHG)-[0-9]{4,8}$") || request.cluster != "prod"',
  ];
  const policies = Array.from({ length: 50 }, (_, i) =>
    document('Policy', `p${i}`, {
      selector: {
        clusters: [i % 2 === 0 ? 'dev-*' : `other-${i}-*`, 'test-eu'],
        requesters: { groups: ['onboarding', 'hr-*'] },
      },
      allowed: { usernames: [`*@corp${i}.example`, '*@corp.example'], groups: [`team-${i}*`, 'team-a*', 'viewers'] },
      constraints: {
        maxExpirationSeconds: [3600, 28_800, 86_400][i % 3],
        keyAlgorithms: ['ECDSA-P256', 'Ed25519', 'RSA'],
        minRsaBits: 3072,
        hours: { timeZone: 'Europe/Berlin', from: '06:00', to: '22:00' },
      },
      ...(i % 4 < 2 && { validations: [{ expression: expressions[i % 5] }, { expression: expressions[(i + 1) % 5] }] }),
      quota: { livePerUsername: 3, livePerGroup: 100 },
      approval: { mode: 'auto' },
    }),
  );
  const guardrails = Array.from({ length: 5 }, (_, i) =>
    document('Guardrail', `g${i}`, {
      selector: { clusters: ['*'] },
      match: { groups: ['team-prod', `ops-${i}-*`] },
      message: 'not here',
    }),
  );
  return [...policies, ...guardrails].join('\n---\n');
}

/** JSON is YAML. */
const document = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'kubepass/v1', kind, metadata: { name }, spec });

function requests(): readonly Ask[] {
  return Array.from({ length: 100 }, (_, i) => {
    const groups = i % 3 === 0 ? ['team-a', 'ops'] : ['team-a', 'viewers'].slice(0, 1 + (i % 2));
    return {
      request: {
        username: `user${i}@corp.example`,
        groups,
        keyAlgorithm: i % 4 === 0 ? 'RSA-2048' : 'ECDSA-P256',
        expirationSeconds: i % 5 === 0 ? 3600 : null,
        namespace: null,
        reason: 'INC-12345',
        labels: {},
        collector: 'hr-portal',
      },
      requester: { name: 'hr-portal', groups: ['staff', 'onboarding'], roles: ['requester'] },
      facts: {
        cluster: 'dev-eu',
        allowPrivilegedGroups: [],
        nameAlphabet: 'ascii',
        usage: {
          livePerUsername: i % 2,
          livePerGroup: Object.fromEntries(groups.map((group) => [group, i % 50])),
          livePerRequester: 10,
          issuancesPerHour: 1,
        },
        active: Array.from({ length: i % 3 }, () => ({
          groups: ['team-a'],
          notBefore: '2026-01-05T08:00:00Z',
          notAfter: '2026-01-06T08:00:00Z',
          serialNumber: '0a',
          keyAlgorithm: 'ECDSA-P256',
        })),
      },
    };
  });
}
