// Tests src/requests/read-requests.ts, src/requests/decide-request.ts, src/requests/request-schemas.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeApiToken } from '../../../src/callers/api-tokens.js';
import { certificateRequestView } from '../../../src/requests/request-schemas.js';
import { collectKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import { approveRequest } from '../../../src/requests/decide-request.js';
import { findRequest, listRequests, RecordedPolicySets } from '../../../src/requests/read-requests.js';
import type { CertificateRequest } from '../../../src/model/certificate-request.js';
import { digestOfTexts } from '../../../src/policy/parse-policy-set.js';
import { insertApiToken } from '../../../src/store/tables/api-token-table.js';
import { rememberPolicySet } from '../../../src/store/tables/policy-set-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../helpers/issuance.js';
import { admin, bob, principal } from '../../helpers/principals.js';
import { aRequest } from '../store/records.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

const texts = [{ path: 'test.yaml', text: testPolicies }];

/** A request as it was recorded before policies had stages, quotas and kubeconfig defaults. */
async function recorded(more: Partial<CertificateRequest> = {}) {
  const { context } = issuance;
  const createdAt = context.clock();
  const { decision, ...request } = aRequest({ createdAt, groups: ['ops-eu'], expirationSeconds: 86_400, ...more });
  expect(Object.keys(decision)).not.toContain('quota');
  const old = { ...request, decision: { ...decision, policy: 'by-hand', policySetDigest: digestOfTexts(texts) } };
  await context.store.writer.commit({
    operations: [rememberPolicySet({ digest: digestOfTexts(texts), texts }), insertRequest(old)],
    events: [],
  });
  return old.id;
}

const collector = principal('hr', ['requester']);

async function read(id: string) {
  const recordedPolicySets = new RecordedPolicySets(issuance.context);
  const found = await findRequest({ ...issuance.context, recordedPolicySets }, admin, id);
  if (!found.ok) throw new Error(found.refusal.kind);
  return certificateRequestView(found.value, { now: new Date(), chainOf: () => [] });
}

describe('a request of an earlier version', () => {
  it('is read, waits for whom it waited for, and goes on', async () => {
    const id = await recorded();
    expect(await read(id)).toMatchObject({ state: 'pending', approvals: [], awaiting: [{ stage: 0, needed: 1 }] });
    const page = { limit: 10, cursor: null };
    expect((await listRequests(issuance.context, bob, { awaiting: 'me' }, page)).items).toHaveLength(1);

    expect((await approveRequest(issuance.context, bob, id, null)).ok).toBe(true);
    const collected = await collectKubeconfig(issuance.context, collector, id);
    if (!collected.ok) throw new Error(collected.refusal.kind);
    expect((parse(collected.value.yaml) as { contexts: unknown[] }).contexts).toEqual([
      { name: 'jane@demo', context: { cluster: 'demo', user: 'jane' } },
    ]);
    expect(await read(id)).toMatchObject({
      state: 'issued',
      approvals: [{ principal: 'bob', stage: 0 }],
      awaiting: [],
    });
  });

  it('is not decided on by who made any token of its requester, as its own makers are not on record', async () => {
    const { context } = issuance;
    const now = context.clock();
    const make = async (name: string, createdBy: string[], ended: boolean) => {
      const { token, secretSha256 } = makeApiToken({ name, roles: ['requester'] }, createdBy, {
        now,
        random: randomBytes,
      });
      const expiresAt = ended ? now : token.expiresAt;
      const operation = insertApiToken({ token: { ...token, expiresAt }, secretSha256 });
      await context.store.writer.commit({ operations: [operation], events: [] });
    };
    await make('hr', ['root', 'mona'], true);
    await make('other', ['bob'], false);
    const id = await recorded();
    for (const maker of ['root', 'Mona'])
      expect(await approveRequest(context, principal(maker, ['admin']), id, null)).toMatchObject({
        ok: false,
        refusal: { kind: 'not-permitted' },
      });
    expect((await approveRequest(context, bob, id, null)).ok).toBe(true);
  });

  it('shows an approval that was recorded without its stage as one of the first', async () => {
    const at = issuance.context.clock();
    const id = await recorded({ state: 'approved', approvals: [{ principal: 'bob', at, comment: null }] });
    expect((await read(id)).approvals).toEqual([{ principal: 'bob', at: at.toISOString(), comment: null, stage: 0 }]);
  });

  it('says why it was decided, with a note where that may be otherwise today', async () => {
    // Here it was recorded with a policy of another name.
    const { decision } = await read(await recorded());
    expect(decision.trace?.map(({ name }) => name)).toEqual(expect.arrayContaining(['automatic', 'by-hand']));
    expect(decision.traceNote).toContain('decides otherwise');
  });
});
