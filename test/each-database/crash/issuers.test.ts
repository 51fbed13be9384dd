// Tests src/clusters/issuers/activate-issuer.ts, src/store/tables/cluster-issuer-table.ts
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { generateCertificateAuthority } from '../../../src/signing/generate-certificate-authority.js';
import { testPolicies } from '../../helpers/issuance.js';
import { freshDatabase, type TestDatabase } from '../../helpers/postgresql/databases.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { onPostgresql } from '../../helpers/test-store.js';
import { startChild, type ChildService } from '../../crash/child-service.js';
import { activationCrashPoints, type CrashPoint } from '../../crash/crash-points.js';
import { callTo, everyItem } from '../../crash/ledger.js';

const names = ['users-2026', 'users-2027'] as const;
const generated = Promise.all(
  names.map((commonName) => generateCertificateAuthority({ commonName, now: new Date(), random: randomBytes })),
);
let directory: ReturnType<typeof temporaryDirectory>;
let database: TestDatabase | null;
let child: ChildService | undefined;
beforeEach(async () => {
  database = onPostgresql ? await freshDatabase(inject('databases')) : null;
  directory = temporaryDirectory();
  const write = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
  };
  mkdirSync(join(directory.path, 'policies'));
  write('policies/test.yaml', testPolicies);
  for (const [i, { certificatePem, privateKeyPem }] of (await generated).entries()) {
    write(`${names[i] ?? ''}.crt`, certificatePem);
    write(`${names[i] ?? ''}.key`, privateKeyPem);
  }
  const issuers = names.map((name) => `{ name: ${name}, certFile: ${name}.crt, key: { file: ${name}.key } }`);
  write(
    'kubepass.yaml',
    `clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: users-2026.crt
    signer: { localCA: { issuers: [${issuers.join(', ')}] } }
`,
  );
});
afterEach(async () => {
  await child?.kill();
  await database?.drop();
  directory.remove();
});

const start = async (crash?: { readonly at: CrashPoint; readonly on: number }) => {
  child = await startChild(join(directory.path, 'data'), join(directory.path, 'policies'), crash, {
    KUBEPASS_CONFIG: join(directory.path, 'kubepass.yaml'),
    ...(database && { DATABASE_URL: database.url }),
  });
};

const call = callTo(
  () => child?.address ?? '',
  () => readFileSync(join(directory.path, 'data', 'admin-token'), 'utf8').trim(),
);
const activate = (name: string) =>
  call(
    'POST',
    `/v1/clusters/demo/issuers/${name}/activate`,
    JSON.stringify({ comment: 'a crash', withoutProbe: true }),
  );

/** The states of the issuers, and the issuer of a certificate that is asked for now. */
async function found() {
  const issuers = await everyItem<{ name: string; state: string }>(call, '/v1/clusters/demo/issuers');
  const created = await call('POST', '/v1/kubeconfigs', JSON.stringify({ username: 'jane', groups: ['team-a'] }));
  expect(created.status).toBe(201);
  const { certificate } = JSON.parse(created.text) as { readonly certificate: { readonly issuer: string } };
  const events = await everyItem<object>(call, '/v1/audit-events', '&type=IssuerActivated');
  return {
    states: Object.fromEntries(issuers.map(({ name, state }) => [name, state])),
    signedBy: certificate.issuer,
    activations: events.length,
  };
}

it.each(activationCrashPoints)('leaves exactly one issuer active if it died %s', async (at) => {
  await start({ at, on: 1 });
  expect(await found()).toEqual({
    states: { 'users-2026': 'active', 'users-2027': 'next' },
    signedBy: 'CN=users-2026',
    activations: 0,
  });
  await activate('users-2027').catch(() => undefined);
  await child?.gone;
  await start();
  const isCommitted = at.startsWith('after');
  expect(await found()).toEqual({
    states: isCommitted
      ? { 'users-2026': 'retiring', 'users-2027': 'active' }
      : { 'users-2026': 'active', 'users-2027': 'next' },
    signedBy: isCommitted ? 'CN=users-2027' : 'CN=users-2026',
    activations: isCommitted ? 1 : 0,
  });
});

it('leaves exactly one issuer active wherever it died while the issuers change places', async () => {
  for (const milliseconds of [5, 20, 60]) {
    await start();
    const killed = child?.gone.then(() => 'gone');
    setTimeout(() => child?.process.kill('SIGKILL'), milliseconds + 100);
    for (let i = 0; (await Promise.race([killed, Promise.resolve('there')])) === 'there'; i += 1)
      await activate(names[i % 2] ?? '').catch(() => undefined);
    await start();
    const { states, signedBy, activations } = await found();
    const active = Object.keys(states).filter((name) => states[name] === 'active');
    expect(active).toHaveLength(1);
    expect(signedBy).toBe(`CN=${active[0] ?? ''}`);
    expect(active[0] === 'users-2027').toBe(activations % 2 === 1);
    await child?.kill();
  }
});
