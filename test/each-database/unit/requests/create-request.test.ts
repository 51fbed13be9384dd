// Tests src/requests/create-request.ts, src/requests/resolve-ask.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRequest } from '../../../../src/requests/create-request.js';
import type { CertificateRequestAsk } from '../../../../src/requests/resolve-ask.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice, auditor } from '../../../helpers/principals.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

const create = (ask: CertificateRequestAsk, waitSeconds = 5, principal = alice) =>
  createRequest(issuance.context, principal, ask, { waitSeconds, idempotency: null });

const eventTypes = async (id: string) =>
  (await issuance.context.store.auditEvents.ofRequest(id)).map((event) => event.type);

describe('createRequest', () => {
  it('issues at once where a CSR is approved automatically', async () => {
    const { pem } = await csrFor('jane', ['team-a', 'team-b']);
    const outcome = await create({ csr: pem });
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    const { request, certificate } = outcome.value;
    expect(request.state).toBe('issued');
    expect(certificate).toMatchObject({ username: 'jane', groups: ['team-a', 'team-b'], orphan: false });
    expect(await eventTypes(request.id)).toEqual([
      'CertificateRequested',
      'RequestApproved',
      'IssuanceStarted',
      'CertificateIssued',
    ]);
    expect(await issuance.context.store.requests.find(request.id)).toMatchObject({
      state: 'issued',
      fingerprintSha256: certificate?.fingerprintSha256,
      waitsUntil: null,
    });
  });

  it('records the intent with serial number and TBS hash before anything is signed', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    const outcome = await create({ csr: pem });
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    const { request, certificate } = outcome.value;
    const events = await issuance.context.store.auditEvents.ofRequest(request.id);
    const started = events.find((event) => event.type === 'IssuanceStarted');
    expect(started?.details).toMatchObject({ attempt: 1, signer: 'localCA', serialNumber: certificate?.serialNumber });
  });

  it('puts on record that the CA cut the lifetime short', async () => {
    const { notAfter } = issuance.authority;
    issuance.advance(Math.floor((notAfter.getTime() - issuance.context.clock().getTime()) / 1000) - 3600);
    const lifetimeClamped = async (expirationSeconds: number) => {
      const { pem } = await csrFor('jane', ['team-a']);
      const outcome = await create({ csr: pem, expirationSeconds });
      if (!outcome.ok) throw new Error(outcome.refusal.kind);
      const { request, certificate } = outcome.value;
      const events = await issuance.context.store.auditEvents.ofRequest(request.id);
      const issued = events.find((event) => event.type === 'CertificateIssued');
      return [certificate?.notAfter.getTime() === notAfter.getTime(), issued?.details['lifetimeClamped']];
    };
    expect(await lifetimeClamped(86_400)).toEqual([true, true]);
    expect(await lifetimeClamped(1800)).toEqual([false, false]);
  });

  it('waits for a person where policy says so, and does not sign', async () => {
    const { pem } = await csrFor('jane', ['ops-eu']);
    const outcome = await create({ csr: pem });
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    expect(outcome.value.request).toMatchObject({ state: 'pending', attempt: null });
    expect(outcome.value.request.decision).toMatchObject({ policy: 'by-hand', stages: [{ count: 1 }] });
    expect(await eventTypes(outcome.value.request.id)).toEqual(['CertificateRequested']);
  });

  it('records a denied request with every violation', async () => {
    const outcome = await create({ username: 'system:admin', groups: ['system:masters', 'dev'] });
    if (outcome.ok || outcome.refusal.kind !== 'policy-denied') throw new Error('not denied');
    const { request, violations } = outcome.refusal;
    expect(violations.map((violation) => violation.reason)).toEqual(
      expect.arrayContaining(['SystemName', 'SystemGroup', 'GroupNotPermitted']),
    );
    expect(await issuance.context.store.requests.find(request.id)).toMatchObject({ state: 'denied' });
    expect(await eventTypes(request.id)).toEqual(['CertificateRequested', 'RequestDenied']);
  });

  it('takes the lifetime from policy where the caller leaves it out', async () => {
    const outcome = await create({ username: 'jane', groups: ['ops-eu'] });
    expect(outcome).toMatchObject({ ok: true, value: { request: { expirationSeconds: 86_400 } } });
  });

  it('keeps the caller’s order of groups and compares them with the CSR as a set', async () => {
    const { pem } = await csrFor('jane', ['team-a', 'team-b']);
    const outcome = await create({ csr: pem, username: 'jane', groups: ['team-b', 'team-a'] });
    expect(outcome).toMatchObject({ ok: true, value: { certificate: { groups: ['team-b', 'team-a'] } } });
  });

  it.each([
    ['username', { username: 'joe' }],
    ['groups', { groups: ['team-a', 'team-b'] }],
    ['groups, fewer', { groups: [] }],
  ])('refuses a CSR whose subject differs from the body: %s', async (_what, more) => {
    const { pem } = await csrFor('jane', ['team-a']);
    const outcome = await create({ csr: pem, ...more });
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'unacceptable-csr', reason: 'SubjectMismatch' } });
  });

  it.each<[string, CertificateRequestAsk, string]>([
    ['neither csr nor username', {}, '/username'],
    ['an unknown cluster', { username: 'jane', cluster: 'prod' }, '/cluster'],
    ['a namespace that is no DNS label', { username: 'jane', namespace: 'Dev' }, '/namespace'],
    ['a collector that is no name', { username: 'jane', collector: 'a b' }, '/collector'],
  ])('refuses %s as invalid', async (_what, ask, pointer) => {
    const outcome = await create(ask);
    if (outcome.ok || outcome.refusal.kind !== 'invalid-request') throw new Error('not refused');
    expect(outcome.refusal.errors.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('refuses csr together with keyAlgorithm', async () => {
    const { pem } = await csrFor('jane');
    const outcome = await create({ csr: pem, keyAlgorithm: 'Ed25519' });
    expect(outcome).toMatchObject({ ok: false, refusal: { errors: [{ pointer: '/keyAlgorithm' }] } });
  });

  it('refuses a principal without a role that may ask, and records nothing', async () => {
    const outcome = await create({ username: 'jane' }, 0, auditor);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    expect((await issuance.context.store.requests.list({}, { limit: 10, cursor: null })).items).toEqual([]);
  });
});
