// Tests src/requests/recover-requests.ts, src/requests/expire-requests.ts
import { LocalCaSigner } from '../../../src/signing/local-ca-signer.js';
import { issuersOf, signerOf } from '../../helpers/signing-authority.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/audit/hash-chain.js';
import { collectKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import type { Context, IssuingCluster } from '../../../src/context/context.js';
import { createRequest } from '../../../src/requests/create-request.js';
import { approveRequest } from '../../../src/requests/decide-request.js';
import { expireRequests } from '../../../src/requests/expire-requests.js';
import { recoverRequests } from '../../../src/requests/recover-requests.js';
import { SignerUnavailableError } from '../../../src/model/errors.js';
import type { CertificateRequestAsk } from '../../../src/requests/resolve-ask.js';
import type { Signer } from '../../../src/signing/signer.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../helpers/issuance.js';
import { signerLike, signingBy } from '../../helpers/signers.js';
import { alice, bob } from '../../helpers/principals.js';
import { anAttempt, anEvent, aRequest } from '../store/records.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

async function create(ask: CertificateRequestAsk) {
  const outcome = await createRequest(issuance.context, alice, ask, { waitSeconds: 0, idempotency: null });
  if (!outcome.ok) throw new Error(outcome.refusal.kind);
  return outcome.value.request.id;
}

const never = () => new Promise<never>(() => undefined);

/** A signer that never comes back, as in a process that dies while signing. */
function hangingSigner() {
  return signingBy(signerOf(issuance.authority), never);
}

async function leftIssuing(ask: CertificateRequestAsk) {
  issuance.setSigner(hangingSigner());
  const id = await create(ask);
  issuance.setSigner(signerOf(issuance.authority));
  return id;
}

const find = (id: string) => issuance.context.store.requests.find(id);
const eventTypes = async (id: string) =>
  (await issuance.context.store.auditEvents.ofRequest(id)).map((event) => event.type);

describe('recoverRequests', () => {
  it('waits for no request of a cluster whose CA key lies in an agent, which may be silent', async () => {
    const id = await leftIssuing({ csr: (await csrFor('jane', ['team-a'])).pem });
    const context = issuance.restarted();
    const clusters = context.clusters as Map<string, IssuingCluster>;
    const issuers = issuersOf(issuance.authority, { key: (held) => ({ ...held, kind: 'agent', sign: never }) });
    const signer = new LocalCaSigner(issuers);
    clusters.set('demo', { ...clusters.get('demo')!, issuers, signer });
    await recoverRequests(context);
    expect(context.attempts.has(id)).toBe(true);
    await expect.poll(() => find(id)).toMatchObject({ state: 'issuing', attempt: { number: 2 } });
  });

  it('leaves an attempt alone whose commit is made and not answered yet', async () => {
    const { context } = issuance;
    const { writer } = context.store;
    const slow: Context = {
      ...context,
      store: {
        ...context.store,
        writer: {
          async commit(step) {
            const result = await writer.commit(step);
            if (step.events.some(({ type }) => type === 'IssuanceStarted')) await recoverRequests(slow);
            return result;
          },
        },
      },
    };
    const { pem } = await csrFor('jane', ['team-a']);
    const asked = await createRequest(slow, alice, { csr: pem }, { waitSeconds: 10, idempotency: null });
    const collected = await create({ username: 'jane', groups: ['team-a'] });
    expect((await collectKubeconfig(slow, alice, collected)).ok).toBe(true);

    const ids = [asked.ok ? asked.value.request.id : '', collected];
    for (const id of ids) {
      expect(await find(id)).toMatchObject({ state: 'issued', attempt: { number: 1 } });
      expect(await eventTypes(id)).not.toContain('IssuanceAbandoned');
    }
  });

  it('finishes a request with a CSR that a dead process left issuing, under a new serial number', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    const id = await leftIssuing({ csr: pem });
    const before = await find(id);
    expect(before).toMatchObject({ state: 'issuing', attempt: { number: 1, owner: 'process-1' } });

    await recoverRequests(issuance.restarted());

    const after = await find(id);
    expect(after).toMatchObject({ state: 'issued', attempt: { number: 2, owner: 'process-2' } });
    expect(after?.attempt?.intent).not.toEqual(before?.attempt?.intent);
    expect(await eventTypes(id)).toEqual([
      'CertificateRequested',
      'RequestApproved',
      'IssuanceStarted',
      'IssuanceAbandoned',
      'IssuanceStarted',
      'CertificateIssued',
    ]);
    expect(await verifyChain(issuance.context.store.auditEvents)).toMatchObject({ valid: true });
  });

  it('makes a request collectable again whose generated key was lost', async () => {
    issuance.setSigner(hangingSigner());
    const id = await create({ username: 'jane', groups: ['team-a'] });
    void collectKubeconfig(issuance.context, alice, id);
    await expect.poll(async () => (await find(id))?.state).toBe('issuing');
    issuance.setSigner(signerOf(issuance.authority));

    const restarted = issuance.restarted();
    await recoverRequests(restarted);

    expect(await find(id)).toMatchObject({ state: 'approved', publicKey: null });
    expect((await collectKubeconfig(restarted, alice, id)).ok).toBe(true);
  });

  it('leaves alone what another living process works on, until its lease has run out', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    const id = await leftIssuing({ csr: pem });
    const other = issuance.replica();
    await recoverRequests(other);
    expect(await find(id)).toMatchObject({ state: 'issuing', attempt: { owner: 'process-1' } });
    issuance.advance(91);
    await recoverRequests(other);
    expect(await find(id)).toMatchObject({ state: 'issued', attempt: { owner: 'process-2' } });
  });

  it('leaves alone what is issued, and what has lapsed', async () => {
    const issued = await create({ csr: (await csrFor('jane', ['team-a'])).pem });
    await issuance.context.attempts.waitForEnd(issued, 30);
    issuance.setSigner(
      signingBy(signerOf(issuance.authority), () => Promise.reject(new SignerUnavailableError('away'))),
    );
    const lapsed = await create({ csr: (await csrFor('joe', ['team-a'])).pem });
    await issuance.context.attempts.waitForEnd(lapsed, 30);
    issuance.setSigner(signerOf(issuance.authority));
    const before = [await find(issued), await find(lapsed)];
    expect(before.map((request) => request?.state)).toEqual(['issued', 'approved']);
    const events = [await eventTypes(issued), await eventTypes(lapsed)];

    issuance.advance(86_401);
    await recoverRequests(issuance.restarted());
    expect([await find(issued), await find(lapsed)]).toEqual(before);
    expect([await eventTypes(issued), await eventTypes(lapsed)]).toEqual(events);
  });

  it('leaves alone what this process is working on', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    const id = await leftIssuing({ csr: pem });
    await recoverRequests(issuance.context);
    expect(await find(id)).toMatchObject({ state: 'issuing', attempt: { number: 1 } });
  });

  it('asks policy again before it signs what was left', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    const id = await leftIssuing({ csr: pem });
    issuance.setPolicies(testPolicies.replaceAll('"team-*"', '"other-*"'));
    await recoverRequests(issuance.restarted());
    expect(await find(id)).toMatchObject({ state: 'denied', failure: { reason: 'NoLongerPermitted' } });
  });

  it('works on many at the same time, so that they share commits, and ends when all are done', async () => {
    const ids: string[] = [];
    for (const name of ['jane', 'joe', 'jim', 'jack'])
      ids.push(await leftIssuing({ csr: (await csrFor(name, ['team-a'])).pem }));
    let underWay = 0;
    let most = 0;
    const restarted = issuance.restarted();
    const { writer } = restarted.store;
    const counting = {
      async commit(step: Parameters<typeof writer.commit>[0]) {
        most = Math.max(most, (underWay += 1));
        try {
          return await writer.commit(step);
        } finally {
          underWay -= 1;
        }
      },
    };
    await recoverRequests({ ...restarted, store: { ...restarted.store, writer: { ...writer, ...counting } } });
    expect(most).toBeGreaterThan(1);
    for (const id of ids) expect((await find(id))?.state).toBe('issued');
    await expect.poll(() => ids.some((id) => restarted.attempts.has(id))).toBe(false);
  });

  it('leaves no cluster waiting for another one that is down', async () => {
    const { clusters } = issuance.context;
    const demo = clusters.get('demo')!;
    const onCluster = (name: string, signer: Signer): IssuingCluster => ({
      ...demo,
      cluster: { ...demo.cluster, name, signer: 'kubernetes' },
      signer,
    });
    const local = signerOf(issuance.authority);
    const signer = signerLike(local, { needsCluster: true });
    const away = signerLike(signer, { giveUp: () => new Promise(() => undefined) });
    const left = [...Array<string>(40).fill('down'), 'well'].map((cluster) =>
      aRequest({ state: 'issuing', cluster, attempt: anAttempt({ owner: 'process-1' }) }),
    );
    const { writer } = issuance.context.store;
    for (const request of left) await writer.commit({ operations: [insertRequest(request)], events: [anEvent()] });
    const restarted = issuance.restarted();
    const context = {
      ...restarted,
      clusters: new Map([...clusters, ['down', onCluster('down', away)], ['well', onCluster('well', signer)]]),
    };
    for (let round = 0; round < 2; round++) await recoverRequests(context);
    await expect.poll(() => find(left.at(-1)!.id)).toMatchObject({ state: 'approved' });
    expect(context.attempts.recoveriesOf('down')).toBe(32);
  });

  it('still knows a new attempt that began while it was clearing away the one before', async () => {
    issuance.setSigner(hangingSigner());
    const id = await create({ username: 'jane', groups: ['team-a'] });
    void collectKubeconfig(issuance.context, alice, id);
    await expect.poll(async () => (await find(id))?.state).toBe('issuing');

    const restarted = issuance.restarted();
    let cleared: (() => void) | undefined;
    const clearing = new Promise<void>((resolve) => {
      cleared = resolve;
    });
    issuance.setSigner({
      ...hangingSigner(),
      giveUp: () => Promise.resolve({ certificate: null, cleanUp: () => clearing }),
    });
    const recovery = recoverRequests(restarted);
    await expect.poll(async () => (await find(id))?.state).toBe('approved');
    void collectKubeconfig(restarted, alice, id);
    await expect.poll(async () => (await find(id))?.state).toBe('issuing');
    cleared?.();
    await recovery;
    expect(restarted.attempts.has(id)).toBe(true);
  });

  it('an outcome that comes after a takeover is an orphan in the inventory, and nothing is issued twice', async () => {
    let release: (() => void) | undefined;
    const real = signerOf(issuance.authority);
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    issuance.setSigner(signingBy(real, (signReally) => released.then(signReally)));
    const { pem } = await csrFor('jane', ['team-a']);
    const id = await create({ csr: pem });
    issuance.setSigner(real);
    await recoverRequests(issuance.restarted());
    release?.();
    await issuance.context.attempts.waitForEnd(id, 30);

    const { items } = await issuance.context.store.certificates.list({}, { limit: 10, cursor: null });
    expect(items.map((certificate) => certificate.orphan).sort()).toEqual([false, true]);
    expect((await find(id))?.fingerprintSha256).toBe(items.find(({ orphan }) => !orphan)?.fingerprintSha256);
  });
});

