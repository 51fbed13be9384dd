// Tests src/start/open-webhooks.ts
import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../../../src/start/check-config.js';
import type { Composition } from '../../../src/start/compose.js';
import { readConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { localAuthority } from '../../helpers/local-authority.js';
import { composeOn, type LogLine } from '../../helpers/composed-service.js';
import { admin, alice } from '../../helpers/principals.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { WebhookReceiver } from '../../helpers/webhook-receiver.js';
import { listWebhookDeliveries, retryWebhookDelivery } from '../../../src/webhooks/webhook-deliveries.js';
import { createRequest } from '../../../src/requests/create-request.js';

const secret = `whsec_${randomBytes(24).toString('base64')}`;

let directory: ReturnType<typeof temporaryDirectory>;
let receiver: WebhookReceiver;
let offset: number;
let log: LogLine[];
const running: Composition[] = [];
beforeEach(async () => {
  directory = temporaryDirectory();
  receiver = await WebhookReceiver.start();
  offset = 0;
  log = [];
  const { certificatePem, privateKeyPem } = await localAuthority();
  write('ca.crt', certificatePem);
  write('ca.key', privateKeyPem);
  write('secret', `${secret}\n`);
  write('receiver.crt', receiver.caPem);
});
afterEach(async () => {
  for (const composition of running.splice(0)) await composition.close();
  await receiver.stop();
  directory.remove();
});

function write(name: string, content: string): string {
  const file = join(directory.path, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const chat = () => `
  - { name: chat, url: "${receiver.url}", secretFile: secret, certificateAuthority: receiver.crt, events: [pending] }`;

async function start(webhooks = `webhooks: ${chat()}`): Promise<Composition> {
  const config = write(
    'kubepass.yaml',
    `clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ca.crt
    signer: { localCA: { certFile: ca.crt, keyFile: ca.key } }
${webhooks}`,
  );
  const overrides = { clock: () => new Date(Date.now() + offset), webhookRoundMilliseconds: 20 };
  const composition = await composeOn(directory.path, { KUBEPASS_CONFIG: config }, overrides, log);
  running.push(composition);
  await composition.begin();
  return composition;
}

async function stop(composition: Composition): Promise<void> {
  running.splice(running.indexOf(composition), 1);
  await composition.close();
}

const ask = ({ context }: Composition) =>
  createRequest(context, alice, { username: 'jane', groups: ['ops-eu'] }, { waitSeconds: 0, idempotency: null });
const deliveries = async ({ context }: Composition) => {
  const outcome = await listWebhookDeliveries(context, admin, {}, { limit: 50, cursor: null });
  return outcome.ok ? outcome.value.items : expect.fail('not permitted');
};
const first = async (composition: Composition) => (await deliveries(composition))[0];

describe('deliveries', () => {
  it('that wait survive a restart, and go out afterwards under the id that they had', async () => {
    await receiver.stop();
    const before = await start();
    await ask(before);
    await expect.poll(() => first(before)).toMatchObject({ attempts: 1, state: 'waiting', owner: null });
    const waiting = await first(before);
    await stop(before);

    await receiver.restart();
    offset += 60_000;
    const after = await start();
    await expect
      .poll(() => first(after))
      .toMatchObject({ id: waiting?.id, payload: waiting?.payload, state: 'delivered', attempts: 2 });
    expect(receiver.ids).toEqual([waiting?.id]);
    expect(await deliveries(after)).toHaveLength(1);
  });

  it('that were under way when the service stopped go out after the restart', async () => {
    receiver.answer = 'silence';
    const before = await start();
    await ask(before);
    await receiver.until(1);
    await stop(before);

    receiver.answer = { status: 200 };
    offset += 60_000;
    const after = await start();
    await expect.poll(() => first(after)).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(new Set(receiver.ids).size).toBe(1);
  });

  it('of a webhook that is configured no longer are dead after the restart, and cannot be sent again', async () => {
    await receiver.stop();
    const before = await start();
    await ask(before);
    await expect.poll(() => first(before)).toMatchObject({ attempts: 1, owner: null });
    await stop(before);

    const after = await start('');
    await expect
      .poll(() => first(after))
      .toMatchObject({ state: 'dead', lastFailure: 'the webhook is no longer configured' });
    const id = (await first(after))?.id ?? '';
    expect(await retryWebhookDelivery(after.context, admin, id)).toMatchObject({
      ok: false,
      refusal: { kind: 'webhook-not-configured', message: expect.stringContaining('"chat"') as string },
    });
    await ask(after);
    expect(await deliveries(after)).toHaveLength(1);
    await receiver.restart();
  });
});

describe('what is wrong with their files', () => {
  it('keeps the service from starting, all of it with its place, and no secret in it', async () => {
    write('short', `whsec_${Buffer.alloc(23, 1).toString('base64')}\n`);
    write('not-pem', 'hello');
    const webhook = (name: string, secretFile: string, certificateAuthority: string) => `
  - { name: ${name}, url: https://a.example/, secretFile: ${secretFile}, certificateAuthority: ${certificateAuthority}, events: [denied] }`;
    const webhooks = [
      webhook('a', 'missing', 'receiver.crt'),
      webhook('b', 'short', 'not-pem'),
      webhook('c', 'secret', 'missing'),
    ];
    await expect(start(`webhooks: ${webhooks.join('')}`)).rejects.toThrow('missing');
    const file = join(directory.path, 'kubepass.yaml');
    const policies = join(directory.path, 'policies');
    const places = { KUBEPASS_DATA_DIR: join(directory.path, 'data'), KUBEPASS_POLICIES_DIR: policies };
    const read = readConfig(readEnvironment({ KUBEPASS_CONFIG: file, ...places }));
    const { errors } = await checkConfig(read, new Date());
    expect(errors).toEqual([
      expect.stringMatching(/kubepass\.yaml:7:\d+: webhooks\[0\]\.secretFile: below \S+: there is no such file/),
      expect.stringMatching(/: webhooks\[1\]\.secretFile: \S+short: line 1 is not a secret/),
      expect.stringContaining(': webhooks[1].certificateAuthority: '),
      expect.stringMatching(/: webhooks\[2\]\.certificateAuthority: below \S+: there is no such file/),
    ]);
    expect(errors.join()).not.toContain('AQEB');
  });

  it('is said where others may read the secret', async () => {
    chmodSync(join(directory.path, 'secret'), 0o644);
    await start();
    expect(log).toContainEqual({
      level: 'warn',
      fields: {},
      message: expect.stringContaining('secret is open to others (mode 0644)') as string,
    });
    expect(JSON.stringify(log)).not.toContain(secret.slice(6, 30));
  });
});

describe('the files of a webhook', () => {
  const verified = (by: string) => {
    const { body, headers } = receiver.received.at(-1) ?? { body: '', headers: {} };
    return new StandardWebhook(by).verify(body, headers as Record<string, string>) as { readonly type: string };
  };

  it('are read again while the service runs: other secrets sign, and broken ones replace none', async () => {
    const next = `whsec_${randomBytes(32).toString('base64')}`;
    const composition = await start();
    write('secret', 'whsec_nonsense\n');
    await composition.reload();
    await ask(composition);
    await receiver.until(1);
    expect(verified(secret).type).toBe('certificate_request.pending');
    expect(log.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        fields: { webhook: 'chat', reason: expect.stringMatching(/line 1 is not a secret/) as string },
        message: 'the secrets of a webhook were changed and cannot be used: those in force stay',
      },
    ]);
    expect(JSON.stringify(log)).not.toContain('nonsense');

    write('secret', `${next}\n`);
    await composition.reload();
    await ask(composition);
    await receiver.until(2);
    expect(verified(next).type).toBe('certificate_request.pending');
    expect(() => verified(secret)).toThrow();
  });

  it('are read again where the CA of the receiver is another one', async () => {
    const composition = await start();
    // The receiver's certificate does not chain to it.
    write('receiver.crt', (await localAuthority()).certificatePem);
    await composition.reload();
    await ask(composition);
    await expect.poll(() => first(composition)).toMatchObject({ state: 'waiting', attempts: 1, owner: null });
    write('receiver.crt', receiver.caPem);
    await composition.reload();
    offset += 60_000;
    await expect.poll(() => first(composition)).toMatchObject({ state: 'delivered' });
  });
});
