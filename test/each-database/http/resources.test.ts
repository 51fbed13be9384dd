// Tests src/clusters/read-clusters.ts, src/requests/policy-routes.ts, src/callers/routes/api-token-routes.ts,
// src/log/audit-event-routes.ts
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

describe('clusters', () => {
  it('are listed and read, without what signs for them', async () => {
    const { items, nextCursor } = as.clusters(await service.as('alice')('get', '/v1/clusters').expect(200));
    expect(items).toMatchObject([{ name: 'demo', signer: 'localCA' }]);
    expect(nextCursor).toBeNull();
    const one = await service.as('alice')('get', '/v1/clusters/demo').expect(200);
    expect(one.body).toEqual(items[0]);
    expect(one.text).not.toMatch(/key/i);
    await service.as('alice')('get', '/v1/clusters/none').expect(404);
  });

  it('show their CA as PEM, as JSON and as text', async () => {
    const url = '/v1/clusters/demo/certificate-authority';
    const file = readFileSync(join(service.dataDir, 'ca', 'ca.crt'), 'utf8');
    const authority = new X509Certificate(file);
    for (const role of ['', '?role=serving', '?role=client']) {
      const pem = await service
        .as('alice')('get', url + role)
        .set('accept', 'application/pem-certificate-chain')
        .expect(200);
      expect(pem.type).toBe('application/pem-certificate-chain');
      expect(new X509Certificate(pem.text).fingerprint256).toBe(authority.fingerprint256);
    }
    const json = as.authorities(await service.as('alice')('get', url).expect(200));
    expect(json.client).toEqual(json.serving);
    expect(json.serving.certificates).toMatchObject([
      { fingerprintSha256: authority.fingerprint256.replaceAll(':', '').toLowerCase() },
    ]);
    const text = await service.as('alice')('get', url).set('accept', 'text/plain').expect(200);
    expect(text.text).toMatch(/^Certificate:\n[\s\S]*CA:TRUE/);
    await service.as('alice')('get', `${url}?role=both`).expect(400);
    await service.as('alice')('get', '/v1/clusters/none/certificate-authority').expect(404);
  });
});