describe('expireRequests', () => {
  it('ends what nobody decided on, and what nobody collected, in time', async () => {
    const pending = await create({ username: 'jane', groups: ['ops-eu'] });
    const uncollected = await create({ username: 'jane', groups: ['team-a'] });
    issuance.advance(86_399);
    await expireRequests(issuance.context);
    expect([(await find(pending))?.state, (await find(uncollected))?.state]).toEqual(['pending', 'approved']);
    issuance.advance(2);
    await expireRequests(issuance.context);
    expect([(await find(pending))?.state, (await find(uncollected))?.state]).toEqual(['pending', 'expired']);
    issuance.advance(2 * 86_400);
    await expireRequests(issuance.context);
    expect((await find(pending))?.state).toBe('expired');
    expect((await eventTypes(pending)).at(-1)).toBe('RequestExpired');
  });

  it('ends many at the same time, so that they share commits', async () => {
    for (let i = 0; i < 5; i += 1) await create({ username: 'jane', groups: ['ops-eu'] });
    issuance.advance(3 * 86_400);
    const { context } = issuance;
    let underWay = 0;
    let most = 0;
    const writer = {
      async commit(step: Parameters<typeof context.store.writer.commit>[0]) {
        most = Math.max(most, (underWay += 1));
        try {
          return await context.store.writer.commit(step);
        } finally {
          underWay -= 1;
        }
      },
    };
    await expireRequests({ ...context, store: { ...context.store, writer } });
    expect(most).toBe(5);
    expect(await context.store.requests.lapsed(context.clock())).toEqual([]);
  });

  it('a lapsed request can no longer be collected or approved, even before the next round ends it', async () => {
    const pending = await create({ username: 'jane', groups: ['ops-eu'] });
    const uncollected = await create({ username: 'jane', groups: ['team-a'] });
    issuance.advance(259_201);
    for (const outcome of [
      await collectKubeconfig(issuance.context, alice, uncollected),
      await approveRequest(issuance.context, bob, pending, null),
    ])
      expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'state-conflict' } });
  });
});
