// Tests src/http/hooks/authentication.ts, src/callers/authentication/callers.ts
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from './support/call.js';
import { sharedService, startService, type TestService } from './support/service.js';

let service: TestService;
let lookUps = 0;
beforeAll(async () => {
  service = await startService({ app: { failedAuthenticationsPerMinute: 5 } });
  const { apiTokens } = service.store;
  const find = apiTokens.findBySecretSha256s.bind(apiTokens);
  apiTokens.findBySecretSha256s = (hashes) => {
    lookUps += 1;
    return find(hashes);
  };
});
afterAll(() => service.close());

const unknown = `kubepass_${'A'.repeat(43)}`;

describe('authentication', () => {
  it('demands a token for everything under /v1, before anything else is looked at', async () => {
    for (const [method, path] of [
      ['get', '/v1/whoami'],
      ['get', '/v1/certificates?limit=0'],
      ['get', '/v1/audit-events/verification'],
      ['delete', '/v1/api-tokens/x'],
    ] as const) {
      const { body, headers } = await service.anonymous(method, path).set('accept', 'image/png').expect(401);
      expect(headers['www-authenticate']).toBe('Bearer realm="kubepass"');
      expect(body).toMatchObject({ type: 'urn:kubepass:problem:unauthenticated' });
    }
    await service.anonymous('post', '/v1/kubeconfigs').set('content-type', 'text/csv').send('x').expect(401);
  });

  it('takes the scheme in any case', async () => {
    const call = service.anonymous('get', '/v1/whoami').set('authorization', `bearer ${service.tokenOf('alice')}`);
    expect((await call.expect(200)).body).toMatchObject({ name: 'alice' });
  });

  it.each([
    ['Basic YWRtaW46c2VjcmV0', 'Basic is not accepted here; send "Authorization: Bearer" and an API token'],
    ['Token c2VjcmV0', 'the Authorization header has another scheme; send "Authorization: Bearer" and an API token'],
    ['kubepass_c2VjcmV0', 'the Authorization header has another scheme; send "Authorization: Bearer" and an API token'],
  ])('tells who sends %s that Bearer is wanted, and repeats nothing of it', async (sent, detail) => {
    const plain = await sharedService();
    const { body, headers, text } = await plain.anonymous('get', '/v1/whoami').set('authorization', sent).expect(401);
    expect(body).toMatchObject({ type: 'urn:kubepass:problem:unauthenticated', detail });
    expect(headers['www-authenticate']).toBe('Bearer realm="kubepass"');
    expect(text).not.toContain(sent.split(/[ _]/)[1]);
  });

  it('leaves nothing of a 401 in the audit log', async () => {
    const events = async () => (await service.as('root')('get', '/v1/audit-events').expect(200)).text;
    const before = await events();
    await service.anonymous('get', '/v1/whoami').expect(401);
    expect(await events()).toBe(before);
    expect(service.log()).toContain('authentication failed');
  });

  it('counts failures per address, and slows no caller with a valid token', async () => {
    const fail = () => service.withToken(unknown)('get', '/v1/whoami');
    for (let i = 0; i < 5; i += 1) {
      const { headers } = await fail().set('x-forwarded-for', `10.0.0.${i}`).expect(401);
      expect(headers['www-authenticate']).toBe('Bearer realm="kubepass", error="invalid_token"');
    }
    const { body, headers } = await fail().set('x-forwarded-for', '10.1.1.1').expect(429);
    expect(body).toMatchObject({ type: 'urn:kubepass:problem:too-many-requests' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await service.anonymous('get', '/v1/whoami').set('authorization', 'Basic YTpi').expect(429);
    await service.as('alice')('get', '/v1/whoami').expect(200);
    await service.anonymous('get', '/livez').expect(200);
  });

  it('spends no line of the log and few look-ups on an address that is over its limit', async () => {
    for (let i = 0; i < 6; i += 1) await service.withToken(unknown)('get', '/v1/whoami');
    const lines = () => service.log().split('\n').length;
    const [before, lookedUp] = [lines(), lookUps];
    // Five on each connection, so that all of them arrive before the first is answered.
    const guesses = Array.from({ length: 200 }, () => `kubepass_${randomBytes(32).toString('base64url')}`);
    const { hostname, port } = new URL(service.address);
    let answers = '';
    const sockets = Array.from({ length: 40 }, (_, i) => {
      const socket = connect(Number(port), hostname);
      for (const guess of guesses.slice(5 * i, 5 * i + 5))
        socket.write(`GET /v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${guess}\r\n\r\n`);
      return socket.on('data', (chunk: Buffer) => (answers += String(chunk)));
    });
    await expect.poll(() => answers.match(/HTTP\/1.1 429/g)?.length).toBe(200);
    for (const socket of sockets) socket.destroy();
    expect(lines()).toBe(before);
    expect(lookUps - lookedUp).toBeLessThan(50);
    expect(service.log().match(/more of them are not logged/g)).toHaveLength(1);
    // A caller behind the same address, whose token this process has never seen.
    const { token } = as.token(
      await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name: 'newcomer', roles: ['requester'] })
        .expect(201),
    );
    await service.withToken(token)('get', '/v1/whoami').expect(200);
  });
});
