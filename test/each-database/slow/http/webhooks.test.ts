// Tests src/webhooks/webhook-dispatcher.ts, src/start/open-webhooks.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookDeliveryBody } from '../../../../src/webhooks/webhook-routes.js';
import { localAuthority } from '../../../helpers/local-authority.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { WebhookReceiver } from '../../../helpers/webhook-receiver.js';
import { type Answer } from '../../../http/support/call.js';
import { startService, type Person, type TestService } from '../../../http/support/service.js';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const directory = temporaryDirectory();
let receiver: WebhookReceiver;
let service: TestService;
beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const authority = await localAuthority();
  const certFile = file('ca.crt', authority.certificatePem);
  const keyFile = file('ca.key', authority.privateKeyPem);
  const secretFile = file('webhook-secret', `${secret}\n`);
  const receiverCa = file('receiver.crt', receiver.caPem);
  service = await startService({
    config: `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${certFile}
    signer: { localCA: { certFile: ${certFile}, keyFile: ${keyFile} } }
webhooks:
  - name: chat
    url: ${receiver.url}
    secretFile: ${secretFile}
    certificateAuthority: ${receiverCa}
    events: [pending, issued, denied, certificate.expiring]
expiry: { noticeSeconds: [3600] }
`,
    overrides: { webhookRoundMilliseconds: 50 },
  });
});
afterAll(async () => {
  await service.close();
  await receiver.stop();
  directory.remove();
});
beforeEach(() => {
  receiver.received.splice(0);
  receiver.answer = { status: 204 };
});

const idIn = (answer: Answer) => answer.headers['location']?.split('/').at(-1) ?? '';
const deliveriesOf = async (requestId: string, person: Person = 'audrey') =>
  (
    (await service.as(person)('get', `/v1/webhook-deliveries?requestId=${requestId}`).expect(200)).body as {
      items: WebhookDeliveryBody[];
    }
  ).items;

describe('a webhook', () => {
  it('that does not answer delays neither an issuance nor an answer', async () => {
    receiver.answer = 'silence';
    const ids: string[] = [];
    for (let i = 0; i < 15; i += 1) {
      const begun = Date.now();
      const answer = await service
        .as('alice')('post', '/v1/kubeconfigs')
        .send({ username: `user-${i}`, groups: ['team-a'] })
        .expect(201);
      ids.push(idIn(answer));
      // Waiting for a delivery attempt would take 15 s.
      expect(Date.now() - begun).toBeLessThan(10_000);
    }
    const deliveries = await Promise.all(ids.map((id) => deliveriesOf(id)));
    expect(deliveries.flat().map(({ state }) => state)).toEqual(ids.map(() => 'waiting'));
    // Cuts the connections, so that running attempts end.
    await receiver.stop();
    await receiver.restart();
    receiver.answer = { status: 204 };
    service.advance(60);
    for (const id of ids) await expect.poll(async () => (await deliveriesOf(id))[0]?.state).toBe('delivered');
  });
});
