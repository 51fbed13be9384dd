import type { BlastRadius } from '../../../src/model/blast-radius.js';
import type { DecisionFacts, QuotaUsage } from '../../../src/model/decision.js';
import type { Requester } from '../../../src/model/principal.js';
import { compileGuardrail, compilePolicy } from '../../../src/policy/compile-rule.js';
import { GuardrailDocument, PolicyDocument } from '../../../src/policy/policy-schema.js';
import type { Guardrail, Policy, PolicySet, RequestToDecide } from '../../../src/policy/policy-set.js';
import { checkShape } from '../../../src/policy/check-shape.js';

/** A Friday. */
export const now = new Date('2026-01-02T03:04:05Z');

export const request = (over: Partial<RequestToDecide> = {}): RequestToDecide => ({
  username: 'jane',
  groups: [],
  keyAlgorithm: 'ECDSA-P256',
  expirationSeconds: null,
  namespace: null,
  reason: null,
  labels: {},
  collector: 'hr-portal',
  ...over,
});

export const requester = (over: Partial<Requester> = {}): Requester => ({
  name: 'hr-portal',
  groups: ['onboarding'],
  roles: ['requester'],
  ...over,
});

export const facts = (over: Partial<DecisionFacts> = {}): DecisionFacts => ({
  cluster: 'dev-eu',
  allowPrivilegedGroups: [],
  nameAlphabet: 'ascii',
  ...over,
});

export const usage = (over: Partial<QuotaUsage> = {}): QuotaUsage => ({
  livePerUsername: 0,
  livePerGroup: {},
  livePerRequester: 0,
  issuancesPerHour: 0,
  ...over,
});

export const blastRadius = (over: Partial<BlastRadius> = {}): BlastRadius => ({
  grants: [],
  clusterAdmin: [],
  escalations: [],
  observedAt: '2026-01-02T03:04:05.000Z',
  ...over,
});

export type PolicySpec = PolicyDocument['spec'];
export type GuardrailSpec = GuardrailDocument['spec'];

/** A policy as it is written in a file. Permits any username and group, unless told otherwise. */
export function policy(name: string, over: Partial<PolicySpec> = {}): Policy {
  const spec = { selector: {}, allowed: { usernames: ['*'], groups: ['*'] }, approval: { mode: 'auto' }, ...over };
  const shape = checkShape(PolicyDocument, { apiVersion: 'kubepass/v1', kind: 'Policy', metadata: { name }, spec });
  const { policy: compiled, errors } = shape.ok ? compilePolicy(shape.value) : { ...shape, policy: null };
  if (compiled === null || errors.length > 0) throw new Error(JSON.stringify(errors));
  return compiled;
}

/** A guardrail as it is written in a file. Denies every request, unless told otherwise. */
export function guardrail(name: string, over: Partial<GuardrailSpec> = {}): Guardrail {
  const spec = { selector: {}, message: 'not here', ...over };
  const shape = checkShape(GuardrailDocument, {
    apiVersion: 'kubepass/v1',
    kind: 'Guardrail',
    metadata: { name },
    spec,
  });
  const { guardrail: compiled, errors } = shape.ok ? compileGuardrail(shape.value, []) : { ...shape, guardrail: null };
  if (compiled === null || errors.length > 0) throw new Error(JSON.stringify(errors));
  return compiled;
}

export const policySet = (policies: readonly Policy[], guardrails: readonly Guardrail[] = []): PolicySet => ({
  policies,
  guardrails,
  digest: '0'.repeat(64),
  texts: [],
});
