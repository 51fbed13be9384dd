// Tests src/access/announce-expiry.ts
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startChild, type ChildService } from './child-service.js';
import { announcementCrashPoints, type CrashPoint } from './crash-points.js';

const certificates = 8;
const generated = generateCertificateAuthority({ commonName: 'ca', now: new Date(), random: randomBytes });
let directory: ReturnType<typeof temporaryDirectory>;
let child: ChildService | undefined;
beforeEach(async () => {
  directory = temporaryDirectory();
  const { certificatePem, privateKeyPem } = await generated;
  const write = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
  };
  mkdirSync(join(directory.path, 'policies'));
  write('policies/test.yaml', testPolicies);
  write('ca.crt', certificatePem);
  write('ca.key', privateKeyPem);
  write('secret', `whsec_${randomBytes(24).toString('base64')}\n`);
  // Nobody listens at the address, so that every delivery stays in the outbox.
  write(
    'kubepass.yaml',
    `clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ca.crt
    signer: { localCA: { certFile: ca.crt, keyFile: ca.key } }
expiry: { noticeSeconds: [600] }
webhooks:
  - { name: chat, url: "http://127.0.0.1:9", secretFile: secret, events: [certificate.expiring] }
`,
  );
});
afterEach(async () => {
  await child?.kill();
  directory.remove();
});

const start = async (aheadSeconds: number, crash?: { readonly at: CrashPoint; readonly on: number }) => {
  child = await startChild(join(directory.path, 'data'), join(directory.path, 'policies'), crash, {
    KUBEPASS_CONFIG: join(directory.path, 'kubepass.yaml'),
    CLOCK_AHEAD_SECONDS: String(aheadSeconds),
  });
};

async function call(path: string, body?: object): Promise<unknown> {
  const token = readFileSync(join(directory.path, 'data', 'admin-token'), 'utf8').trim();
  const response = await fetch(`${child?.address ?? ''}/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  const text = await response.text();
  return body ? text : JSON.parse(text);
}
const items = async (path: string) => ((await call(path)) as { items: { fingerprintSha256: string }[] }).items;

it.each(
  announcementCrashPoints.flatMap(
    (at) =>
      (at.startsWith('before it')
        ? [[at, 1]]
        : [
            [at, 1],
            [at, 5],
          ]) as [CrashPoint, number][],
  ),
)('announces the end of every certificate once if it died %s, for the %ith time', async (at, on) => {
  await start(0);
  for (let i = 0; i < certificates; i += 1)
    await call('/kubeconfigs', { username: `user-${String(i)}`, groups: ['team-a'], expirationSeconds: 3600 });
  await child?.kill();

  // It dies before it is ready, or soon after.
  await start(3100, { at, on }).catch(() => undefined);
  await child?.gone;
  await start(3100);
  await expect
    .poll(() => items('/audit-events?type=CertificateExpiring').then(({ length }) => length), { timeout: 20_000 })
    .toBe(certificates);
  const told = await items('/audit-events?type=CertificateExpiring');
  expect(new Set(told.map(({ fingerprintSha256 }) => fingerprintSha256)).size).toBe(certificates);
  expect(await items('/webhook-deliveries')).toHaveLength(certificates);
  expect(await call('/audit-events/verification')).toMatchObject({ valid: true });
});
