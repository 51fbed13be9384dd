// Tests src/webhooks/webhook-dispatcher.ts
import { randomBytes } from 'node:crypto';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookDelivery } from '../../../src/model/webhook-delivery.js';
import { httpsSender } from '../../../src/webhooks/https-sender.js';
import type { Writer } from '../../../src/store/steps/step.js';
import { enqueueWebhooks } from '../../../src/store/tables/webhook-delivery-table.js';
import { attemptsAtOnce, WebhookDispatcher } from '../../../src/webhooks/webhook-dispatcher.js';
import { readWebhookSecrets } from '../../../src/webhooks/sign-webhook.js';
import type { Webhook } from '../../../src/webhooks/webhook.js';
import { WebhookReceiver } from '../../helpers/webhook-receiver.js';
import type { LogLine } from '../../helpers/composed-service.js';
import { aWebhookDelivery, testStore, type TestStore } from '../store/records.js';
import { quietMoment } from '../../helpers/quiet-moment.js';
import { executes } from '../../helpers/operations.js';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

let receiver: WebhookReceiver;
let opened: TestStore;
let now: number;
let lines: LogLine[];
const running: WebhookDispatcher[] = [];
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  opened = await testStore();
  now = Date.now();
  lines = [];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((dispatcher) => dispatcher.stop(0)));
  await receiver.stop();
});

function webhookTo(url: string, name = 'chat', timeoutMilliseconds = 10_000): Webhook {
  const read = readWebhookSecrets(secret);
  if (!read.ok) throw new Error(read.message);
  const sender = httpsSender({ url, certificateAuthority: receiver.caPem, timeoutMilliseconds, connections: 10 });
  return { name, events: ['certificate_request.pending'], clusters: null, secrets: read.secrets, sender };
}

function dispatcherOf(
  webhooks: readonly Webhook[] = [webhookTo(receiver.url)],
  owner = 'process-1',
  wrap: (writer: Writer) => Writer = (writer) => writer,
): WebhookDispatcher {
  const log = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  const dispatcher = new WebhookDispatcher({
    webhooks,
    store: { webhookDeliveries: opened.store.webhookDeliveries, writer: wrap(opened.store.writer) },
    clock: () => new Date(now),
    random: randomBytes,
    owner,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    roundMilliseconds: 20,
  });
  running.push(dispatcher);
  dispatcher.start();
  return dispatcher;
}

async function enqueue(count: number, overrides: Partial<WebhookDelivery> = {}): Promise<readonly WebhookDelivery[]> {
  const createdAt = new Date(now);
  const deliveries = Array.from({ length: count }, () => aWebhookDelivery({ createdAt, ...overrides }));
  await opened.commit([enqueueWebhooks(deliveries)]);
  return deliveries;
}
async function enqueueOne(overrides: Partial<WebhookDelivery> = {}): Promise<WebhookDelivery> {
  const [delivery = expect.fail('none')] = await enqueue(1, overrides);
  return delivery;
}
const find = async ({ id }: WebhookDelivery) => {
  const found = await opened.store.webhookDeliveries.find(id);
  if (found === null) throw new Error(`${id} is not there`);
  return found;
};
const until = (delivery: WebhookDelivery, expected: Partial<WebhookDelivery>) =>
  expect.poll(() => find(delivery)).toMatchObject(expected);
const rest = (milliseconds = 150) => quietMoment(milliseconds);

