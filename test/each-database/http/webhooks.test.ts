// Tests src/webhooks/webhook-events.ts, src/webhooks/webhook-routes.ts, src/webhooks/webhook-deliveries.ts,
// src/webhooks/event-payload.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook as Verifier } from 'standardwebhooks';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventPayload } from '../../../src/webhooks/event-payload.js';
import type { WebhookDeliveryBody } from '../../../src/webhooks/webhook-routes.js';
import { localAuthority } from '../../helpers/local-authority.js';
import type { IdentityBlock } from '../../../src/model/identity.js';
import type { Announcement } from '../../../src/model/webhook-delivery.js';
import { deliveriesOf as announced, type Webhook } from '../../../src/webhooks/webhook.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { WebhookReceiver, type ReceivedWebhook } from '../../helpers/webhook-receiver.js';
import { aCertificate } from '../../unit/store/records.js';
import { as, type Answer } from '../../http/support/call.js';
import { webhookSchemas } from '../../http/support/contract.js';
import { startService, type Person, type TestService } from '../../http/support/service.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

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

interface Event {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The event, after its signature and schema are checked against the contract. */
function eventIn({ headers, body }: ReceivedWebhook): Event {
  return checked(new Verifier(secret).verify(body, headers as Record<string, string>) as Event);
}

/** The event, after its schema is checked. */
function checked(event: Event): Event {
  const words = event.type.split(/[._]/);
  const name = `${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}Event`;
  const $defs = JSON.parse(JSON.stringify(webhookSchemas).replaceAll('#/components/schemas/', '#/$defs/')) as Record<
    string,
    object
  >;
  const schema = Compile({ $defs, $ref: `#/$defs/${name}` });
  expect(schema.Errors(event)[1]).toEqual([]);
  return event;
}

const ask = async (more: object = {}) => {
  const body = { username: 'jane', groups: ['ops-eu'], reason: 'on call', ...more };
  return service.as('alice')('post', '/v1/certificate-requests').send(body);
};
const idIn = (answer: Answer) => answer.headers['location']?.split('/').at(-1) ?? '';
const deliveriesOf = async (requestId: string, person: Person = 'audrey') =>
  (
    (await service.as(person)('get', `/v1/webhook-deliveries?requestId=${requestId}`).expect(200)).body as {
      items: WebhookDeliveryBody[];
    }
  ).items;

describe('a webhook', () => {
  it('tells of a request that waits, and of its denial', async () => {
    const id = idIn(await ask());
    expect(eventIn((await receiver.until(1))[0]!)).toMatchObject({
      type: 'certificate_request.pending',
      data: { requestId: id, state: 'pending', username: 'jane', reason: 'on call', requester: 'alice' },
    });
    await service.as('bob')('post', `/v1/certificate-requests/${id}/deny`).send({ comment: 'no' }).expect(200);
    expect(eventIn((await receiver.until(2))[1]!)).toMatchObject({
      type: 'certificate_request.denied',
      data: { requestId: id, denial: { reason: 'DeniedByApprover', deniedBy: 'bob', comment: 'no' } },
    });
  });

  it('tells of a request that policy denies, with what speaks against it', async () => {
    const id = idIn(await ask({ groups: ['blocked'] }));
    expect(eventIn((await receiver.until(1))[0]!)).toMatchObject({
      type: 'certificate_request.denied',
      data: {
        requestId: id,
        policy: null,
        denial: { reason: 'PolicyDenied', deniedBy: null, violations: [{ source: 'nobody-blocked' }, {}, {}] },
      },
    });
  });

  it('tells of a certificate once, however it was asked for, and says nothing secret', async () => {
    const kubeconfig = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ username: 'jane', groups: ['team-a'] })
      .expect(201);
    const { pem } = await csrFor('jane', ['team-a']);
    const issued = await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr: pem })
      .expect(201);
    const received = await receiver.until(2);
    const events = received.map(eventIn);
    expect(events.map(({ type }) => type)).toEqual(['certificate_request.issued', 'certificate_request.issued']);
    expect(new Set(events.map(({ data }) => data['requestId']))).toEqual(new Set([idIn(kubeconfig), idIn(issued)]));
    expect(events.find(({ data }) => data['requestId'] === idIn(issued))?.data['certificate']).toMatchObject({
      fingerprintSha256: as.request(issued).certificate?.fingerprintSha256,
      serialNumber: as.request(issued).certificate?.serialNumber,
    });
    expect(JSON.stringify(received)).not.toMatch(/BEGIN|LS0t|PRIVATE|apiVersion/);
    await quietMoment(200);
    expect(receiver.received).toHaveLength(2);
  });
});

describe('a webhook about no request', () => {
  const certificate = aCertificate({ id: '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f' });
  const at = certificate.issuedAt;
  const revocation = { reason: 'keyCompromise', comment: 'lost', revokedAt: at, revokedBy: 'bob' } as const;
  const block: IdentityBlock = {
    ...{ username: 'jane', clusters: ['demo'], reason: 'unspecified' as const, comment: null },
    ...{ until: at, blockedAt: at, blockedBy: 'hr' },
  };
  const announcements: readonly Announcement[] = [
    { event: 'certificate.expiring', at, certificate, seconds: 600 },
    { event: 'certificate.revoked', at, certificate: { ...certificate, supersededBy: 'ab'.repeat(32) }, revocation },
    { event: 'identity.blocked', at, block, revokedCertificates: 1, cancelledRequests: 0 },
    { event: 'identity.unblocked', at, block: { ...block, clusters: null }, unblockedBy: 'hr', comment: 'is back' },
  ];

  it.each(announcements)('is as the contract says: $event', (announcement) => {
    const chat: Webhook = {
      ...{ name: 'chat', events: [announcement.event], clusters: null, secrets: [] },
      sender: { send: () => Promise.resolve({ kind: 'abandoned' }), close() {} },
    };
    const [delivery] = announced([chat], randomBytes, eventPayload)(announcement);
    expect(delivery).toMatchObject({ type: announcement.event, requestId: null });
    expect(checked(JSON.parse(delivery?.payload ?? '') as Event).type).toBe(announcement.event);
  });
});

