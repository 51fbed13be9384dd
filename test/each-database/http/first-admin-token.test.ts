// Tests src/start/api-tokens.ts, src/callers/admin-tokens.ts
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { version } from '@kubepass/inspect/command-line';
import { newApiTokenSecret, secretSha256 } from '../../../src/callers/secrets.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';

const secret = newApiTokenSecret(randomBytes);
const directory = temporaryDirectory();
const file = join(directory.path, 'token');
let service: TestService;
beforeAll(async () => {
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  const environment = { KUBEPASS_FIRST_ADMIN_TOKEN_FILE: file, KUBEPASS_REVISION: '0a1b2c3' };
  service = await startService({ environment });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

it('is the token of the file, and no other one is made', async () => {
  expect(service.adminToken).toBe('');
  expect(existsSync(join(service.dataDir, 'admin-token'))).toBe(false);
  const first = service.withToken(secret);
  const me = as.whoami(await first('get', '/v1/whoami').expect(200));
  expect(me).toMatchObject({ name: 'admin', roles: ['admin'], createdBy: [], method: 'api-token' });
  const { items } = as.tokens(await first('get', '/v1/api-tokens?limit=500').expect(200));
  expect(items.filter(({ name }) => name === 'admin').map(({ id }) => id)).toEqual([me.credentialId]);
});

it('is in no answer, in no figure, not in the log, and in the database as its SHA-256 alone', async () => {
  const first = service.withToken(secret);
  const answers = [];
  for (const path of ['/v1/whoami', '/v1/api-tokens?limit=500', '/v1/audit-events?limit=500', '/metrics', '/readyz'])
    answers.push((await first('get', path).expect(200)).text);
  const rows = JSON.stringify(await service.query('SELECT * FROM "ApiToken"'));
  const hidden = secret.slice('kubepass_'.length);
  for (const text of [...answers, service.log(), rows]) expect(text).not.toContain(hidden);
  for (const text of [...answers, service.log()]) expect(text).not.toContain(secretSha256(secret));
  expect(service.log()).toContain('there was no live admin: the token in the file is one now');
  expect(service.log()).toContain(JSON.stringify(file));
});

it('may be revoked, and then lets nobody in', async () => {
  const root = service.as('root');
  const me = as.whoami(await service.withToken(secret)('get', '/v1/whoami').expect(200));
  await root('delete', `/v1/api-tokens/${me.credentialId}`).expect(204);
  await service.withToken(secret)('get', '/v1/whoami').expect(401);
});

it('is served by a build that the metrics name', async () => {
  const { text } = await service.metrics();
  expect(text).toContain(`\nkubepass_build_info{version="${version}",revision="0a1b2c3"} 1\n`);
});
