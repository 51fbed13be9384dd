// Tests src/http/answers/idempotency.ts, src/context/idempotency-keys.ts
import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import { type Person, type SharedService, sharedService } from '../../http/support/service.js';

let service: SharedService;
beforeAll(async () => {
  service = await sharedService();
});

const ask = (person: Person, key: string, body: object, path = '/v1/certificate-requests') =>
  service.as(person)('post', path).set('idempotency-key', key).send(body);

async function requestsFor(username: string): Promise<number> {
  const list = await service.as('root')('get', `/v1/certificate-requests?username=${username}&limit=500`).expect(200);
  return as.requests(list).items.length;
}

describe('Idempotency-Key', () => {
  it('gives the first answer again, byte for byte, with its headers', async () => {
    const body = { username: 'once', groups: ['ops-eu'], reason: 'é “quoted”' };
    const first = await ask('alice', 'k-1', body).set('prefer', 'wait=1').expect(201);
    await service.as('alice')('post', `${first.headers['location']}/cancel`).expect(200);
    const second = await ask('alice', 'k-1', body).expect(201);
    expect(second.text).toBe(first.text);
    for (const name of ['location', 'content-type', 'preference-applied', 'cache-control'])
      expect(second.headers[name]).toBe(first.headers[name]);
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(await requestsFor('once')).toBe(1);
  });

  it('gives a denial again', async () => {
    const body = { username: 'denied-once', groups: ['blocked'] };
    const first = await ask('alice', 'k-2', body).expect(403);
    const second = await ask('alice', 'k-2', body).expect(403);
    expect(second.text).toBe(first.text);
    expect(second.headers['location']).toBe(first.headers['location']);
    expect(await requestsFor('denied-once')).toBe(1);
  });

  it('gives a 202 again', async () => {
    const body = { username: 'awaited', groups: ['ops-eu'] };
    const first = await ask('alice', 'k-3', body, '/v1/kubeconfigs').expect(202);
    const second = await ask('alice', 'k-3', body, '/v1/kubeconfigs').expect(202);
    expect(second.text).toBe(first.text);
    expect(second.headers['retry-after']).toBe(first.headers['retry-after']);
  });

  it.each([
    ['denial', '/v1/certificate-requests', { username: 'denied-at-once', groups: ['blocked'] }],
    ['202', '/v1/kubeconfigs', { username: 'awaited-at-once', groups: ['ops-eu'] }],
  ])('gives one %s to all who come at the same time, or 409', async (_what, path, body) => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => ask('alice', `at-once ${path}`.replaceAll(/[ /]/g, '-'), body, path)),
    );
    const texts = answers.filter(({ status }) => status !== 409).map(({ text }) => text);
    expect(texts.length).toBeGreaterThan(0);
    expect(new Set(texts).size).toBe(1);
    expect(await requestsFor(body.username)).toBe(1);
  });

  it('never gives a private key again: 409 with the Location of what it was for', async () => {
    const body = { username: 'key-once', groups: ['team-a'] };
    const first = await ask('alice', 'k-4', body, '/v1/kubeconfigs').expect(201);
    const second = await ask('alice', 'k-4', body, '/v1/kubeconfigs').expect(409);
    expect(as.problem(second).type).toBe('urn:kubepass:problem:key-already-collected');
    expect(second.headers['location']).toBe(first.headers['location']);
    expect(second.text).not.toContain('PRIVATE');
  });

  it('is bound to the bytes of the body', async () => {
    await ask('alice', 'k-5', { username: 'bytes', groups: ['ops-eu'] }).expect(201);
    const other = await ask('alice', 'k-5', { username: 'others', groups: ['ops-eu'] }).expect(422);
    expect(as.problem(other).type).toBe('urn:kubepass:problem:idempotency-key-reused');
    const spaced = service.as('alice')('post', '/v1/certificate-requests').set('idempotency-key', 'k-5');
    await spaced.set('content-type', 'application/json').send('{"username":"bytes", "groups":["ops-eu"]}').expect(422);
  });

  it('is the caller’s own, and the path’s', async () => {
    const body = { username: 'scoped', groups: ['ops-eu'] };
    await ask('alice', 'k-6', body).expect(201);
    await ask('carol', 'k-6', body).expect(201);
    await ask('alice', 'k-6', body, '/v1/kubeconfigs').expect(202);
    expect(await requestsFor('scoped')).toBe(3);
  });

  it('is the same however the path is written', async () => {
    const body = { username: 'spelled', groups: ['ops-eu'] };
    const first = await ask('alice', 'k-8', body).expect(201);
    const second = await ask('alice', 'k-8', body, '/v1/%63ertificate-requests').expect(201);
    expect(second.text).toBe(first.text);
    expect(await requestsFor('spelled')).toBe(1);
  });

  it('is not used up by what was not recorded', async () => {
    await ask('alice', 'k-7', { username: 7 }).expect(400);
    await ask('alice', 'k-7', { csr: 'nonsense' }).expect(422);
    await ask('alice', 'k-7', { username: 'at-last', groups: ['ops-eu'] }).expect(201);
  });

  it.each(['', 'a b', 'é', 'a'.repeat(256)])(
    'is 400 where it is not 1 to 255 visible ASCII characters: %j',
    async (key) => {
      const call = service.as('alice')('post', '/v1/certificate-requests');
      const answer = await call.set('idempotency-key', key).send({ username: 'x' }).expect(400);
      expect(as.problem(answer).errors?.[0]?.pointer).toBe('/headers/idempotency-key');
    },
  );

  it('makes 200 concurrent identical POST /v1/kubeconfigs issue one certificate; another caller’s is another', async () => {
    const body = { username: 'stampede', groups: ['team-a'] };
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ask('hr-system', 'stampede', body, '/v1/kubeconfigs')),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    expect(answers.filter(({ text }) => text.includes('client-key-data'))).toHaveLength(1);
    const issued = async () =>
      as.certificates(await service.as('root')('get', '/v1/certificates?username=stampede').expect(200)).items.length;
    expect(await issued()).toBe(1);
    expect(await requestsFor('stampede')).toBe(1);

    await ask('alice', 'stampede', body, '/v1/kubeconfigs').expect(201);
    expect(await issued()).toBe(2);
  });
});
