// Tests src/store/writer/ordered-writer.ts, src/store/tables/api-token-table.ts,
// src/store/tables/idempotency-key-table.ts, src/store/tables/policy-set-table.ts,
// src/store/tables/insert-certificate.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../../../src/audit/hash-chain.js';
import type { RequestState } from '../../../../../src/model/certificate-request.js';
import { newId } from '../../../../../src/model/new-id.js';
import { insertApiToken, revokeApiToken } from '../../../../../src/store/tables/api-token-table.js';
import {
  answerIdempotencyKey,
  forgetIdempotencyKeys,
  insertIdempotencyKey,
} from '../../../../../src/store/tables/idempotency-key-table.js';
import { insertCertificate } from '../../../../../src/store/tables/insert-certificate.js';
import { rememberPolicySet } from '../../../../../src/store/tables/policy-set-table.js';
import { type RequestMove, insertRequest, updateRequest } from '../../../../../src/store/tables/write-request.js';
import {
  aCertificate,
  anAttempt,
  anEvent,
  anIdempotencyEntry,
  aRequest,
  aToken,
  instant,
  sha256,
  testStore,
} from '../../../../unit/store/records.js';

const committed = { committed: true };
const conflict = (conflict: object) => ({ committed: false, conflict });

const nobody = newId(new Date(0), randomBytes);

describe('requests', () => {
  it('are found as they were inserted', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    expect(await commit([insertRequest(request)])).toEqual(committed);
    expect(await store.requests.find(request.id)).toEqual(request);
    expect(await store.requests.find('unknown')).toBeNull();
  });

  it('are inserted once', async () => {
    const { commit } = await testStore();
    const request = aRequest();
    await commit([insertRequest(request)]);
    expect(await commit([insertRequest(request)])).toEqual(conflict({ kind: 'request', id: request.id }));
  });

  it('move from the state they are in, with all that a move may set', async () => {
    const { store, commit } = await testStore();
    const request = aRequest({ waitsUntil: instant('2026-03-04T10:00:00.000Z') });
    const to: RequestMove['to'] = {
      state: 'issuing',
      waitsUntil: null,
      approvals: [{ principal: 'bob', at: instant('2026-03-01T10:00:30.001Z'), comment: 'fine' }],
      attempt: anAttempt(),
      publicKey: { algorithm: 'Ed25519', spkiSha256: sha256('key') },
      fingerprintSha256: sha256('certificate'),
      failure: { reason: 'IssuedCertificateMismatch', message: 'another key' },
    };
    await commit([insertRequest(request)]);
    expect(await commit([updateRequest({ id: request.id, from: { state: 'pending' }, to })])).toEqual(committed);
    expect(await store.requests.find(request.id)).toEqual({ ...request, ...to });
  });

  it('keep what a move does not name, and lose what it sets to null', async () => {
    const { store, commit } = await testStore();
    const request = aRequest({
      state: 'issuing',
      attempt: anAttempt(),
      publicKey: { algorithm: 'Ed25519', spkiSha256: sha256('key') },
      failure: { reason: 'X', message: 'y' },
      waitsUntil: instant('2026-03-04T10:00:00.000Z'),
    });
    const move = (to: RequestMove['to'], state: RequestState) =>
      commit([updateRequest({ id: request.id, from: { state }, to })]);
    await commit([insertRequest(request)]);
    await move({ state: 'approved' }, 'issuing');
    expect(await store.requests.find(request.id)).toEqual({ ...request, state: 'approved' });
    await move({ state: 'approved', publicKey: null, failure: null, waitsUntil: null }, 'approved');
    expect(await store.requests.find(request.id)).toEqual({
      ...request,
      state: 'approved',
      publicKey: null,
      failure: null,
      waitsUntil: null,
    });
  });

  it.each<[string, RequestMove['from'], boolean]>([
    ['another state', { state: 'approved' }, false],
    ['another owner', { state: 'issuing', owner: 'process-b' }, false],
    ['another attempt', { state: 'issuing', owner: 'process-a', attempt: 2 }, false],
    ['the owner and its attempt', { state: 'issuing', owner: 'process-a', attempt: 1 }, true],
    ['a lease that still runs', { state: 'issuing', leaseEndedBefore: instant('2026-03-01T10:02:00.000Z') }, false],
    ['a lease that has ended', { state: 'issuing', leaseEndedBefore: instant('2026-03-01T10:02:00.001Z') }, true],
  ])('move under compare-and-set: %s', async (_, from, moves) => {
    const { store, commit } = await testStore();
    const request = aRequest({ state: 'issuing', attempt: anAttempt() });
    await commit([insertRequest(request)]);
    const result = await commit([updateRequest({ id: request.id, from, to: { state: 'failed' } })], [anEvent()]);
    expect(result).toEqual(moves ? committed : conflict({ kind: 'request', id: request.id }));
    expect((await store.requests.find(request.id))?.state).toBe(moves ? 'failed' : 'issuing');
    expect((await store.auditEvents.head()).seq).toBe(moves ? 1 : 0);
  });

  it('that do not exist do not move', async () => {
    const { commit } = await testStore();
    expect(await commit([updateRequest({ id: nobody, from: { state: 'pending' }, to: { state: 'denied' } })])).toEqual(
      conflict({ kind: 'request', id: nobody }),
    );
  });

  it('are won by one of many who move them at once', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    await commit([insertRequest(request)]);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        commit(
          [updateRequest({ id: request.id, from: { state: 'pending' }, to: { state: 'approved' } })],
          [anEvent({ type: 'RequestApproved', principal: `approver-${String(i)}` })],
        ),
      ),
    );
    expect(results.filter((result) => result.committed)).toHaveLength(1);
    expect((await store.auditEvents.head()).seq).toBe(1);
  });
});

