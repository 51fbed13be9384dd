import { createHash } from 'node:crypto';
import type { CertificateRequest } from '../../src/model/certificate-request.js';
import type { DecisionFacts } from '../../src/model/decision.js';
import { newId } from '../../src/model/new-id.js';
import type { PolicySet } from '../../src/policy/policy-set.js';
import { decide, recordedDecision } from '../../src/policy/decide.js';
import type { Store } from '../../src/store/store.js';
import { rememberPolicySet } from '../../src/store/tables/policy-set-table.js';
import { insertRequest } from '../../src/store/tables/write-request.js';

export interface SeedOptions {
  readonly policySet: PolicySet;
  /** The time of the first decision; each next one follows a second later. */
  readonly from: Date;
  readonly cluster?: string;
  readonly facts?: Partial<DecisionFacts>;
}

const groupsAsked = [['team-a'], ['team-a', 'team-b'], ['ops-eu'], ['team-c', 'ops-us'], ['blocked'], []];
const lifetimes = [null, 3600, 86_400, 604_800, null];

/** The request that is recorded as the `i`th, decided as the set decides it. There are equally many of each kind. */
export function recordedRequest(
  i: number,
  { policySet, from, cluster = 'demo', facts = {} }: SeedOptions,
): CertificateRequest {
  const now = new Date(from.getTime() + i * 1000);
  const ask = {
    username: `user-${i % 1000}`,
    groups: groupsAsked[i % groupsAsked.length]!,
    keyAlgorithm: 'ECDSA-P256',
    expirationSeconds: lifetimes[i % lifetimes.length] ?? null,
    namespace: null,
    reason: i % 7 === 0 ? `TICKET-${i}` : null,
    labels: {},
    collector: 'hr-system',
  } as const;
  const requester = { name: 'hr-system', groups: ['onboarding'], roles: ['requester'] } as const;
  const known: DecisionFacts = { cluster, allowPrivilegedGroups: [], nameAlphabet: 'ascii', ...facts };
  const decision = decide(ask, requester, known, policySet, now);
  const permitted = decision.outcome === 'permitted';
  return {
    ...ask,
    id: newId(now, (octets) => createHash('sha512').update(`${i}`).digest().subarray(0, octets)),
    state: permitted ? 'expired' : 'denied',
    cluster,
    certificationRequest: null,
    publicKey: null,
    expirationSeconds: permitted ? decision.expirationSeconds : (ask.expirationSeconds ?? 86_400),
    requester,
    createdAt: now,
    waitsUntil: null,
    decision: recordedDecision(decision, ask, known, policySet, now),
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
    renewal: null,
  };
}

/** Records that many requests, as if they had been asked for at intervals of one second. */
export async function seedRequests(store: Store, count: number, options: SeedOptions): Promise<void> {
  const { digest, texts } = options.policySet;
  await store.writer.commit({ operations: [rememberPolicySet({ digest, texts })], events: [] });
  const atOnce = 500;
  for (let start = 0; start < count; start += atOnce) {
    const requests = Array.from({ length: Math.min(atOnce, count - start) }, (_, i) =>
      recordedRequest(start + i, options),
    );
    await store.writer.commit({
      operations: requests.map((request) => insertRequest(request)),
      events: [],
    });
  }
}