describe('policies', () => {
  it('have a schema for editors, which is the one that is published', async () => {
    const published: unknown = JSON.parse(
      readFileSync(new URL('../../../policies/schema.json', import.meta.url), 'utf8'),
    );
    const get = () => service.as('alice')('get', '/v1/policies/schema.json');
    const answer = await get().set('accept', 'application/schema+json').expect(200);
    expect(answer.headers['content-type']).toBe('application/schema+json; charset=utf-8');
    expect(JSON.parse(answer.text)).toEqual(published);
    const asJson = await get().expect(200);
    expect(asJson.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(asJson.body).toEqual(published);
  });

  it('are listed as they are in force', async () => {
    const all = as.policies(await service.as('alice')('get', '/v1/policies').expect(200));
    expect(all.items.map(({ kind, name }) => [kind, name]).sort()).toEqual([
      ['Guardrail', 'nobody-blocked'],
      ['Policy', 'automatic'],
      ['Policy', 'by-hand'],
    ]);
    expect(all.digest).toMatch(/^[0-9a-f]{64}$/);
    const automatic = all.items.find(({ name }) => name === 'automatic');
    expect(automatic).toMatchObject({ path: 'test.yaml', spec: { allowed: { groups: ['team-*'] } } });

    const first = as.policies(await service.as('alice')('get', '/v1/policies?limit=2').expect(200));
    const second = as.policies(
      await service.as('alice')('get', `/v1/policies?limit=2&cursor=${first.nextCursor}`).expect(200),
    );
    expect([...first.items, ...second.items]).toEqual(all.items);
  });

  it('evaluate answers the decision with its whole trace, and records nothing but an event', async () => {
    const evaluate = async (ask: object) =>
      as.decision(await service.as('audrey')('post', '/v1/policies/evaluate').send(ask).expect(200));
    const permitted = await evaluate({ username: 'jane', groups: ['team-a'] });
    expect(permitted).toMatchObject({ outcome: 'permitted', approval: 'auto', policy: 'automatic', violations: [] });
    expect(permitted).toMatchObject({ draft: false, quota: {}, usage: null, expiresAfterSeconds: null });
    expect(permitted.expirationSeconds).toBe(86_400);
    expect(permitted.trace.find(({ name }) => name === 'automatic')).toMatchObject({ verdict: 'permits' });

    const denied = await evaluate({ username: 'jane', groups: ['blocked', 'nowhere'] });
    expect(denied).toMatchObject({ outcome: 'denied', approval: null, policy: null, expirationSeconds: null });
    expect(denied.violations.length).toBeGreaterThan(1);

    const csr = await service.as('audrey')('post', '/v1/policies/evaluate').send({ csr: 'nonsense' }).expect(422);
    expect(as.problem(csr)).toMatchObject({ type: 'urn:kubepass:problem:unacceptable-csr', reason: 'NotPem' });

    expect(as.requests(await service.as('root')('get', '/v1/certificate-requests').expect(200)).items).toEqual([]);
    const events = as.events(
      await service.as('audrey')('get', '/v1/audit-events?type=PolicyEvaluated&principal=audrey').expect(200),
    );
    expect(events.items.length).toBeGreaterThanOrEqual(2);
  });
});

describe('API tokens', () => {
  it('are made, used, listed without secrets, and revoked at once', async () => {
    const made = await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: 'portal', roles: ['requester'], groups: ['onboarding'], expiresInSeconds: 3600 })
      .expect(201);
    expect(made.headers['cache-control']).toBe('no-store');
    const { token, id, ...shown } = as.token(made);
    expect(made.headers['location']).toBe(`/v1/api-tokens/${id}`);
    expect(token).toMatch(/^kubepass_[A-Za-z0-9_-]{43}$/);
    expect(shown).toMatchObject({ name: 'portal', createdBy: ['root'], revokedAt: null });
    expect(Date.parse(shown.expiresAt ?? '') - Date.parse(shown.createdAt)).toBe(3_600_000);

    const portal = service.withToken(token);
    expect(as.whoami(await portal('get', '/v1/whoami').expect(200))).toEqual({
      name: 'portal',
      cluster: null,
      groups: ['onboarding'],
      roles: ['requester'],
      method: 'api-token',
      credentialId: id,
      createdBy: ['root'],
      expiresAt: shown.expiresAt,
      permissions: ['request-certificates', 'evaluate-policies', 'inspect-uploads'],
    });

    // Nobody waits until a use is recorded.
    const newest = async () => as.tokens(await service.as('root')('get', '/v1/api-tokens').expect(200)).items[0];
    await expect.poll(async () => (await newest())?.lastUsedAt).not.toBeNull();
    const list = await service.as('root')('get', '/v1/api-tokens').expect(200);
    expect(as.tokens(list).items[0]).toEqual({ id, ...shown, lastUsedAt: expect.any(String) as string });
    expect(list.text).not.toContain('kubepass_');
    expect(list.text).not.toContain(createHash('sha256').update(token).digest('hex'));

    await service.as('root')('delete', `/v1/api-tokens/${id}`).expect(204);
    await portal('get', '/v1/whoami').expect(401);
    await service.as('root')('delete', `/v1/api-tokens/${id}`).expect(204);
    await service.as('root')('delete', '/v1/api-tokens/none').expect(404);
  });

  it('end by themselves', async () => {
    const made = await service
      .withToken(service.adminToken)('post', '/v1/api-tokens')
      .send({ name: 'brief', roles: ['requester'], expiresInSeconds: 60 })
      .expect(201);
    const brief = service.withToken(as.token(made).token);
    await brief('get', '/v1/whoami').expect(200);
    service.advance(61);
    await brief('get', '/v1/whoami').expect(401);
  });

  it.each([
    [{ name: 'x', roles: [] }, '/roles'],
    [{ name: 'x', roles: ['owner'] }, '/roles/0'],
    [{ name: 'x' }, '/roles'],
    [{ name: 'a\u200bb', roles: ['requester'] }, '/name'],
    [{ name: 'x', roles: ['requester'], groups: ['a', 'a'] }, '/groups'],
    [{ name: 'x', roles: ['requester'], expiresInSeconds: 31_536_001 }, '/expiresInSeconds'],
    [{ name: 'x', roles: ['requester'], secret: 'mine' }, '/secret'],
  ])('are refused where %j', async (ask, pointer) => {
    const answer = await service.as('root')('post', '/v1/api-tokens').send(ask).expect(400);
    expect(as.problem(answer).errors?.map((error) => error.pointer)).toEqual([pointer]);
  });
});

