// Tests src/context/idempotency-keys.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRequest } from '../../../../src/requests/create-request.js';
import { IdempotencyKeys, type ClaimedKey } from '../../../../src/context/idempotency-keys.js';
import type { IdempotencyScope } from '../../../../src/model/idempotency.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice } from '../../../helpers/principals.js';

const token = { method: 'POST', path: '/v1/certificate-requests', key: 'k-1', bodySha256: 'aa' };
const answer = { status: 201, headers: { location: '/here' }, body: '{}' };

let issuance: TestIssuance;
let lookUps: number;
let keys: IdempotencyKeys;
beforeEach(async () => {
  issuance = await testIssuance();
  const { store } = issuance.context;
  lookUps = 0;
  const find = (scope: IdempotencyScope) => {
    lookUps++;
    return store.idempotencyKeys.find(scope);
  };
  keys = new IdempotencyKeys({ ...store, idempotencyKeys: { find } });
});
afterEach(() => issuance.close());

const create = (claimed: ClaimedKey) => {
  const ask = { username: 'jane', groups: ['ops-eu'] };
  return createRequest(issuance.context, alice, ask, { waitSeconds: 0, idempotency: claimed });
};
const never = () => Promise.reject(new Error('a repeat acts'));

it('looks a key up once for the first call, and once for a repeat, which gets the answer that was kept', async () => {
  const first = await keys.actOnce(alice, token, async (claimed) => {
    await create(claimed);
    expect(await keys.keep(claimed, answer)).toBeNull();
    return answer;
  });
  expect(first).toEqual({ ok: true, value: answer });
  expect(lookUps).toBe(1);
  expect(await keys.actOnce(alice, token, never)).toEqual({ ok: true, value: answer });
  expect(lookUps).toBe(2);
});

it('refuses a second call until the first has kept its answer, and a call with another body', async () => {
  const during = await keys.actOnce(alice, token, async (claimed) => {
    await create(claimed);
    const others = [token, { ...token, bodySha256: 'bb' }];
    return Promise.all(others.map((other) => keys.actOnce(alice, other, never)));
  });
  expect(during).toMatchObject({
    value: [
      { ok: false, refusal: { kind: 'idempotency-key-in-flight' } },
      { ok: false, refusal: { kind: 'idempotency-key-reused' } },
    ],
  });
});

it('claims a key again whose call failed, with the request that it recorded', async () => {
  const fails = async (claimed: ClaimedKey) => {
    await create(claimed);
    throw new Error('the answer is lost');
  };
  await expect(keys.actOnce(alice, token, fails)).rejects.toThrow('the answer is lost');
  const recorded = await keys.actOnce(alice, token, async (claimed) => claimed.recorded?.username);
  expect(recorded).toEqual({ ok: true, value: 'jane' });
});

it('answers what another replica kept first', async () => {
  const replica = new IdempotencyKeys(issuance.context.store);
  await keys.actOnce(alice, token, async (claimed) => {
    await create(claimed);
    await replica.actOnce(alice, token, (theirs) => replica.keep(theirs, answer));
    expect(await keys.keep(claimed, { ...answer, body: '{"later":true}' })).toEqual(answer);
  });
  expect(await replica.actOnce(alice, token, never)).toEqual({ ok: true, value: answer });
});

it('keeps no private key: a repeat is told that it was handed out', async () => {
  await keys.actOnce(alice, token, async (claimed) => {
    await create(claimed);
    await keys.keep(claimed, { ...answer, body: null });
  });
  expect(await keys.actOnce(alice, token, never)).toMatchObject({ refusal: { kind: 'key-already-collected' } });
});