describe('certificates', () => {
  it('are found by fingerprint, one or many', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    const [a, b] = [aCertificate(request), aCertificate(request)];
    expect(await commit([insertRequest(request), insertCertificate(a), insertCertificate(b)])).toEqual(committed);
    expect(await store.certificates.findByFingerprint(a.fingerprintSha256)).toEqual({
      ...a,
      der: new Uint8Array(a.der),
    });
    expect(await store.certificates.findByFingerprint('none')).toBeNull();
    const found = await store.certificates.findByFingerprints([a.fingerprintSha256, 'none', b.fingerprintSha256]);
    expect(found.map((c) => c.fingerprintSha256).sort()).toEqual([a.fingerprintSha256, b.fingerprintSha256].sort());
    expect(await store.certificates.findByFingerprints([])).toEqual([]);
  });

  it('have a fingerprint and a serial number of their own under one CA', async () => {
    const { commit } = await testStore();
    const request = aRequest();
    const first = aCertificate(request);
    const insert = (overrides: Parameters<typeof aCertificate>[1]) =>
      commit([insertCertificate(aCertificate(request, overrides))]);
    await commit([insertRequest(request), insertCertificate(first)]);
    const { fingerprintSha256, serialNumber } = first;
    expect(await insert({ fingerprintSha256 })).toEqual(conflict({ kind: 'unique', what: 'fingerprintSha256' }));
    expect(await insert({ serialNumber })).toEqual(conflict({ kind: 'unique', what: 'serialNumber' }));
    expect(await insert({ serialNumber, issuerFingerprintSha256: sha256('another CA') })).toEqual(committed);
  });

  it('of an unknown CA are told apart by cluster and issuer', async () => {
    const { commit } = await testStore();
    const request = aRequest();
    const certificate = aCertificate(request, { issuerFingerprintSha256: null, issuer: 'CN=kubernetes' });
    const again = (overrides: Parameters<typeof aCertificate>[1]) =>
      commit([
        insertCertificate({
          ...certificate,
          ...aCertificate(request),
          issuerFingerprintSha256: null,
          issuer: 'CN=kubernetes',
          serialNumber: certificate.serialNumber,
          ...overrides,
        }),
      ]);
    await commit([insertRequest(request), insertCertificate(certificate)]);
    expect(await again({})).toEqual(conflict({ kind: 'unique', what: 'serialNumber' }));
    expect(await again({ cluster: 'another' })).toEqual(committed);
    expect(await again({ issuer: 'CN=another' })).toEqual(committed);
  });

  it('come from a request that is there', async () => {
    const { commit } = await testStore();
    expect(await commit([insertCertificate(aCertificate({ id: nobody }))])).toEqual(
      conflict({ kind: 'request', id: nobody }),
    );
  });
});

