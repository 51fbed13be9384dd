// Tests src/requests/renew-certificate.ts, src/requests/resolve-renewal.ts, src/requests/renewal-routes.ts
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import type { RevokedCertificate } from '../../src/model/certificate.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { insertRevocation } from '../../src/store/tables/revocation-table.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { as, type Answer } from './support/call.js';
import { startService, type Caller, type TestService } from './support/service.js';

const day = 86_400;

/**
 * `team-*` is permitted at once, `ops` after an approval that lasts ten days for renewals, `strict` has a guardrail.
 * `own` and `own-ops` are for the requester as the collector.
 */
const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: automatic }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["team-*"], collectors: ["*"] }
  constraints: { maxExpirationSeconds: ${day} }
  quota: { livePerUsername: 1 }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: late }
spec:
  selector: { clusters: [demo], requesters: { names: [carol] } }
  allowed: { usernames: ["*"], groups: ["late"] }
  approval: { mode: auto }
  renewal: { afterExpirySeconds: 3600 }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: by-hand }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["ops", "strict"], collectors: ["*"] }
  constraints: { maxExpirationSeconds: ${20 * day} }
  approval: { mode: manual }
  renewal: { approval: auto, withinSeconds: ${10 * day} }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: own }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["own"] }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: own-by-hand }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["own-ops"] }
  approval: { mode: manual }
  renewal: { approval: auto, withinSeconds: ${10 * day} }
---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: strict-asks-always }
spec:
  selector: {}
  match: { groups: [strict] }
  approval: { stages: [{ count: 1 }] }
  message: a person decides
