// Tests src/access/revoke-certificate.ts, src/access/certificate-routes.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from './support/call.js';
import { startService, type Person, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

async function issued(username: string, more: object = {}): Promise<string> {
  const ask = { username, groups: ['team-a'], ...more };
  const answer = await service.as('alice')('post', '/v1/kubeconfigs').send(ask).expect(201);
  const request = as.request(
    await service
      .as('alice')('get', answer.headers['location'] ?? '')
      .expect(200),
  );
  return request.certificate?.fingerprintSha256 ?? '';
}

const revoke = (person: Person, fingerprint: string, body: object = { reason: 'keyCompromise' }) =>
  service.as(person)('post', `/v1/certificates/${fingerprint}/revoke`).send(body);

const read = (fingerprint: string) =>
  service.as('root')('get', `/v1/certificates/${fingerprint}`).set('accept', 'application/json');

const events = async (fingerprint: string) =>
  as.events(
    await service.as('root')('get', `/v1/audit-events?type=CertificateRevoked&fingerprintSha256=${fingerprint}`),
  ).items;

it('tells those who inspect a certificate that it is revoked', async () => {
  const fingerprint = await issued('inspected');
  await revoke('alice', fingerprint, { reason: 'superseded' }).expect(200);
  const { pem } = as.certificate(await service.as('alice')('get', `/v1/certificates/${fingerprint}`).expect(200));
  const inspect = (person: Person) =>
    service.as(person)('post', '/v1/inspections').set('content-type', 'application/octet-stream').send(pem).expect(200);
  const { objects, findings } = as.inspection(await inspect('alice'));
  expect(objects[0]).toMatchObject({ inventory: { revocation: { reason: 'superseded' } } });
  expect(findings).toContainEqual(expect.objectContaining({ code: 'CertificateRevoked', severity: 'error' }));
  expect((await inspect('hr-system')).text).not.toContain('CertificateRevoked');
});

describe('revoking a certificate', () => {
  it('records it once, and says that the cluster goes on accepting it', async () => {
    const fingerprint = await issued('jane');
    const valid = await read(fingerprint).expect(200);
    expect(as.certificate(valid)).toMatchObject({ status: 'valid', revocation: null, renewalOf: null });

    const first = await revoke('alice', fingerprint, { reason: 'keyCompromise', comment: 'laptop lost' }).expect(200);
    expect(first.body).toMatchObject({
      fingerprintSha256: fingerprint,
      status: 'revoked',
      revocation: { reason: 'keyCompromise', comment: 'laptop lost', revokedBy: 'alice' },
      enforcement: {
        mode: 'none',
        verifiedAt: null,
        delaySeconds: null,
        continues: ['everything, until the certificate expires or its bindings are removed'],
      },
    });
    const again = await revoke('root', fingerprint, { reason: 'superseded' }).expect(200);
    expect(again.body).toEqual(first.body);
    expect(await events(fingerprint)).toMatchObject([
      {
        principal: 'alice',
        cluster: 'demo',
        details: { username: 'jane', reason: 'keyCompromise', comment: 'laptop lost', restored: false },
      },
    ]);
    expect(as.certificate(await read(fingerprint)).status).toBe('revoked');
    const sameTag = read(fingerprint).set('if-none-match', valid.headers['etag'] ?? '');
    await sameTag.expect(200);
    // The certificate itself has not changed.
    const pem = await service.as('root')('get', `/v1/certificates/${fingerprint}`).expect(200);
    await service
      .as('root')('get', `/v1/certificates/${fingerprint}`)
      .set('if-none-match', pem.headers['etag'] ?? '')
      .expect(304);
  });

  it('is for its parties, provisioners and admins, and hides it from others', async () => {
    await revoke('petra', await issued('one')).expect(200);
    await revoke('root', await issued('two')).expect(200);
    const collected = await issued('three');
    await revoke('audrey', collected).expect(403);
    for (const person of ['hr-system', 'bob', 'carol'] as const) await revoke(person, collected).expect(404);
    expect(as.certificate(await read(collected)).status).toBe('valid');
    await revoke('petra', 'a'.repeat(64)).expect(404);
    await revoke('petra', 'nothing').expect(404);
  });

  it('refuses an expired one, unless it is revoked already', async () => {
    const [revoked, other] = [
      await issued('four', { expirationSeconds: 600 }),
      await issued('five', { expirationSeconds: 600 }),
    ];
    await revoke('alice', revoked).expect(200);
    service.advance(601);
    await revoke('alice', revoked).expect(200);
    const refusal = as.problem(await revoke('alice', other).expect(409));
    expect(refusal).toMatchObject({ type: 'urn:kubepass:problem:state-conflict' });
    expect(refusal.detail).toMatch(/expired at/);
    expect(as.certificate(await read(other)).status).toBe('expired');
  });

  it('commits once although several callers revoke at the same moment', async () => {
    const fingerprint = await issued('six');
    const answers = await Promise.all(
      (['alice', 'root', 'petra', 'alice'] as const).map((person) => revoke(person, fingerprint).expect(200)),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await events(fingerprint)).toHaveLength(1);
  });

  it.each([
    ['no reason', {}],
    ['an unknown one', { reason: 'certificateHold' }],
    ['an unknown member', { reason: 'unspecified', by: 'me' }],
    ['a comment that is too long', { reason: 'unspecified', comment: 'x'.repeat(1025) }],
  ])('refuses %s', async (_, body) => {
    await revoke('alice', await issued('seven'), body).expect(400);
  });
});