describe('the audit log', () => {
  it('tells what happened, filtered, page by page', async () => {
    const kubeconfig = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ username: 'audited', groups: ['team-a'] })
      .expect(201);
    const id = kubeconfig.headers['location']?.split('/').at(-1) ?? '';
    const list = async (query: string) =>
      as.events(await service.as('audrey')('get', `/v1/audit-events?${query}`).expect(200));
    const { items } = await list(`requestId=${id}`);
    expect(items.map(({ type }) => type)).toEqual([
      'CertificateRequested',
      'RequestApproved',
      'IssuanceStarted',
      'CertificateIssued',
    ]);
    expect(items.map(({ sentence }) => sentence.replace(/ until .*/, ''))).toEqual([
      'alice asked for 1 day on demo for audited in team-a',
      "policy automatic approved audited's request for 1 day on demo",
      "the signer was asked to sign audited's request for 1 day on demo",
      'audited got a certificate on demo in team-a',
    ]);
    expect((await list('username=audited')).items).toEqual(items);
    expect((await list('username=audited&order=newest&type=RequestApproved')).items).toEqual([items[1]]);
    expect((await list('username=nobody')).items).toEqual([]);
    const exported = await service
      .as('audrey')('get', '/v1/audit-events?username=audited')
      .set('accept', 'application/x-ndjson');
    expect(exported.text.trimEnd().split('\n')).toHaveLength(items.length);
    expect(exported.text).not.toContain('"sentence"');
    const issued = items.at(-1);
    expect((await list(`fingerprintSha256=${issued?.fingerprintSha256}`)).items).toEqual([issued]);
    expect((await list(`type=CertificateIssued&cluster=demo&principal=alice`)).items.length).toBeLessThanOrEqual(1);

    const first = await list(`requestId=${id}&limit=1`);
    const second = await list(`requestId=${id}&limit=3&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items]).toEqual(items);
    expect((await list(`requestId=${id}&before=2000-01-01T00:00:00Z`)).items).toEqual([]);
    expect((await list(`requestId=${id}&after=2000-01-01T00:00:00Z`)).items).toEqual(items);
  });

  it('exports the bytes that its hash chain covers, one event a line', async () => {
    const answer = await service.as('audrey')('get', '/v1/audit-events').set('accept', 'application/x-ndjson');
    expect(answer.type).toBe('application/x-ndjson');
    const lines = answer.text.split('\n');
    expect(lines.pop()).toBe('');
    const all = as.events(await service.as('audrey')('get', '/v1/audit-events?limit=500').expect(200)).items;
    expect(lines).toHaveLength(all.length);
    let previous = '0'.repeat(64);
    for (const [i, line] of lines.entries()) {
      expect(all[i]?.previousHash).toBe(previous);
      previous = createHash('sha256')
        .update(previous + line)
        .digest('hex');
      expect(all[i]?.hash).toBe(previous);
    }
    const verification = as.verification(await service.as('root')('get', '/v1/audit-events/verification').expect(200));
    expect(verification).toEqual({
      ...{ valid: true, events: lines.length, archivedEvents: 0 },
      ...{ head: previous, firstInvalidSeq: null },
    });
  });
});