`;

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies });
});
afterAll(() => service.close());

let people = 0;
const somebody = () => `person-${++people}`;

const renew = (who: Caller, fingerprint: string, body: object = {}) =>
  who('post', `/v1/certificates/${fingerprint}/renew`).send(body);

/** Asks as alice, has it approved where that is needed, and answers the certificate's fingerprint. */
async function issued(groups: readonly string[], ask: object = {}, who: Caller = service.as('alice')) {
  const username = somebody();
  const { pem } = await csrFor(username, groups);
  const answer = await who('post', '/v1/certificate-requests')
    .set('prefer', 'wait=20')
    .send({ csr: pem, ...ask })
    .expect(201);
  const { id } = as.request(answer);
  return { username, pem, id, fingerprint: await approved(answer) };
}

/** The fingerprint of the certificate, once bob has approved it if that is needed. */
async function approved(answer: Answer): Promise<string> {
  const { id, state } = as.request(answer);
  if (state === 'pending') await service.as('bob')('post', `/v1/certificate-requests/${id}/approve`).expect(200);
  const certificate = await service
    .as('root')('get', `/v1/certificate-requests/${id}/certificate`)
    .set('accept', 'application/json')
    .expect(200);
  return as.certificate(certificate).fingerprintSha256;
}

async function renewed(fingerprint: string, ask: object = {}, who: Caller = service.as('alice')): Promise<string> {
  const { username, groups } = as.certificate(
    await service.as('root')('get', `/v1/certificates/${fingerprint}`).set('accept', 'application/json').expect(200),
  );
  const { pem } = await csrFor(username, groups);
  const answer = await renew(who, fingerprint, { csr: pem, ...ask });
  if (answer.status === 202) return as.waiting(answer).state;
  expect(answer.status, answer.text).toBe(201);
  return as.kubeconfig(answer).certificate.fingerprintSha256;
}

async function tokenFor(name: string, createdBy: readonly string[]): Promise<Caller> {
  const when = { now: new Date(), random: randomBytes };
  const { token, secret, secretSha256 } = makeApiToken({ name, groups: [], roles: ['requester'] }, createdBy, when);
  await service.store.writer.commit({ operations: [insertApiToken({ token, secretSha256 })], events: [] });
  return service.withToken(secret);
}

async function revoke(fingerprint: string): Promise<void> {
  const certificate = await service.store.certificates.findByFingerprint(fingerprint);
  if (certificate === null) throw new Error('no such certificate');
  const { cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  const revoked: RevokedCertificate = {
    ...{ fingerprintSha256: fingerprint, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
    ...{ reason: 'keyCompromise', comment: null, revokedAt: new Date(), revokedBy: 'root' },
  };
  await service.store.writer.commit({ operations: [insertRevocation(revoked)], events: [] });
}

const reasonsOf = (answer: Answer) =>
  (as.problem(answer) as { readonly violations?: readonly { readonly reason: string }[] }).violations?.map(
    ({ reason }) => reason,
  );

describe('renewing a certificate', () => {
  it('is a request for the same identity that names the certificate, with labels and namespace carried over', async () => {
    const ask = { namespace: 'team-a', labels: { ticket: 'INC-1' }, collector: 'alice' };
    const { fingerprint, username } = await issued(['team-b', 'team-a'], ask);
    const { pem } = await csrFor(username, ['team-a', 'team-b']);
    const answer = await renew(service.as('alice'), fingerprint, { csr: pem, reason: 'monthly' })
      .set('prefer', 'wait=20')
      .expect(201);
    const { request, certificate, kubeconfig } = as.kubeconfig(answer);
    expect(kubeconfig).toContain('client-key: "client.key"');
    expect(request).toMatchObject({
      state: 'issued',
      username,
      groups: ['team-b', 'team-a'],
      ...ask,
      reason: 'monthly',
      renewalOf: fingerprint,
    });
    expect(answer.headers).toMatchObject({
      'preference-applied': 'wait=20',
      location: `/v1/certificate-requests/${request.id}`,
      'cache-control': 'no-store',
    });
    const next = certificate.fingerprintSha256;
    expect(await service.store.certificates.findByFingerprint(fingerprint)).toMatchObject({ supersededBy: next });
    expect(await service.store.certificates.findByFingerprint(next)).toMatchObject({
      renewal: { of: fingerprint, lineage: fingerprint, generation: 1 },
    });
    const events = await service
      .as('audrey')('get', `/v1/audit-events?requestId=${request.id}&type=CertificateRequested`)
      .expect(200);
    expect(as.events(events).items).toMatchObject([{ details: { renewalOf: fingerprint } }]);
    expect(as.request(await service.as('alice')('get', `/v1/certificate-requests/${request.id}`))).toMatchObject({
      renewalOf: fingerprint,
    });
  });

  it('answers the kubeconfig at once, as JSON or as bare YAML, and without a csr the private key in it', async () => {
    const { fingerprint, username } = await issued(['team-a']);
    const answer = await renew(service.as('alice'), fingerprint).set('prefer', 'wait=0').expect(201);
    const { kubeconfig, request, certificate } = as.kubeconfig(answer);
    expect(kubeconfig).toContain('client-key-data');
    expect(request).toMatchObject({ state: 'issued', renewalOf: fingerprint, collector: 'alice' });
    expect(certificate).toMatchObject({ renewalOf: fingerprint, status: 'valid' });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Accept' });
    // The key would be lost, so the wait has no bound, and no preference was applied.
    expect(answer.headers['preference-applied']).toBeUndefined();
    await revoke(certificate.fingerprintSha256);

    const yaml = await renew(service.as('alice'), fingerprint).set('accept', 'application/yaml').expect(201);
    expect(yaml.type).toBe('application/yaml');
    expect(yaml.text).toContain('client-key-data');
    expect(yaml.headers).toMatchObject({ 'cache-control': 'no-store' });
    const [newest] = as.certificates(await service.as('root')('get', `/v1/certificates?username=${username}`)).items;
    await revoke(newest?.fingerprintSha256 ?? '');

    const { pem } = await csrFor(username, ['team-a']);
    const own = await renew(service.as('alice'), fingerprint, { csr: pem })
      .set('accept', 'application/yaml')
      .expect(201);
    expect(own.text).toContain('client-key: "client.key"');
    expect(own.text).not.toContain('client-key-data');
    expect(own.headers['preference-applied']).toBeUndefined();
  });

  it('answers 202 with the request where somebody else collects the key, who gets it', async () => {
    const { fingerprint } = await issued(['team-a'], { collector: 'carol' });
    const waiting = await renew(service.as('alice'), fingerprint).expect(202);
    const request = as.waiting(waiting);
    expect(request).toMatchObject({ state: 'approved', collector: 'carol', requester: 'alice', certificate: null });
    expect(waiting.headers['location']).toBe(`/v1/certificate-requests/${request.id}`);
    expect(Number(waiting.headers['retry-after'])).toBeGreaterThan(0);
    await service.as('alice')('post', `/v1/certificate-requests/${request.id}/kubeconfig`).expect(403);
    const collected = await service
      .as('carol')('post', `/v1/certificate-requests/${request.id}/kubeconfig`)
      .expect(200);
    expect(as.kubeconfig(collected)).toMatchObject({
      request: { id: request.id, state: 'issued' },
      certificate: { renewalOf: fingerprint },
    });
  });

  it('takes the kind of key of the old certificate, and a body may be left out', async () => {
    const username = somebody();
    const ask = { username, groups: ['team-a'], keyAlgorithm: 'Ed25519' };
    const first = await service.as('alice')('post', '/v1/kubeconfigs').send(ask).expect(201);
    const { fingerprintSha256 } = as.kubeconfig(first).certificate;
    const answer = await service.as('alice')('post', `/v1/certificates/${fingerprintSha256}/renew`).expect(201);
    expect(as.kubeconfig(answer).certificate.publicKey.algorithm).toBe('Ed25519');
  });

  it('gives the lifetime of the renewed certificate, or the one that is asked for', async () => {
    const seconds = async (answer: Answer) => {
      const { certificate, request } = as.kubeconfig(answer);
      // A certificate begins five minutes before it is issued, for clocks that are behind.
      const lasts = (Date.parse(certificate.notAfter) - Date.parse(certificate.notBefore)) / 1000;
      expect(Math.abs(lasts - 300 - request.expirationSeconds)).toBeLessThan(10);
      await revoke(certificate.fingerprintSha256);
      return request.expirationSeconds;
    };
    const { fingerprint, username } = await issued(['team-a'], { expirationSeconds: 7200 });
    const csr = async () => (await csrFor(username, ['team-a'])).pem;
    const alice = service.as('alice');
    expect(await seconds(await renew(alice, fingerprint).expect(201))).toBe(7200);
    expect(await seconds(await renew(alice, fingerprint, { csr: await csr() }).expect(201))).toBe(7200);
    expect(await seconds(await renew(alice, fingerprint, { expirationSeconds: 3600 }).expect(201))).toBe(3600);
    const tooLong = await renew(alice, fingerprint, { expirationSeconds: day + 1 }).expect(403);
    expect(reasonsOf(tooLong)).toContain('ExpirationTooLong');
  });

  it('refuses a key of the lineage, also one whose certificate is on its way', async () => {
    const { fingerprint, pem, username } = await issued(['ops'], { expirationSeconds: day });
    const keyReused = { reason: 'KeyReused' };
    expect((await renew(service.as('alice'), fingerprint, { csr: pem }).expect(422)).body).toMatchObject(keyReused);
    const next = await renewed(fingerprint);
    expect((await renew(service.as('alice'), next, { csr: pem }).expect(422)).body).toMatchObject(keyReused);
    const waiting = await csrFor(username, ['ops']);
    const longer = { csr: waiting.pem, expirationSeconds: 2 * day };
    expect(as.waiting(await renew(service.as('alice'), next, longer).expect(202)).state).toBe('pending');
    expect((await renew(service.as('alice'), next, longer).expect(422)).body).toMatchObject(keyReused);
    const other = await csrFor(`not-${username}`, ['ops']);
    expect((await renew(service.as('alice'), next, { csr: other.pem }).expect(422)).body).toMatchObject({
      reason: 'SubjectMismatch',
    });
  });

  it('is for the requester, the collector and admins; for others there is no such certificate', async () => {
    const { fingerprint } = await issued(['ops'], { collector: 'carol', expirationSeconds: day });
    const statuses = { 'hr-system': 404, root: 202, carol: 201, alice: 202 } as const;
    for (const name of ['hr-system', 'root', 'carol', 'alice'] as const) {
      const answer = await renew(service.as(name), fingerprint);
      expect([name, answer.status]).toEqual([name, statuses[name]]);
      const { request } = as.kubeconfig(answer);
      if (answer.status !== 404) expect(request).toMatchObject({ requester: name, collector: 'carol' });
    }
    await renew(service.as('bob'), fingerprint).expect(403);
    await renew(service.as('audrey'), fingerprint).expect(403);
    await renew(service.as('alice'), 'ab'.repeat(32)).expect(404);
    await renew(service.as('alice'), 'nothing').expect(404);
  });

  it('refuses a revoked certificate, also when it is revoked while its renewal waits', async () => {
    const { fingerprint } = await issued(['strict']);
    const pending = as.waiting(await renew(service.as('alice'), fingerprint).expect(202));
    expect(pending.state).toBe('pending');
    await revoke(fingerprint);
    expect((await renew(service.as('alice'), fingerprint).expect(409)).body).toMatchObject({
      detail: 'the certificate is revoked',
    });
    const late = await service.as('bob')('post', `/v1/certificate-requests/${pending.id}/approve`).expect(403);
    expect(reasonsOf(late)).toEqual(['RenewalOfRevoked']);
  });

  it('refuses it between the decision and the collection too', async () => {
    const { fingerprint } = await issued(['team-a'], { collector: 'carol' });
    const { id } = as.waiting(await renew(service.as('alice'), fingerprint).expect(202));
    await revoke(fingerprint);
    const late = await service.as('carol')('post', `/v1/certificate-requests/${id}/kubeconfig`).expect(403);
    expect(reasonsOf(late)).toEqual(['RenewalOfRevoked']);
  });

  it('repeats the answer to an Idempotency-Key for this certificate, and not for another one', async () => {
    const [one, two] = [await issued(['team-a']), await issued(['team-a'])];
    const csrs = new Map<string, string>();
    for (const { username, fingerprint } of [one, two]) csrs.set(fingerprint, (await csrFor(username, ['team-a'])).pem);
    const ask = (fingerprint: string) =>
      renew(service.as('alice'), fingerprint, { csr: csrs.get(fingerprint) })
        .set('idempotency-key', 'nightly')
        .expect(201);
    const first = await ask(one.fingerprint);
    expect(as.kubeconfig(await ask(two.fingerprint)).request).toMatchObject({ renewalOf: two.fingerprint });
    expect((await ask(one.fingerprint)).text).toBe(first.text);
  });

  it('repeats no private key for an Idempotency-Key, and renews once', async () => {
    const { fingerprint, username } = await issued(['team-a']);
    const ask = () => renew(service.as('alice'), fingerprint).set('idempotency-key', 'with-a-key');
    const first = await ask().expect(201);
    const again = await ask().expect(409);
    expect(as.problem(again).type).toBe('urn:kubepass:problem:key-already-collected');
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(again.text).not.toMatch(/PRIVATE|client-key/);
    const live = as.certificates(await service.as('root')('get', `/v1/certificates?username=${username}`)).items;
    expect(live).toHaveLength(2);
  });

  it('ends a storm at three valid certificates of a lineage', async () => {
    const { fingerprint, username } = await issued(['ops'], { expirationSeconds: day });
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        if (i % 2) return renew(service.as('alice'), fingerprint);
        const { pem } = await csrFor(username, ['ops']);
        return renew(service.as('alice'), fingerprint, { csr: pem });
      }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    const denied = answers.filter(({ status }) => status === 403);
    expect(denied).toHaveLength(58);
    for (const answer of denied) expect(reasonsOf(answer)).toEqual(['LineageTooLong']);
    // A newer one of the lineage renews no more either. A revoked one makes room.
    const live = as.certificates(await service.as('root')('get', `/v1/certificates?username=${username}`)).items;
    expect(live).toHaveLength(3);
    const [newest] = live;
    expect(reasonsOf(await renew(service.as('alice'), newest?.fingerprintSha256 ?? '').expect(403))).toEqual([
      'LineageTooLong',
    ]);
    await revoke(fingerprint);
    await renew(service.as('alice'), newest?.fingerprintSha256 ?? '').expect(201);
  });

  it('is within a quota of one certificate for a username', async () => {
    const { fingerprint, username } = await issued(['team-a']);
    const again = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ username, groups: ['team-a'] })
      .expect(403);
    expect(reasonsOf(again)).toContain('QuotaExceeded');
    expect(await renewed(fingerprint)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a renewal by an admin', () => {
  it('is asked for by the admin, and its key is for the collector as before', async () => {
    const { fingerprint } = await issued(['own']);
    const asked = as.waiting(await renew(service.as('root'), fingerprint).expect(202));
    expect(asked).toMatchObject({ state: 'approved', requester: 'root', collector: 'alice', renewalOf: fingerprint });
    const url = `/v1/certificate-requests/${asked.id}/kubeconfig`;
    await service.as('root')('post', url).expect(403);
    const { certificate } = as.kubeconfig(await service.as('alice')('post', url).expect(200));
    // The next one is like the first.
    const again = as.waiting(await renew(service.as('root'), certificate.fingerprintSha256).expect(202));
    expect(again).toMatchObject({ state: 'approved', requester: 'root', collector: 'alice' });
  });

  it('is decided on by people other than the admin and the collector, where people decide', async () => {
    const { fingerprint } = await issued(['own-ops'], {}, service.as('carol'));
    const { id, state, collector } = as.waiting(await renew(service.as('root'), fingerprint).expect(202));
    expect([state, collector]).toEqual(['pending', 'carol']);
    for (const party of ['root', 'carol'] as const)
      await service.as(party)('post', `/v1/certificate-requests/${id}/approve`).expect(403);
    await service.as('bob')('post', `/v1/certificate-requests/${id}/approve`).expect(200);
    await service.as('root')('post', `/v1/certificate-requests/${id}/kubeconfig`).expect(403);
    await service.as('carol')('post', `/v1/certificate-requests/${id}/kubeconfig`).expect(200);
  });

  it('names nobody else as the collector of a first request', async () => {
    const ask = { username: somebody(), groups: ['own'], collector: 'alice' };
    const denied = await service.as('root')('post', '/v1/certificate-requests').send(ask).expect(403);
    expect(reasonsOf(denied)).toContain('CollectorNotPermitted');
  });
});

describe('an approval that counts for renewals', () => {
  it('spares another one for itself, for the renewals of renewals, and for no longer lifetime', async () => {
    const { fingerprint } = await issued(['ops'], { expirationSeconds: 2 * day });
    const next = await renewed(fingerprint, { expirationSeconds: 2 * day });
    expect(await renewed(next, { expirationSeconds: 2 * day + 1 })).toBe('pending');
    expect(await renewed(next)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not help somebody to a key whom it was not given for', async () => {
    const { fingerprint } = await issued(['ops'], { collector: 'carol', expirationSeconds: day });
    // An admin, and the requester, who was not to get the key. The collector may have another key of theirs.
    expect(await renewed(fingerprint, {}, service.as('root'))).toBe('pending');
    expect(await renewed(fingerprint, {}, service.as('alice'))).toBe('pending');
    expect(await renewed(fingerprint, {}, service.as('carol'))).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not help an approver who made a token for the requester', async () => {
    const dora = await tokenFor('dora', []);
    const { fingerprint } = await issued(['ops'], { expirationSeconds: day }, dora);
    const bobAsDora = await tokenFor('dora', ['bob']);
    expect(await renewed(fingerprint, {}, bobAsDora)).toBe('pending');
    expect(as.waiting(await renew(bobAsDora, fingerprint).expect(202)).state).toBe('pending');
    await renew(dora, fingerprint).expect(201);
  });

  it('does not help an approver who made a token for the collector', async () => {
    const [erik, fay] = [await tokenFor('erik', []), await tokenFor('fay', [])];
    const { fingerprint } = await issued(['ops'], { expirationSeconds: day, collector: 'fay' }, erik);
    const { id, state } = as.waiting(await renew(erik, fingerprint).expect(202));
    expect(state).toBe('approved');
    const bobAsFay = await tokenFor('fay', ['bob']);
    await bobAsFay('post', `/v1/certificate-requests/${id}/kubeconfig`).expect(403);
    await fay('post', `/v1/certificate-requests/${id}/kubeconfig`).expect(200);
  });

  it('does not replace the approval that a guardrail asks for', async () => {
    const { fingerprint } = await issued(['strict']);
    expect(await renewed(fingerprint)).toBe('pending');
  });

  it('is told in a dry run, for those who may read the certificate', async () => {
    const { fingerprint } = await issued(['ops'], { expirationSeconds: day });
    const tryOut = (who: Caller, ask: object) =>
      who('post', '/v1/policies/evaluate').send({ renewalOf: fingerprint, ...ask });
    const decision = as.decision(await tryOut(service.as('alice'), {}).expect(200));
    expect(decision).toMatchObject({ outcome: 'permitted', approval: 'auto', usage: { livePerLineage: 1 } });
    expect(decision.renewal).toMatchObject({ of: fingerprint, generation: 1 });
    expect(as.decision(await tryOut(service.as('alice'), { expirationSeconds: 3 * day }).expect(200)).approval).toBe(
      'manual',
    );
    const draft = policies.replace('renewal: { approval: auto, withinSeconds', 'renewal: { afterExpirySeconds');
    expect(as.decision(await tryOut(service.as('audrey'), { policies: [draft] }).expect(200)).approval).toBe('manual');
    const text = await tryOut(service.as('alice'), {}).set('accept', 'text/plain').expect(200);
    expect(text.text).toContain(`renews      ${fingerprint}`);
    await tryOut(service.as('hr-system'), {}).expect(404);
    await tryOut(service.as('alice'), { username: 'jane' }).expect(400);
  });

  // The clock only goes forward: these two come last.
  it('is over after the time that the policy says', async () => {
    const { fingerprint } = await issued(['ops'], { expirationSeconds: 18 * day });
    service.advance(9 * day);
    const next = await renewed(fingerprint, { expirationSeconds: 18 * day });
    expect(next).toMatch(/^[0-9a-f]{64}$/);
    service.advance(2 * day);
    expect(await renewed(next, { expirationSeconds: day })).toBe('pending');
  });

  it('is of no use after the end of the certificate, unless policy says so, and then for so long', async () => {
    const late = await issued(['late'], {}, service.as('carol'));
    const { fingerprint } = await issued(['team-a']);
    service.advance(day + 1);
    expect((await renew(service.as('alice'), fingerprint).expect(409)).body).toMatchObject({ state: 'issued' });
    await renew(service.as('carol'), late.fingerprint).expect(201);
    service.advance(3600);
    await renew(service.as('carol'), late.fingerprint).expect(409);
  });
});
