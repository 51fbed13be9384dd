// Tests src/requests/read-requests.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Context, issuingCluster } from '../../../../src/context/context.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { issueProbeCertificate } from '../../../../src/clusters/probe-request.js';
import { findRequest, RecordedPolicySets } from '../../../../src/requests/read-requests.js';
import type { CertificateRequestAsk } from '../../../../src/requests/resolve-ask.js';
import type { Principal } from '../../../../src/model/principal.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../../helpers/issuance.js';
import { admin, alice, auditor, principal } from '../../../helpers/principals.js';

const policies = `${testPolicies}---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: short }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 3600 }
  quota: { livePerUsername: 2 }
  approval: { mode: auto }
`;

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance(policies);
});
afterEach(() => issuance.close());

async function ask(what: CertificateRequestAsk, who: Principal = alice) {
  const outcome = await createRequest(issuance.context, who, what, { waitSeconds: 0, idempotency: null });
  if (outcome.ok) return outcome.value.request;
  if (outcome.refusal.kind !== 'policy-denied') throw new Error(outcome.refusal.kind);
  return outcome.refusal.request;
}

async function why(id: string, context = issuance.context, sets = new RecordedPolicySets(context)) {
  const found = await findRequest({ ...context, recordedPolicySets: sets }, auditor, id);
  if (!found.ok) throw new Error(found.refusal.kind);
  return found.value.recomputed;
}

const digests = (context: Context, asked: string[]): Context => ({
  ...context,
  store: {
    ...context.store,
    policySets: {
      find: (digest) => {
        asked.push(digest);
        return context.store.policySets.find(digest);
      },
    },
  },
});

describe('why a request was decided as it was', () => {
  it('is told a year later, under other policies and with other certificates about, as it was then', async () => {
    const asked = [
      await ask({ username: 'jane', groups: ['team-a'] }),
      await ask({ username: 'jane', groups: ['team-a'], expirationSeconds: 90_000 }),
      await ask({ username: 'jane', groups: ['prod'] }),
      await ask({ username: 'jane', groups: ['ops-a'] }),
    ];
    const before = await Promise.all(asked.map(({ id }) => why(id)));
    for (let i = 0; i < 5; i += 1) await ask({ username: 'jane', groups: ['team-a'], expirationSeconds: 7200 });
    issuance.advance(365 * 86_400);
    issuance.setPolicies(testPolicies.replaceAll('"*"', '"nobody"'));
    const after = await Promise.all(asked.map(({ id }) => why(id)));
    expect(after).toEqual(before);
    for (const { trace, note } of after) {
      expect(note).toBeNull();
      expect(trace?.filter(({ kind }) => kind === 'policy').map(({ name }) => name)).toEqual([
        'automatic',
        'by-hand',
        'short',
      ]);
    }
    // Each check, with what it expected and what it found.
    const denied = after[2]?.trace?.find(({ name }) => name === 'short');
    expect(denied).toMatchObject({ verdict: 'denies' });
    expect(denied?.checks).toContainEqual({
      check: 'allowed.groups',
      passed: false,
      expected: expect.stringContaining('team-*') as string,
      found: '"prod"',
      reason: 'GroupNotPermitted',
    });
    expect(denied?.checks.find(({ check }) => check === 'quota.livePerUsername')?.passed).toBe(true);
  });

  it('takes what was left to policy as left to policy, also where the deciding one gave a default', async () => {
    const { id, expirationSeconds } = await ask({ username: 'jane', groups: ['team-a'] });
    expect(expirationSeconds).toBe(86_400);
    // As a lifetime of a day that was asked for, it would be too long for this one.
    expect((await why(id)).trace?.find(({ name }) => name === 'short')?.verdict).toBe('permits');
  });

  it('says so where the texts of then cannot be read any more, or are not there', async () => {
    const { id } = await ask({ username: 'jane', groups: ['team-a'] });
    issuance.setPolicies(testPolicies);
    const { context } = issuance;
    const withTexts = (texts: readonly { readonly path: string; readonly text: string }[] | null) => ({
      ...context,
      store: { ...context.store, policySets: { find: () => Promise.resolve(texts) } },
    });
    for (const text of ['kind: Policy\nof: an older version', '{{', policies.replace('short', 'other')]) {
      const { trace, note } = await why(id, withTexts([{ path: 'test.yaml', text }]));
      expect(trace).toBeNull();
      expect(note).toBe('the policy set that was in force cannot be read by this version of kubepass');
    }
    expect(await why(id, withTexts(null))).toEqual({
      trace: null,
      note: 'the policy set that was in force is not stored',
    });
  });

  it('says so where the same set decides otherwise today', async () => {
    const request = await ask({ username: 'jane', groups: ['team-a'] });
    const { context } = issuance;
    const recorded = { ...request, decision: { ...request.decision, policy: 'short' } };
    const find = () => Promise.resolve(recorded);
    const { trace, note } = await why(request.id, {
      ...context,
      store: { ...context.store, requests: { ...context.store.requests, find } },
    });
    expect(trace).not.toBeNull();
    expect(note).toContain('decides otherwise');
  });

  it('is that no policy was asked, for what a probe asks', async () => {
    const { context } = issuance;
    const { requestId } = await issueProbeCertificate(context, issuingCluster(context, 'demo'), 600, null);
    expect(await why(requestId)).toEqual({ trace: null, note: expect.stringContaining('probe') as string });
  });

  it('is for those alone who may read the request', async () => {
    const { id } = await ask({ username: 'jane', groups: ['team-a'] });
    const context = { ...issuance.context, recordedPolicySets: new RecordedPolicySets(issuance.context) };
    for (const who of [alice, admin, principal('bea', ['approver'])])
      expect((await findRequest(context, who, id)).ok).toBe(true);
    expect((await findRequest(context, principal('mallory', ['requester']), id)).ok).toBe(false);
  });
});

describe('policy sets of the past', () => {
  it('are read once, the latest eight of them kept, and the one in force is not read at all', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) {
      issuance.setPolicies(`${policies}# ${i}\n`);
      ids.push((await ask({ username: 'jane', groups: ['team-a'] })).id);
    }
    const asked: string[] = [];
    const context = digests(issuance.context, asked);
    const sets = new RecordedPolicySets(context);
    const read = async (i: number) => {
      asked.length = 0;
      await why(ids[i] ?? '', context, sets);
      return asked.length;
    };
    expect(await read(9)).toBe(0);
    for (let i = 0; i < 8; i += 1) expect(await read(i)).toBe(1);
    expect(await read(0)).toBe(0);
    // The ninth takes the place of the second: the first was asked for again.
    expect(await read(8)).toBe(1);
    expect(await read(0)).toBe(0);
    expect(await read(1)).toBe(1);
  });
});
