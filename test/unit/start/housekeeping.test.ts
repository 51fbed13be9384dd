// Tests src/start/work-beside-requests.ts, src/context/in-rounds.ts
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRequest } from '../../../src/requests/create-request.js';
import type { Context } from '../../../src/context/context.js';
import { startHousekeeping } from '../../../src/start/work-beside-requests.js';
import { recoverRequests } from '../../../src/requests/recover-requests.js';
import { SignerUnavailableError } from '../../../src/model/errors.js';
import type { SignedCertificate } from '../../../src/signing/signer.js';
import type { Store } from '../../../src/store/store.js';
import { insertUsedProof } from '../../../src/store/tables/used-proof-table.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { alice } from '../../helpers/principals.js';
import { signingBy } from '../../helpers/signers.js';
import { signerOf } from '../../helpers/signing-authority.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

/** The context with another way to read what is unfinished. */
function reading(unfinished: (read: () => Promise<unknown>) => Promise<void>): Context {
  const { context } = issuance;
  const { requests } = context.store;
  const reader: Store['requests'] = Object.assign(Object.create(requests) as Store['requests'], {
    async unfinished() {
      await unfinished(() => requests.unfinished());
      return requests.unfinished();
    },
  });
  return { ...context, store: { ...context.store, requests: reader } };
}

describe('startHousekeeping', () => {
  it('recovers at once, and tells when that is through', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const housekeeping = startHousekeeping(reading(() => released));
    let recovered = false;
    void housekeeping.recovered.then(() => {
      recovered = true;
    });
    await quietMoment(50);
    expect(recovered).toBe(false);
    release();
    await housekeeping.recovered;
    await housekeeping.stop();
  });

  it('tries again where the first recovery did not work, and does not say before that it is through', async () => {
    let tries = 0;
    const context = reading(() => {
      tries += 1;
      return tries < 3 ? Promise.reject(new Error('disk I/O error')) : Promise.resolve();
    });
    const housekeeping = startHousekeeping(context, 10);
    await housekeeping.recovered;
    expect(tries).toBe(3);
    await housekeeping.stop();
  });

  it('forgets proofs of possession that were used an hour ago', async () => {
    const { context } = issuance;
    const { writer } = context.store;
    const use = (name: string, secondsAgo: number) =>
      writer.commit({
        operations: [
          insertUsedProof({
            idSha256: hash('sha256', name),
            at: new Date(context.clock().getTime() - secondsAgo * 1000),
          }),
        ],
        events: [],
      });
    await use('old', 3_601);
    await use('young', 3_500);
    const housekeeping = startHousekeeping(context, 10);
    await expect.poll(() => use('old', 0)).toEqual({ committed: true });
    expect(await use('young', 0)).toMatchObject({ committed: false });
    await housekeeping.stop();
  });

  it('begins no round while one runs, and none for those that were left out', async () => {
    let rounds = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const context = reading(() => {
      rounds += 1;
      return rounds === 1 ? released : Promise.resolve();
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const housekeeping = startHousekeeping(context, 100);
    await vi.advanceTimersByTimeAsync(1_050);
    expect(rounds).toBe(1);
    release();
    await housekeeping.recovered;
    // The ten that were due meanwhile do not follow.
    expect(rounds).toBe(1);
    await housekeeping.stop();
    vi.useRealTimers();
  });

  it('stops without going through everything that was left', async () => {
    const unavailable = () => Promise.reject(new SignerUnavailableError('away'));
    issuance.setSigner(signingBy(signerOf(issuance.authority), unavailable));
    // More than are recovered at the same time.
    const count = 40;
    for (let i = 0; i < count; i += 1) {
      const { pem } = await csrFor(`user-${String(i)}`, ['team-a']);
      await createRequest(issuance.context, alice, { csr: pem }, { waitSeconds: 5, idempotency: null });
    }
    issuance.advance(60);

    let signed = 0;
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const slow = async (signReally: () => Promise<SignedCertificate>) => {
      signed += 1;
      begin();
      await released;
      return signReally();
    };
    issuance.setSigner(signingBy(signerOf(issuance.authority), slow));
    const housekeeping = startHousekeeping(issuance.restarted());
    await begun;
    const stopped = housekeeping.stop();
    release(undefined);
    await stopped;
    expect(signed).toBeLessThan(count);
    const left = await issuance.context.store.requests.unfinished();
    expect(left).toHaveLength(count - signed);
    expect(left.every(({ state }) => state === 'approved')).toBe(true);

    await recoverRequests(issuance.restarted());
    expect(await issuance.context.store.requests.unfinished()).toEqual([]);
  });
});
