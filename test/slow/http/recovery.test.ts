// Tests src/programs/admin-token.ts, src/callers/admin-tokens.ts
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { version } from '@kubepass/inspect/command-line';
import { expect, it } from 'vitest';
import { newApiTokenSecret } from '../../../src/callers/secrets.js';
import { useProcesses, type ServingProcess } from '../../http/support/serving-process.js';

const { start, inDirectory } = useProcesses();
const secretOfTest = newApiTokenSecret(randomBytes);

/** Nothing listens at the identity provider. */
const peopleAlone = () => {
  const file = inDirectory('kubepass.yaml');
  writeFileSync(
    file,
    `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: data/ca/ca.crt
    signer: { localCA: { certFile: data/ca/ca.crt, keyFile: data/ca/ca.key } }
callers:
  oidc: [{ name: corp, issuer: http://127.0.0.1:9, audiences: [kubepass] }]
  apiTokens: { admins: false }
roles: [{ groups: [platform-admins], roles: [admin] }]
`,
  );
  chmodSync(file, 0o600);
  return { KUBEPASS_CONFIG: file };
};

async function stop({ child, ended }: ServingProcess): Promise<void> {
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

async function whoami(address: string, token: string) {
  const answer = await fetch(`${address}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
  return {
    status: answer.status,
    body: (await answer.json()) as { readonly name?: string; readonly roles?: string[] },
  };
}

it('lets an operator in whose tokens are no admins any more, while nobody can sign in', async () => {
  const before = start();
  await before.address();
  const old = before.adminToken();
  await stop(before);

  const environment = peopleAlone();
  const locked = start({ environment });
  expect(await whoami(await locked.address(), old)).toMatchObject({
    status: 200,
    body: { name: 'admin', roles: [] },
  });
  // A start takes nothing away.
  expect(locked.adminToken()).toBe(old);
  const refused = start({ verb: 'admin-token', environment });
  expect(await refused.ended).toEqual([1, null]);
  await stop(locked);

  const recovering = start({ verb: 'admin-token', environment });
  expect(await recovering.ended).toEqual([0, null]);
  const file = inDirectory('data', 'admin-token');
  expect(recovering.output()).toContain(`a new break-glass token, for an hour, is in ${file}`);
  expect(recovering.said('an admin token was made on the host')).toMatchObject({
    level: 'warn',
    principal: 'break-glass',
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const recovered = start({ environment });
  const address = await recovered.address();
  const secret = recovered.adminToken();
  expect(recovered.said('a break-glass token is valid')).toMatchObject({ level: 'warn' });
  expect(await whoami(address, secret)).toMatchObject({
    status: 200,
    body: { name: 'break-glass', roles: ['admin'] },
  });
  expect(recovered.said('a break-glass token is used')).toMatchObject({ level: 'warn', uses: 1 });
  expect(recovered.output()).not.toContain(secret);
  await stop(recovered);

  // With tokens as admins again the start makes one that stays.
  const again = start();
  const served = await again.address();
  expect(again.adminToken()).toBe(secret);
  expect(await whoami(served, old)).toMatchObject({ body: { roles: ['admin'] } });
});

it('shows the token in the data dir and nothing else, also beside a service on SQLite', async () => {
  const serving = start();
  const address = await serving.address();
  const shown = start({ verb: 'admin-token', args: ['--show'] });
  expect(await shown.ended).toEqual([0, null]);
  expect(shown.output()).toBe(`${serving.adminToken()}\n`);
  expect(shown.complaints()).toBe('');
  expect(await whoami(address, shown.output().trim())).toMatchObject({ status: 200, body: { roles: ['admin'] } });
  await stop(serving);

  const file = inDirectory('data', 'admin-token');
  writeFileSync(file, 'something else');
  const wrong = start({ verb: 'admin-token', args: ['--show'] });
  expect(await wrong.ended).toEqual([1, null]);
  expect(wrong.output()).toBe('');
  expect(wrong.complaints()).toContain(`${file} holds no API token`);
  expect(wrong.complaints()).not.toContain('something else');
  rmSync(file);
  const missing = start({ verb: 'admin-token', args: ['--show'] });
  expect(await missing.ended).toEqual([1, null]);
  expect(missing.output()).toBe('');
  expect(missing.complaints()).toMatch(
    /admin-token is not there: the replica that started first has it; without --show/,
  );
});

it('lets the first admin in with the token of a file, which is in no other file and not in the log', async () => {
  const secret = newApiTokenSecret(randomBytes);
  const file = inDirectory('first-admin-token');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  const environment = { KUBEPASS_FIRST_ADMIN_TOKEN_FILE: file, KUBEPASS_REVISION: '0a1b2c3' };
  const serving = start({ environment });
  const address = await serving.address();
  expect(await whoami(address, secret)).toMatchObject({ status: 200, body: { name: 'admin', roles: ['admin'] } });
  expect(existsSync(inDirectory('data', 'admin-token'))).toBe(false);
  expect(serving.said('there was no live admin: the token in the file is one now')).toMatchObject({ file });
  expect(serving.said('kubepass serves')).toMatchObject({ version, revision: '0a1b2c3' });
  const shown = start({ verb: 'admin-token', args: ['--show'], environment });
  expect(await shown.ended).toEqual([1, null]);
  expect(shown.complaints()).toContain(`the first admin's token is in ${file}`);
  await stop(serving);
  for (const { output, complaints } of [serving, shown])
    expect(output() + complaints()).not.toContain(secret.slice('kubepass_'.length));

  // Another token in the file does nothing, as long as an admin has one.
  const other = newApiTokenSecret(randomBytes);
  writeFileSync(file, other);
  const again = start({ environment });
  const served = await again.address();
  expect(await whoami(served, secret)).toMatchObject({ status: 200, body: { roles: ['admin'] } });
  expect(await whoami(served, other)).toMatchObject({ status: 401 });
  expect(again.output()).not.toMatch(/live admin/);
  await stop(again);
});

it.each([
  ['is missing', (file: string) => rmSync(file), /: there is no such file; mend the path/],
  ['has two lines', (file: string) => writeFileSync(file, `${secretOfTest}\n\n`), / holds no API token/],
])('starts nothing where the file of the first admin %s, and says so', async (_, spoil, reason) => {
  const file = inDirectory('first-admin-token');
  writeFileSync(file, secretOfTest);
  spoil(file);
  const environment = { KUBEPASS_FIRST_ADMIN_TOKEN_FILE: file };
  const checked = start({ verb: 'check-config', environment });
  expect(await checked.ended).toEqual([1, null]);
  const [line = ''] = checked.complaints().split('\n');
  expect(line).toMatch(/^error: KUBEPASS_FIRST_ADMIN_TOKEN_FILE: /);
  expect(line).toContain(dirname(file));
  expect(line).toMatch(reason);
  const refused = start({ environment });
  expect(await refused.ended).toEqual([1, null]);
  expect(refused.said('kubepass cannot serve')?.['reason']).toContain(line.slice('error: '.length));
  expect(existsSync(inDirectory('data'))).toBe(false);
  for (const { output, complaints } of [checked, refused])
    expect(output() + complaints()).not.toContain(secretOfTest.slice(9, 40));
});

it('tells webhooks and the audit log of each token that is made on the host, also where tokens may be admins', async () => {
  const first = start();
  await first.address();
  await stop(first);
  const secretFile = inDirectory('webhook-secret');
  writeFileSync(secretFile, `whsec_${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const config = inDirectory('told.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      clusters: [
        {
          name: 'demo',
          server: 'https://127.0.0.1:6443',
          servingCertificateAuthority: inDirectory('data', 'ca', 'ca.crt'),
          signer: {
            localCA: { certFile: inDirectory('data', 'ca', 'ca.crt'), keyFile: inDirectory('data', 'ca', 'ca.key') },
          },
        },
      ],
      webhooks: [{ name: 'chat', url: 'http://127.0.0.1:9/', secretFile, events: ['break_glass_token.made'] }],
    }),
  );
  const environment = { KUBEPASS_CONFIG: config };
  const made = start({ verb: 'admin-token', environment });
  expect(await made.ended).toEqual([0, null]);
  const serving = start({ environment });
  const address = await serving.address();
  const headers = { authorization: `Bearer ${serving.adminToken()}` };
  const listed = async (path: string) =>
    ((await (await fetch(`${address}${path}`, { headers })).json()) as { items: object[] }).items;
  expect(await listed('/v1/webhook-deliveries')).toMatchObject([{ webhook: 'chat', type: 'break_glass_token.made' }]);
  expect(await listed('/v1/audit-events?type=BreakGlassTokenMade')).toMatchObject([{ details: { name: 'admin' } }]);
  await stop(serving);
});
