// Tests src/observability/logger.ts, src/http/hooks/every-request.ts
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { as } from './support/call.js';
import { withMethods } from '../helpers/other-methods.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
const secrets: string[] = [];

beforeAll(async () => {
  service = await startService({
    context: (context) => ({
      ...context,
      // A fault whose message carries everything that must not be logged.
      probes: withMethods(context.probes, {
        last: () => {
          throw new Error(`cannot use ${secrets.join(' or ')}`);
        },
      }),
    }),
  });
});
afterAll(() => service.close());

it('the log of a whole run holds no token, no private key, no Idempotency-Key and no body', async () => {
  const { pem, keyPair } = await csrFor('jane', ['team-a']);
  const made = await service
    .as('root')('post', '/v1/api-tokens')
    .send({ name: 'portal', roles: ['requester'] });
  const { token } = as.token(made.status === 201 ? made : await service.as('root')('get', '/v1/api-tokens'));
  const portal = service.withToken(token);

  const kubeconfig = await portal('post', '/v1/kubeconfigs')
    .set('idempotency-key', 'my-idempotency-key')
    .set('cookie', 'session=my-cookie')
    .set('accept', 'application/yaml')
    .send({ username: 'jane', groups: ['team-a'], reason: 'my-reason-in-the-body' })
    .expect(201);
  const { users } = parse(kubeconfig.text) as { users: { user: Record<string, string> }[] };
  const keyData = users[0]?.user['client-key-data'] ?? '';
  expect(keyData.length).toBeGreaterThan(100);
  secrets.push(token, keyPair.privateKeyPem, keyData, kubeconfig.text);

  await portal('post', '/v1/certificate-requests').set('prefer', 'wait=10').send({ csr: pem }).expect(201);
  await portal('get', `/v1/certificates?username=my-query-value`).expect(200);
  await portal('get', '/v1/clusters').expect(500);
  await portal('get', `/v1/certificates/${token}`).expect(404);
  await service
    .withToken(`kubepass_${'Z'.repeat(43)}`)('get', '/v1/whoami')
    .expect(401);
  await service.anonymous('get', '/v1/whoami').set('authorization', 'Basic bXktdXNlcjpteS1wYXNzd29yZA==').expect(401);

  const log = service.log();
  expect(log.split('\n').length).toBeGreaterThan(10);
  for (const line of log.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  expect(log).toContain('cannot use');
  for (const secret of [
    token.slice('kubepass_'.length),
    service.adminToken.slice('kubepass_'.length),
    'PRIVATE KEY-----',
    keyPair.privateKeyPem.split('\n')[1] ?? '',
    keyData.slice(0, 60),
    'my-idempotency-key',
    'my-cookie',
    'my-reason-in-the-body',
    'my-query-value',
    'bXktdXNlcjpteS1wYXNzd29yZA',
    'Z'.repeat(43),
  ])
    expect(log).not.toContain(secret);
});
