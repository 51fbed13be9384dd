// Tests src/requests/collect-kubeconfig.ts, src/signing/signer.ts
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { collectApproved, collectKubeconfig, createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { approveRequest } from '../../../../src/requests/decide-request.js';
import { IdempotencyKeys } from '../../../../src/context/idempotency-keys.js';
import { kubeconfigWithKeyPath } from '../../../../src/requests/read-requests.js';
import type { IdempotencyToken } from '../../../../src/model/idempotency.js';
import type { Principal } from '../../../../src/model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { SignerUnavailableError } from '../../../../src/model/errors.js';
import { SigningRefusedError, SigningUndeterminedError } from '../../../../src/signing/signer.js';
import type { CertificateRequestAsk } from '../../../../src/requests/resolve-ask.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../../helpers/issuance.js';
import { signingBy } from '../../../helpers/signers.js';
import { alice, bob, hr } from '../../../helpers/principals.js';
import { signerOf } from '../../../helpers/signing-authority.js';

let issuance: TestIssuance;
let keys: IdempotencyKeys;
beforeEach(async () => {
  issuance = await testIssuance();
  keys = new IdempotencyKeys(issuance.context.store);
});
afterEach(() => issuance.close());

const once = { waitSeconds: 0, idempotency: null };

async function approved(ask: CertificateRequestAsk = { username: 'jane', groups: ['team-a'] }) {
  const outcome = await createRequest(issuance.context, alice, ask, { waitSeconds: 0, idempotency: null });
  if (!outcome.ok) throw new Error(outcome.refusal.kind);
  expect(outcome.value.request.state).toBe('approved');
  return outcome.value.request.id;
}

/** A call with an Idempotency-Key whose answer is never kept. */
async function createWithKey(principal: Principal, ask: CertificateRequestAsk, token: IdempotencyToken) {
  const outcome = await keys.actOnce(principal, token, (claimed) =>
    createKubeconfig(issuance.context, principal, ask, { idempotency: claimed }),
  );
  if (!outcome.ok) return outcome;
  if ('body' in outcome.value) throw new Error('an answer was kept');
  return outcome.value;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

function partsOf(yaml: string) {
  const { clusters, users } = parse(yaml) as Kubeconfig;
  const user = users[0]!.user;
  const decode = (data: string) => Buffer.from(data, 'base64').toString();
  return {
    certificate: new X509Certificate(decode(user['client-certificate-data'])),
    key: createPrivateKey(decode(user['client-key-data'])),
    ca: new X509Certificate(decode(clusters[0]!.cluster['certificate-authority-data'])),
  };
}

const signerThat = (sign: Parameters<typeof signingBy>[1]) => signingBy(signerOf(issuance.authority), sign);

describe('collectKubeconfig', () => {
  it('holds what was signed against the clock as it was when the attempt began, where it was set back since', async () => {
    issuance.setSigner(
      signerThat((signReally) => {
        issuance.advance(-30);
        return signReally();
      }),
    );
    expect(await collectKubeconfig(issuance.context, alice, await approved())).toMatchObject({ ok: true });
  });

  it('gives no two attempts the same number: one that was decided on before another began has come too late', async () => {
    const id = await approved();
    const { requests } = issuance.context.store;
    const before = (await requests.find(id))!;
    issuance.setSigner(signerThat(() => Promise.reject(new SignerUnavailableError('away'))));
    expect(await collectApproved(issuance.context, alice, before)).toMatchObject({ ok: false });
    expect(await requests.find(id)).toMatchObject({ state: 'approved', attempt: { number: 1 } });

    issuance.setSigner(signerOf(issuance.authority));
    expect(await collectApproved(issuance.context, alice, before)).toMatchObject({
      refusal: { kind: 'state-conflict' },
    });
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({ ok: true });
    expect(await requests.find(id)).toMatchObject({ state: 'issued', attempt: { number: 2 } });
  });

  it('does not keep the caller waiting for what is cleared away afterwards, but known until that is through', async () => {
    const real = signerOf(issuance.authority);
    let cleared = () => {};
    const clearing = new Promise<void>((resolve) => (cleared = resolve));
    issuance.setSigner({
      ...signerThat((signReally) => signReally()),
      prepare: (request, now) => ({ ...real.prepare(request, now), cleanUp: () => clearing }),
    });
    const id = await approved();
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({ ok: true });
    expect(issuance.context.attempts.has(id)).toBe(true);
    cleared();
    await issuance.context.attempts.allEnded();
    expect(issuance.context.attempts.has(id)).toBe(false);
  });

  it.each(keyAlgorithms)('hands out a key that fits its certificate: %s', async (keyAlgorithm) => {
    const id = await approved({ username: 'jane', groups: ['team-a'], keyAlgorithm });
    const outcome = await collectKubeconfig(issuance.context, alice, id);
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    const { certificate, key, ca } = partsOf(outcome.value.yaml);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.subject).toBe('O=team-a\nCN=jane');
  });

  it('is not for a token that an approver made, nor by asking again where the first answer was lost', async () => {
    const idempotency = { method: 'POST', path: '/v1/kubeconfigs', key: 'k', bodySha256: '0'.repeat(64) };
    const ask = { username: 'jane', groups: ['ops-eu'] };
    const first = await createWithKey(alice, ask, idempotency);
    if (!first.ok || first.value.kind !== 'awaiting') throw new Error('it does not wait');
    const { id } = first.value.request;
    await approveRequest(issuance.context, bob, id, null);
    const refusal = {
      kind: 'not-permitted',
      message: 'this token was created by "bob", who has approved the request',
    };
    for (const createdBy of [['bob'], ['root', 'BOB', 'mona']]) {
      const theirs = { ...alice, createdBy };
      expect(await collectKubeconfig(issuance.context, theirs, id)).toEqual({ ok: false, refusal });
      expect(await createWithKey(theirs, ask, idempotency)).toEqual({ ok: false, refusal });
    }
    expect(await createWithKey(alice, ask, idempotency)).toMatchObject({ ok: true });
  });

  it('hands the key out once', async () => {
    const id = await approved();
    await collectKubeconfig(issuance.context, alice, id);
    const again = await collectKubeconfig(issuance.context, alice, id);
    expect(again).toEqual({ ok: false, refusal: { kind: 'key-already-collected', requestId: id } });
  });

  it('hands it out to one of many who come at the same time', async () => {
    const id = await approved();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => collectKubeconfig(issuance.context, alice, id)),
    );
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    const { items } = await issuance.context.store.certificates.list({}, { limit: 10, cursor: null });
    expect(items).toHaveLength(1);
  });

  it('is for the collector alone', async () => {
    const id = await approved({ username: 'jane', groups: ['team-a'], collector: 'jane' });
    for (const who of [alice, bob])
      expect(await collectKubeconfig(issuance.context, who, id)).toMatchObject({
        ok: false,
        refusal: { kind: 'not-permitted' },
      });
  });

  it('stops where policy changed between approval and collection', async () => {
    const id = await approved();
    issuance.setPolicies(testPolicies.replaceAll('"team-*"', '"other-*"'));
    const outcome = await collectKubeconfig(issuance.context, alice, id);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'policy-denied' } });
    expect(await issuance.context.store.requests.find(id)).toMatchObject({
      state: 'denied',
      failure: { reason: 'NoLongerPermitted' },
      attempt: null,
    });
  });

  it('stops where policy now wants a person to approve what it approved by itself, unless one has', async () => {
    const automatic = await approved();
    const byHand = await createRequest(issuance.context, alice, { username: 'jane', groups: ['ops-eu'] }, once);
    if (!byHand.ok) throw new Error(byHand.refusal.kind);
    await approveRequest(issuance.context, bob, byHand.value.request.id, null);

    issuance.setPolicies(testPolicies.replace('mode: auto', 'mode: manual'));
    expect(await collectKubeconfig(issuance.context, alice, automatic)).toMatchObject({
      ok: false,
      refusal: { kind: 'policy-denied', violations: [{ source: 'automatic', reason: 'ApprovalRequired' }] },
    });
    expect(await issuance.context.store.requests.find(automatic)).toMatchObject({
      state: 'denied',
      failure: { reason: 'NoLongerPermitted' },
    });
    expect((await collectKubeconfig(issuance.context, alice, byHand.value.request.id)).ok).toBe(true);
  });

  it('says so where the cluster is no longer configured, and burns nothing', async () => {
    const id = await approved();
    const gone = { ...issuance.context, clusters: new Map() };
    expect(await collectKubeconfig(gone, alice, id)).toMatchObject({
      ok: false,
      refusal: { kind: 'state-conflict', message: 'cluster "demo" is no longer configured' },
    });
    expect((await collectKubeconfig(issuance.context, alice, id)).ok).toBe(true);
    expect(await kubeconfigWithKeyPath(gone, alice, id, 'jane.key')).toMatchObject({
      ok: false,
      refusal: { kind: 'state-conflict' },
    });
  });

  it('gives the approval back where the signer cannot work now, and a new attempt gets a new serial number', async () => {
    const id = await approved();
    issuance.setSigner(signerThat(() => Promise.reject(new SignerUnavailableError('gone'))));
    const outcome = await collectKubeconfig(issuance.context, alice, id);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'issuance-unavailable' } });
    const first = await issuance.context.store.requests.find(id);
    expect(first).toMatchObject({ state: 'approved', publicKey: null, attempt: { number: 1 } });

    issuance.setSigner(signerOf(issuance.authority));
    expect((await collectKubeconfig(issuance.context, alice, id)).ok).toBe(true);
    const second = await issuance.context.store.requests.find(id);
    expect(second).toMatchObject({ state: 'issued', attempt: { number: 2 } });
    expect(second?.attempt?.intent).not.toEqual(first?.attempt?.intent);
  });

  it('says that it is unavailable where it is not known whether something gets signed, and leaves the attempt open', async () => {
    const id = await approved();
    issuance.setSigner(signerThat(() => Promise.reject(new SigningUndeterminedError('approved, and out of reach'))));
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({
      ok: false,
      refusal: { kind: 'issuance-unavailable', request: { state: 'issuing' } },
    });
    expect(await issuance.context.store.requests.find(id)).toMatchObject({ state: 'issuing', attempt: { number: 1 } });
  });

  it('ends as failed, with the signer’s reason, where the signer refuses', async () => {
    const id = await approved();
    issuance.setSigner(
      signerThat(() => Promise.reject(new SigningRefusedError('CertificateAuthorityNotValid', 'old'))),
    );
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({
      ok: false,
      refusal: { kind: 'issuance-failed', request: { failure: { reason: 'CertificateAuthorityNotValid' } } },
    });
  });

  it('hands out nothing, and records it, where another certificate comes back than was approved', async () => {
    const other = await approved({ username: 'joe', groups: ['team-b'] });
    const collected = await collectKubeconfig(issuance.context, alice, other);
    if (!collected.ok) throw new Error('not collected');
    const id = await approved();
    const mixedUp = Buffer.from(collected.value.certificate.der);
    // A byte of the signature changed: the chain breaks too, and the certificate is one that the inventory has not
    // seen.
    mixedUp.writeUInt8(mixedUp.readUInt8(mixedUp.length - 1) ^ 1, mixedUp.length - 1);
    issuance.setSigner(signerThat(() => Promise.resolve({ kind: 'written-elsewhere', der: mixedUp })));
    const outcome = await collectKubeconfig(issuance.context, alice, id);
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { kind: 'issuance-failed', request: { failure: { reason: 'IssuedCertificateMismatch' } } },
    });
    const { items } = await issuance.context.store.certificates.list({ username: 'joe' }, { limit: 10, cursor: null });
    expect(items.filter((certificate) => certificate.orphan)).toHaveLength(1);
    const message = (await issuance.context.store.requests.find(id))?.failure?.message ?? '';
    for (const part of ['public key', 'username is "joe"', 'groups are ["team-b"]', 'does not chain'])
      expect(message).toContain(part);
  });

  it('keeps no private key anywhere in the database', async () => {
    const id = await approved();
    const outcome = await collectKubeconfig(issuance.context, alice, id);
    if (!outcome.ok) throw new Error('not collected');
    const { users } = parse(outcome.value.yaml) as Kubeconfig;
    const events = await issuance.context.store.auditEvents.ofRequest(id);
    const request = await issuance.context.store.requests.find(id);
    const stored = JSON.stringify([events, request]);
    expect(stored).not.toContain('PRIVATE KEY');
    expect(stored).not.toContain(users[0]!.user['client-key-data'].slice(0, 40));
  });
});

