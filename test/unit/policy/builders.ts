import type { DecisionFacts } from '../../../src/model/decision.js';
import type { Requester } from '../../../src/model/principal.js';
import type { Guardrail, Policy, PolicySet, RequestToDecide } from '../../../src/policy/policy-set.js';

export const now = new Date('2026-01-02T03:04:05Z');

export const request = (over: Partial<RequestToDecide> = {}): RequestToDecide => ({
  username: 'jane',
  groups: [],
  keyAlgorithm: 'ECDSA-P256',
  expirationSeconds: null,
  namespace: null,
  reason: null,
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

/** Permits any username and group, unless told otherwise. */
export const policy = (name: string, over: Partial<Policy> = {}): Policy => ({
  name,
  selector: {},
  allowed: { usernames: ['*'], groups: ['*'] },
  constraints: {},
  validations: [],
  quota: {},
  approval: { mode: 'auto' },
  kubeconfig: { namespace: null, contextName: null },
  ...over,
});

export const guardrail = (name: string, over: Partial<Guardrail> = {}): Guardrail => ({
  name,
  selector: {},
  match: null,
  matchConditions: [],
  resolvesTo: null,
  approval: null,
  message: 'not here',
  ...over,
});

export const policySet = (policies: readonly Policy[], guardrails: readonly Guardrail[] = []): PolicySet => ({
  policies,
  guardrails,
  digest: '0'.repeat(64),
  texts: [],
});