describe('API tokens', () => {
  it('are found by the hash of their secret and by id', async () => {
    const { store, commit } = await testStore();
    const token = aToken({ groups: ['a', 'b'], roles: ['admin', 'auditor'], createdBy: ['root', 'jane'] });
    await commit([insertApiToken({ token, secretSha256: sha256('secret') })]);
    const found = await store.apiTokens.findBySecretSha256s([sha256('another'), sha256('secret'), sha256('secret')]);
    expect([...found]).toEqual([[sha256('secret'), token]]);
    expect(await store.apiTokens.find(token.id)).toEqual(token);
    expect(await store.apiTokens.find('another')).toBeNull();
  });

  it('have an id and a secret of their own', async () => {
    const { commit } = await testStore();
    const token = aToken();
    await commit([insertApiToken({ token, secretSha256: sha256('secret') })]);
    const insert = (id: string, secret: string) =>
      commit([insertApiToken({ token: aToken({ id }), secretSha256: sha256(secret) })]);
    expect(await insert(token.id, 'another')).toEqual(conflict({ kind: 'apiToken', id: token.id }));
    expect(await insert('another', 'secret')).toEqual(conflict({ kind: 'apiToken', id: 'another' }));
  });

  it('are revoked once', async () => {
    const { store, commit } = await testStore();
    const token = aToken();
    const at = instant('2026-03-02T00:00:00.000Z');
    await commit([insertApiToken({ token, secretSha256: sha256('secret') })]);
    expect(await commit([revokeApiToken({ id: token.id, at })])).toEqual(committed);
    expect(await store.apiTokens.find(token.id)).toEqual({ ...token, revokedAt: at });
    const later = instant('2026-03-03T00:00:00.000Z');
    expect(await commit([revokeApiToken({ id: token.id, at: later })])).toEqual(
      conflict({ kind: 'apiToken', id: token.id }),
    );
    expect(await commit([revokeApiToken({ id: 'none', at })])).toEqual(conflict({ kind: 'apiToken', id: 'none' }));
    expect((await store.apiTokens.find(token.id))?.revokedAt).toEqual(at);
  });

  it.each<[string, Parameters<typeof aToken>[0], boolean]>([
    ['an admin', { roles: ['requester', 'admin'] }, true],
    ['no admin', { roles: ['requester', 'auditor', 'approver'] }, false],
    ['a revoked admin', { roles: ['admin'], revokedAt: instant('2026-03-01T11:00:00.000Z') }, false],
    ['an admin that expires this instant', { roles: ['admin'], expiresAt: instant('2026-04-01T00:00:00.000Z') }, false],
    ['an admin that expires the next', { roles: ['admin'], expiresAt: instant('2026-04-01T00:00:00.001Z') }, true],
    ['a break-glass token, which ends soon', { roles: ['admin'], breakGlass: true }, false],
  ])('know whether an admin lives: %s', async (_, overrides, lives) => {
    const { store, commit } = await testStore();
    await commit([insertApiToken({ token: aToken(overrides), secretSha256: sha256('secret') })]);
    expect(await store.apiTokens.liveAdmins(instant('2026-04-01T00:00:00.000Z'))).toHaveLength(lives ? 1 : 0);
  });

  it.each<[string, Parameters<typeof aToken>[0], number]>([
    ['one that is valid', { breakGlass: true }, 1],
    ['another token', { breakGlass: false }, 0],
    ['a revoked one', { breakGlass: true, revokedAt: instant('2026-03-01T11:00:00.000Z') }, 0],
    ['an expired one', { breakGlass: true, expiresAt: instant('2026-04-01T00:00:00.000Z') }, 0],
  ])('know the break-glass tokens that are valid: %s', async (_, overrides, valid) => {
    const { store, commit } = await testStore();
    const expiresAt = instant('2026-05-01T00:00:00.000Z');
    await commit([insertApiToken({ token: aToken({ expiresAt, ...overrides }), secretSha256: sha256('secret') })]);
    expect(await store.apiTokens.liveBreakGlass(instant('2026-04-01T00:00:00.000Z'))).toHaveLength(valid);
  });
});