describe('createKubeconfig', () => {
  const ask: CertificateRequestAsk = { username: 'jane', groups: ['team-a', 'team-b'], namespace: 'dev' };
  const token = { method: 'POST', path: '/v1/kubeconfigs', key: 'k-1', bodySha256: 'aa' };

  it('requests, decides, issues and hands out in one call', async () => {
    const outcome = await createKubeconfig(issuance.context, hr, ask, { idempotency: null });
    if (!outcome.ok || outcome.value.kind !== 'collected') throw new Error('not collected');
    const { request, yaml } = outcome.value.kubeconfig;
    expect(request.state).toBe('issued');
    expect(partsOf(yaml).certificate.subject).toBe('O=team-a\nO=team-b\nCN=jane');
    expect(yaml).toContain('namespace: "dev"');
  });

  it.each([
    ['a person must decide', { ...ask, groups: ['ops-eu'] }, 'pending'],
    ['somebody else collects', { ...ask, collector: 'jane' }, 'approved'],
  ])('answers with the request where %s', async (_why, theAsk, state) => {
    const outcome = await createKubeconfig(issuance.context, hr, theAsk, { idempotency: null });
    expect(outcome).toMatchObject({ ok: true, value: { kind: 'awaiting', request: { state } } });
  });

  it('issues once for many calls with one Idempotency-Key, and again for another principal’s same key', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => createWithKey(hr, ask, token)));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    for (const outcome of outcomes)
      if (!outcome.ok) expect(['idempotency-key-in-flight', 'key-already-collected']).toContain(outcome.refusal.kind);
    expect((await createWithKey(alice, ask, token)).ok).toBe(true);
    const { items } = await issuance.context.store.certificates.list({}, { limit: 10, cursor: null });
    expect(items).toHaveLength(2);
  });

  it('goes on with the recorded request where the first answer was lost on a fault', async () => {
    issuance.setSigner(signerThat(() => Promise.reject(new SignerUnavailableError('gone'))));
    const first = await createWithKey(hr, ask, token);
    expect(first).toMatchObject({ ok: false, refusal: { kind: 'issuance-unavailable' } });
    issuance.setSigner(signerOf(issuance.authority));
    const second = await createWithKey(hr, ask, token);
    expect(second).toMatchObject({ ok: true, value: { kind: 'collected' } });
    expect((await issuance.context.store.requests.list({}, { limit: 10, cursor: null })).items).toHaveLength(1);
  });

  it('refuses the key with another body', async () => {
    await createWithKey(hr, ask, token);
    const outcome = await createWithKey(hr, ask, { ...token, bodySha256: 'bb' });
    expect(outcome).toEqual({ ok: false, refusal: { kind: 'idempotency-key-reused' } });
  });
});