describe('a delivery', () => {
  it('is sent once, signed, with the payload as it is stored', async () => {
    const payload = '{"type":"x","text":"ä 😀"}';
    const delivery = await enqueueOne({ payload });
    dispatcherOf();
    await until(delivery, {
      state: 'delivered',
      attempts: 1,
      nextAttemptAt: null,
      endedAt: new Date(now),
      owner: null,
    });
    await rest();
    const [{ headers, body } = expect.fail('none'), ...more] = receiver.received;
    expect(more).toEqual([]);
    expect(body).toBe(payload);
    expect(headers['webhook-id']).toBe(delivery.id);
    expect(headers['webhook-timestamp']).toBe(String(Math.floor(now / 1000)));
    expect(new Verifier(secret).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(payload));
  });

  it('is sent at once where the dispatcher is woken', async () => {
    const dispatcher = dispatcherOf();
    await rest(50);
    const delivery = await enqueueOne();
    dispatcher.wake();
    await until(delivery, { state: 'delivered' });
  });

  it('is tried again when it is due, under the same id, with a timestamp and signature of that attempt', async () => {
    receiver.answers.push({ status: 500, body: 'secret details of the receiver' }, 'reset');
    const delivery = await enqueueOne();
    dispatcherOf();
    await until(delivery, { state: 'waiting', attempts: 1, lastFailure: 'answered 500' });
    const { nextAttemptAt } = await find(delivery);
    expect(nextAttemptAt?.getTime()).toBeGreaterThanOrEqual(now + 5000);
    expect(nextAttemptAt?.getTime()).toBeLessThanOrEqual(now + 6500);
    await rest();
    expect(receiver.received).toHaveLength(1);

    now += 6500;
    await until(delivery, { attempts: 2, lastFailure: expect.stringMatching(/^not reached: /) as string, owner: null });
    now += 40_000;
    await until(delivery, { state: 'delivered', attempts: 3 });
    expect(receiver.ids).toEqual([delivery.id, delivery.id, delivery.id]);
    const signatures = receiver.received.map(({ headers }) => headers['webhook-signature']);
    expect(new Set(signatures).size).toBe(3);
    expect(JSON.stringify(await find(delivery))).not.toContain('secret details');
  });

  it('is given up after the last attempt: dead, on record and in the log', async () => {
    receiver.answer = { status: 500 };
    const delivery = await enqueueOne({ attempts: 9, requestId: '01a21584-8c31-7656-bd94-c3c003ce2777' });
    dispatcherOf();
    await until(delivery, { state: 'dead', attempts: 10, lastFailure: 'answered 500', nextAttemptAt: null });
    now += 90 * 86_400_000;
    await rest();
    expect(receiver.received).toHaveLength(1);
    const events = await opened.store.auditEvents.chunk(0, 10);
    expect(events).toMatchObject([
      {
        type: 'WebhookDeliveryFailed',
        principal: null,
        requestId: '01a21584-8c31-7656-bd94-c3c003ce2777',
        details: { deliveryId: delivery.id, webhook: 'chat', attempts: 10, failure: 'answered 500' },
      },
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a webhook delivery is given up' }),
    );
  });

  it('is given up at once where the receiver is gone', async () => {
    receiver.answer = { status: 410 };
    const delivery = await enqueueOne();
    dispatcherOf();
    await until(delivery, { state: 'dead', attempts: 1 });
  });

  it('of a webhook that is no longer configured is given up when the service starts', async () => {
    const gone = await enqueue(250, { webhook: 'gone' });
    const kept = await enqueueOne({ nextAttemptAt: new Date(now + 1_000_000) });
    dispatcherOf();
    for (const delivery of gone)
      await until(delivery, { state: 'dead', lastFailure: 'the webhook is no longer configured', attempts: 0 });
    expect(await find(kept)).toMatchObject({ state: 'waiting' });
    expect((await opened.store.auditEvents.head()).seq).toBe(250);
  });
});

describe('a dispatcher', () => {
  it('logs when a webhook begins to fail and when it works again, and not each attempt', async () => {
    receiver.answer = { status: 503 };
    const deliveries = await enqueue(3);
    dispatcherOf();
    for (const delivery of deliveries) await until(delivery, { attempts: 1, owner: null });
    receiver.answer = { status: 200 };
    now += 10_000;
    for (const delivery of deliveries) await until(delivery, { state: 'delivered' });
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: a webhook fails, deliveries are tried again',
      'info: a webhook works again',
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/whsec_|hook\?room/);
  });

  it('makes only so many attempts at the same time, and goes on as they end', async () => {
    const answering: (() => void)[] = [];
    receiver.answer = (response) => {
      answering.push(() => {
        response.writeHead(204).end();
      });
    };
    const deliveries = await enqueue(25);
    dispatcherOf([webhookTo(receiver.url)]);
    await receiver.until(attemptsAtOnce);
    await rest();
    expect(receiver.received).toHaveLength(attemptsAtOnce);
    receiver.answer = { status: 204 };
    for (const answer of answering) answer();
    for (const delivery of deliveries) await until(delivery, { state: 'delivered', attempts: 1 });
    expect(new Set(receiver.ids).size).toBe(25);
  });

  it('has no webhook wait for another that does not answer', async () => {
    const slow = await WebhookReceiver.start();
    slow.answer = 'silence';
    await enqueue(30, { webhook: 'slow' });
    const delivery = await enqueueOne();
    dispatcherOf([webhookTo(slow.url, 'slow', 600_000), webhookTo(receiver.url)]);
    await until(delivery, { state: 'delivered' });
    await slow.stop();
  });

  it('leaves a receiver alone for as long as it asks for, with everything', async () => {
    receiver.answers.push({ status: 429, headers: { 'retry-after': '60' } });
    const first = await enqueueOne();
    dispatcherOf();
    await until(first, { attempts: 1, owner: null });
    const second = await enqueueOne();
    now += 59_000;
    await rest();
    expect(receiver.received).toHaveLength(1);
    now += 2_000;
    for (const delivery of [first, second]) await until(delivery, { state: 'delivered' });
  });

  it('leaves it alone also where another attempt, begun before, ends well', async () => {
    let answer = () => {};
    receiver.answers.push(
      (response) => {
        answer = () => response.writeHead(204).end();
      },
      { status: 429, headers: { 'retry-after': '60' } },
    );
    const dispatcher = dispatcherOf();
    const first = await enqueueOne();
    dispatcher.wake();
    await receiver.until(1);
    const second = await enqueueOne();
    dispatcher.wake();
    await until(second, { attempts: 1, owner: null });
    answer();
    await until(first, { state: 'delivered' });
    await enqueueOne();
    dispatcher.wake();
    now += 59_000;
    await rest();
    expect(receiver.received).toHaveLength(2);
  });

  it('shares a store with another one: each delivery is sent once', async () => {
    const deliveries = await enqueue(60);
    dispatcherOf([webhookTo(receiver.url)], 'process-1');
    dispatcherOf([webhookTo(receiver.url)], 'process-2');
    for (const delivery of deliveries) await until(delivery, { state: 'delivered', attempts: 1 });
    await rest();
    expect(receiver.received).toHaveLength(60);
    expect(new Set(receiver.ids).size).toBe(60);
  });

  it('that dies in the middle of an attempt leaves it to the next one, after its lease and under the same id', async () => {
    receiver.answer = 'silence';
    const delivery = await enqueueOne();
    const dying = dispatcherOf([webhookTo(receiver.url)], 'process-1');
    await receiver.until(1);
    await dying.stop(0);
    expect(await find(delivery)).toMatchObject({ state: 'waiting', attempts: 1, owner: 'process-1' });

    receiver.answer = { status: 204 };
    dispatcherOf([webhookTo(receiver.url)], 'process-2');
    now += 59_000;
    await rest();
    expect(receiver.received).toHaveLength(1);
    now += 1_000;
    await until(delivery, { state: 'delivered', attempts: 2 });
    expect(receiver.ids).toEqual([delivery.id, delivery.id]);
  });

  it('finishes what is under way when it is stopped, and begins nothing more', async () => {
    let answer = () => {};
    receiver.answer = (response) => {
      answer = () => response.writeHead(204).end();
    };
    const delivery = await enqueueOne();
    const dispatcher = dispatcherOf([webhookTo(receiver.url)]);
    await receiver.until(1);
    const stopping = dispatcher.stop(5_000);
    const later = await enqueueOne();
    dispatcher.wake();
    answer();
    await stopping;
    expect(await find(delivery)).toMatchObject({ state: 'delivered' });
    expect(await find(later)).toMatchObject({ state: 'waiting', attempts: 0 });
  });

  it('takes nothing for delivered that could not be recorded, and asks a store that fails only now and then', async () => {
    let failing = true;
    let begins = 0;
    const delivery = await enqueueOne();
    dispatcherOf([webhookTo(receiver.url)], 'process-1', (writer) => ({
      commit(step) {
        const isBegin = executes(step, 'SET "owner" = ?');
        if (isBegin) begins += 1;
        const isFull = isBegin ? begins <= 3 : failing && executes(step, 'SET "state" = ?');
        return isFull ? Promise.reject(new Error('disk full')) : writer.commit(step);
      },
    }));
    await receiver.until(1);
    // Three rounds of 20 ms that came to nothing, and the one that did.
    expect(begins).toBe(4);
    await rest();
    expect(await find(delivery)).toMatchObject({ state: 'waiting', owner: 'process-1' });
    failing = false;
    now += 60_000;
    await until(delivery, { state: 'delivered', attempts: 2 });
  });
});