describe('/v1/webhook-deliveries', () => {
  it('shows what was given up and why, which the audit log has too, and sends it again when told to', async () => {
    receiver.answer = { status: 410, body: 'what the receiver says to itself' };
    const id = idIn(await ask());
    const one = async () => (await deliveriesOf(id))[0];
    await expect.poll(async () => (await one())?.state).toBe('dead');
    const dead = await one();
    expect(dead).toMatchObject({
      webhook: 'chat',
      type: 'certificate_request.pending',
      attempts: 1,
      nextAttemptAt: null,
      lastFailure: 'answered 410: it wants no more of this',
    });
    const events = await service.as('audrey')('get', `/v1/audit-events?requestId=${id}&type=WebhookDeliveryFailed`);
    expect(as.events(events).items).toMatchObject([
      { principal: null, details: { deliveryId: dead?.id, webhook: 'chat', failure: dead?.lastFailure } },
    ]);
    expect(service.log()).toContain('a webhook delivery is given up');
    for (const leak of ['what the receiver says', secret.slice(6, 30), 'room=1'])
      expect(service.log(), leak).not.toContain(leak);

    receiver.answer = { status: 204 };
    const again = await service.as('root')('post', `/v1/webhook-deliveries/${dead?.id}/retry`).expect(202);
    expect(again.body).toMatchObject({ id: dead?.id });
    await expect.poll(async () => (await one())?.state).toBe('delivered');
    expect(receiver.ids).toEqual([dead?.id, dead?.id]);
    const retried = await service.as('audrey')('get', `/v1/audit-events?requestId=${id}&type=WebhookDeliveryRetried`);
    expect(as.events(retried).items).toMatchObject([
      { principal: 'root', details: { deliveryId: dead?.id, state: 'dead' } },
    ]);
  });

  it('is filtered and read page by page', async () => {
    for (let i = 0; i < 3; i += 1) await ask();
    await receiver.until(3);
    const list = async (query: string) =>
      (await service.as('root')('get', `/v1/webhook-deliveries?${query}`).expect(200)) as Answer & {
        body: { items: WebhookDeliveryBody[]; nextCursor: string | null };
      };
    await expect.poll(async () => (await list('state=waiting')).body.items.length).toBe(0);
    const first = await list('webhook=chat&state=delivered&limit=2');
    expect(first.body.items).toHaveLength(2);
    expect(first.headers['link']).toContain('rel="next"');
    const second = await list(`webhook=chat&state=delivered&limit=2&cursor=${first.body.nextCursor}`);
    const ids = [...first.body.items, ...second.body.items].map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect((await list('webhook=nobody')).body.items).toEqual([]);
    expect((await list('checkpoints=false&state=delivered&limit=3')).body.items.map(({ id }) => id)).toEqual(
      ids.slice(0, 3),
    );
    for (const wrong of ['state=lost', 'checkpoints=true', 'webhook=Chat', 'color=red', 'cursor=x', 'requestId='])
      expect((await service.as('root')('get', `/v1/webhook-deliveries?${wrong}`)).status, wrong).toBe(400);
  });

  it('knows no other delivery: 404', async () => {
    for (const id of ['msg_unknown', `msg_${'0'.repeat(60)}`, '%2e%2e'])
      await service.as('root')('post', `/v1/webhook-deliveries/${id}/retry`).expect(404);
  });

  it('takes nothing with a retry', async () => {
    const answer = await service.as('root')('post', '/v1/webhook-deliveries/msg_1/retry').send({ url: 'https://x' });
    expect(answer.status).toBe(400);
  });
});

it('tells that a certificate ends soon, with what the inventory says of it, once', async () => {
  const issued = await service
    .as('alice')('post', '/v1/kubeconfigs')
    .send({ username: 'ends-soon', groups: ['team-a'], expirationSeconds: 7200 })
    .expect(201);
  await receiver.until(1);
  service.advance(3700);
  // The service's clock is ahead, so a library would refuse the message.
  const event = checked(JSON.parse((await receiver.until(2))[1]!.body) as Event);
  const list = await service.as('root')('get', '/v1/certificates?username=ends-soon').expect(200);
  const {
    publicKey: _,
    orphan: _o,
    issuerFingerprintSha256: _i,
    ...seen
  } = (list.body as { items: Record<string, unknown>[] }).items[0]!;
  expect(event).toMatchObject({
    type: 'certificate.expiring',
    data: { ...seen, requestId: idIn(issued), status: 'valid', noticeSeconds: 3600 },
  });
  expect(JSON.stringify(event)).not.toMatch(/BEGIN|PRIVATE|pem/);
  const answer = await service.as('root')('get', '/v1/webhook-deliveries?limit=1').expect(200);
  const [delivery] = (answer.body as { items: WebhookDeliveryBody[] }).items;
  expect(delivery).toMatchObject({ type: 'certificate.expiring', requestId: null });
  const told = await service.as('audrey')('get', '/v1/audit-events?type=CertificateExpiring').expect(200);
  expect(as.events(told).items).toMatchObject([{ principal: null, details: { username: 'ends-soon', seconds: 3600 } }]);
});
