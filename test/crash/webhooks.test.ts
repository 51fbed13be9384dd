// Tests src/webhooks/webhook-dispatcher.ts, src/webhooks/webhook-events.ts, src/store/tables/webhook-delivery-table.ts
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { WebhookReceiver } from '../helpers/webhook-receiver.js';
import { startChild, type ChildService } from './child-service.js';
import type { CrashPoint } from './crash-points.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const policiesDir = join(directory.path, 'policies');
const configFile = join(directory.path, 'kubepass.yaml');
let receiver: WebhookReceiver;
let child: ChildService | undefined;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  const write = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
  };
  const { certificatePem, privateKeyPem } = await generateCertificateAuthority({
    commonName: 'ca',
    now: new Date(),
    random: randomBytes,
  });
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  write('ca.crt', certificatePem);
  write('ca.key', privateKeyPem);
  write('secret', `whsec_${randomBytes(24).toString('base64')}\n`);
  write('receiver.crt', receiver.caPem);
  write(
    'kubepass.yaml',
    `clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ca.crt
    signer: { localCA: { certFile: ca.crt, keyFile: ca.key } }
webhooks:
  - { name: chat, url: "${receiver.url}", secretFile: secret, certificateAuthority: receiver.crt, events: [issued] }
`,
  );
});
afterAll(async () => {
  await child?.kill();
  await receiver.stop();
  directory.remove();
});

const start = async (crash?: { readonly at: CrashPoint; readonly on: number }) => {
  child = await startChild(dataDir, policiesDir, crash, { KUBEPASS_CONFIG: configFile });
};

/** Has a certificate issued, and returns the request's id. */
async function issue(username: string): Promise<string> {
  const response = await fetch(`${child?.address ?? ''}/v1/kubeconfigs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ username, groups: ['team-a'] }),
  });
  expect(response.status).toBe(201);
  return response.headers.get('location')?.split('/').at(-1) ?? '';
}

/** The received events by webhook-id: their request, and how often each came. */
function told() {
  const byId = new Map<string, { readonly requestId: string; readonly username: string; times: number }>();
  for (const { headers, body } of receiver.received) {
    const { requestId, username } = (JSON.parse(body) as { data: { requestId: string; username: string } }).data;
    const id = String(headers['webhook-id']);
    const known = byId.get(id) ?? { requestId, username, times: 0 };
    expect(known.requestId).toBe(requestId);
    known.times += 1;
    byId.set(id, known);
  }
  return [...byId.values()];
}

it('announces every certificate after kill -9, and keeps the ids of the attempts that were under way', async () => {
  await start();
  receiver.answer = 'silence';
  const requests: string[] = [];
  for (let i = 0; i < 13; i += 1) requests.push(await issue(`user-${i}`));
  await receiver.until(10);
  await child?.kill();
  expect(receiver.received).toHaveLength(10);

  receiver.answer = { status: 204 };
  await start();
  // Three were not begun; the others are due again a minute later.
  await receiver.until(23, 120);
  const events = told();
  expect(events.map(({ requestId }) => requestId).sort()).toEqual([...requests].sort());
  expect(events.map(({ times }) => times).sort()).toEqual([1, 1, 1, ...Array.from({ length: 10 }, () => 2)]);
  await child?.kill();
});

it.each([
  ['after the outcome is committed', 1],
  ['before the outcome is committed', 0],
] as const)('announces a certificate if it died %s %i times', async (at, times) => {
  receiver.received.splice(0);
  await start({ at, on: 1 });
  await expect(issue(`dies ${at}`.replaceAll(' ', '-'))).rejects.toThrow();
  await child?.gone;
  await start();
  const last = await issue('last');
  await expect.poll(() => told().some(({ requestId }) => requestId === last), { timeout: 10_000 }).toBe(true);
  expect(told().filter(({ username }) => username.startsWith('dies'))).toHaveLength(times);
  await child?.kill();
});