describe('idempotency keys', () => {
  const answer = { status: 201, headers: { location: '/v1/certificate-requests/1' }, body: '{"ä": "😀"}\n' };

  it('are taken once within their scope', async () => {
    const { store, commit } = await testStore();
    const entry = anIdempotencyEntry();
    const insert = (overrides: Parameters<typeof anIdempotencyEntry>[0]) =>
      commit([insertIdempotencyKey(anIdempotencyEntry(overrides), aRequest())]);
    expect(await insert({})).toEqual(committed);
    expect(await insert({ requestId: 'another' })).toEqual(conflict({ kind: 'idempotencyKey' }));
    for (const other of [{ principal: 'jane' }, { method: 'PUT' }, { path: '/v1' }, { key: 'KEY-1' }])
      expect(await insert(other)).toEqual(committed);
    expect(await store.idempotencyKeys.find(entry)).toEqual({ ...entry, answer: null });
    expect(await store.idempotencyKeys.find({ ...entry, key: 'unknown' })).toBeNull();
  });

  it('keep their first answer, byte for byte', async () => {
    const { store, commit } = await testStore();
    const entry = anIdempotencyEntry();
    await commit([insertIdempotencyKey(entry, aRequest())]);
    expect(await commit([answerIdempotencyKey({ scope: entry, answer })])).toEqual(committed);
    expect(await commit([answerIdempotencyKey({ scope: entry, answer: { ...answer, status: 409 } })])).toEqual(
      conflict({ kind: 'idempotencyKey' }),
    );
    expect(await store.idempotencyKeys.find(entry)).toEqual({ ...entry, answer });
  });

  it('remember that an answer is not kept', async () => {
    const { store, commit } = await testStore();
    const entry = anIdempotencyEntry();
    await commit([insertIdempotencyKey(entry, aRequest())]);
    await commit([answerIdempotencyKey({ scope: entry, answer: { ...answer, body: null } })]);
    expect((await store.idempotencyKeys.find(entry))?.answer).toEqual({ ...answer, body: null });
  });

  it('that nobody took are not answered', async () => {
    const { commit } = await testStore();
    expect(await commit([answerIdempotencyKey({ scope: anIdempotencyEntry(), answer })])).toEqual(
      conflict({ kind: 'idempotencyKey' }),
    );
  });

  it('are forgotten by age, later where they have no answer, and not while their request goes on', async () => {
    const { store, commit } = await testStore();
    const onItsWay = aRequest({ state: 'issuing' });
    const waiting = aRequest({ state: 'pending' });
    const ended = aRequest({ state: 'denied' });
    const entries = [
      anIdempotencyEntry({ key: 'answered', requestId: onItsWay.id }),
      anIdempotencyEntry({ key: 'unanswered, on its way', requestId: onItsWay.id }),
      anIdempotencyEntry({ key: 'unanswered, waits for a person', requestId: waiting.id }),
      anIdempotencyEntry({ key: 'unanswered, ended', requestId: ended.id }),
      anIdempotencyEntry({ key: 'young', createdAt: instant('2026-03-01T10:00:00.001Z') }),
    ] as const;
    await commit([
      ...[onItsWay, waiting, ended].map(insertRequest),
      ...entries.map((entry) => insertIdempotencyKey(entry, aRequest())),
      answerIdempotencyKey({ scope: entries[0], answer }),
    ]);
    const keptAfter = async (unansweredBefore: Date) => {
      await commit([forgetIdempotencyKeys(later, unansweredBefore)]);
      const kept = [];
      for (const { key, ...scope } of entries) if (await store.idempotencyKeys.find({ key, ...scope })) kept.push(key);
      return kept;
    };
    const later = instant('2026-03-01T10:00:00.001Z');
    const goOn = ['unanswered, on its way', 'unanswered, waits for a person'];
    expect(await keptAfter(instant('2026-02-01T10:00:00.000Z'))).toEqual([...goOn, 'unanswered, ended', 'young']);
    expect(await keptAfter(later)).toEqual([...goOn, 'young']);
  });
});

describe('policy sets', () => {
  it('keeps the texts of a policy set once per digest', async () => {
    const { store, commit } = await testStore();
    const texts = [
      { path: 'b.yaml', text: 'ä: "1"\n' },
      { path: 'a.yaml', text: '' },
    ];
    const digest = sha256('set');
    expect(await commit([rememberPolicySet({ digest, texts })])).toEqual(committed);
    expect(await commit([rememberPolicySet({ digest, texts: [] })])).toEqual(committed);
    expect(await store.policySets.find(sha256('set'))).toEqual(texts);
    expect(await store.policySets.find('unknown')).toBeNull();
  });
});

describe('steps', () => {
  it('are all or nothing: an operation that conflicts takes back those before it, and the events', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    const result = await commit(
      [insertRequest(request), revokeApiToken({ id: 'none', at: instant('2026-03-01T10:00:00.000Z') })],
      [anEvent()],
    );
    expect(result).toEqual(conflict({ kind: 'apiToken', id: 'none' }));
    expect(await store.requests.find(request.id)).toBeNull();
    expect((await store.auditEvents.head()).seq).toBe(0);
  });

  it('that conflict leave their neighbours in the same batch committed and the chain whole', async () => {
    const { store, commit } = await testStore();
    const requests = Array.from({ length: 9 }, () => aRequest());
    const results = await Promise.all(
      requests.map((request, i) =>
        commit(
          // Every third one is inserted twice.
          Array.from({ length: i % 3 === 1 ? 2 : 1 }, () => insertRequest(request)),
          [anEvent({ requestId: request.id }), anEvent({ requestId: request.id })],
        ),
      ),
    );
    expect(results.map((result) => result.committed)).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
      true,
      false,
      true,
    ]);
    for (const [i, request] of requests.entries())
      expect((await store.requests.find(request.id)) !== null).toBe(i % 3 !== 1);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 12 });
  });

  it('that cannot be stored fail alone', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    const results = await Promise.allSettled([
      commit([], [anEvent()]),
      commit([insertRequest(request)], [anEvent({ details: { name: '\ud800' } })]),
      commit([], [anEvent()]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.requests.find(request.id)).toBeNull();
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, events: 2 });
  });

  it('are committed in the order they came', async () => {
    const { store, commit } = await testStore({ batchLimit: 7 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => commit([], [anEvent({ principal: String(i) })])));
    const events = await store.auditEvents.chunk(0, 200);
    expect(events.map(({ principal }) => principal)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });
});
