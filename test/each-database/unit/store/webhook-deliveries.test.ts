// Tests src/store/tables/webhook-delivery-table.ts
import { describe, expect, it } from 'vitest';
import type { WebhookAttemptEnd, WebhookDelivery } from '../../../../src/model/webhook-delivery.js';
import {
  abandonWebhook,
  beginWebhookAttempt,
  endWebhookAttempt,
  enqueueWebhooks,
  forgetWebhooks,
  retryWebhook,
} from '../../../../src/store/tables/webhook-delivery-table.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import {
  anEvent,
  aRequest,
  aWebhookDelivery,
  instant,
  testStore,
  type TestStore,
} from '../../../unit/store/records.js';

const committed = { committed: true };
const conflict = (id: string) => ({ committed: false, conflict: { kind: 'webhookDelivery', id } });
const at = (second: number) => new Date(instant('2026-03-01T10:00:00.000Z').getTime() + second * 1000);

const enqueue = ({ commit }: TestStore, ...deliveries: WebhookDelivery[]) => commit([enqueueWebhooks(deliveries)]);
const begin = ({ commit }: TestStore, id: string, owner: string, attempt: number, now: Date) => {
  const leaseUntil = new Date(now.getTime() + 60_000);
  return commit([beginWebhookAttempt({ id, owner, attempt, now, leaseUntil })]);
};

describe('webhook deliveries', () => {
  it('are there when, and only when, the step that they tell of is', async () => {
    const opened = await testStore();
    const request = aRequest();
    const [kept, lost] = [aWebhookDelivery(), aWebhookDelivery()];
    const step = (delivery: WebhookDelivery) =>
      opened.commit([enqueueWebhooks([delivery]), insertRequest(request)], [anEvent()]);
    expect(await step(kept)).toEqual(committed);
    expect(await step(lost)).toMatchObject({ committed: false });
    expect(await opened.store.webhookDeliveries.find(kept.id)).toStrictEqual(kept);
    expect(await opened.store.webhookDeliveries.find(lost.id)).toBeNull();
  });

  it('are listed without those of checkpoints, page by page', async () => {
    const opened = await testStore();
    const types = ['audit.checkpoint', 'certificate.revoked', 'audit.checkpoint', 'identity.blocked'] as const;
    const all = types.map((type, i) => aWebhookDelivery({ id: `msg_${i}`, type }));
    await enqueue(opened, ...all);
    const listed = async (filter: object, cursor: string | null = null): Promise<string[]> => {
      const { items, nextCursor } = await opened.store.webhookDeliveries.list(filter, { limit: 1, cursor });
      return [...items.map(({ id }) => id), ...(nextCursor === null ? [] : await listed(filter, nextCursor))];
    };
    expect(await listed({})).toEqual(['msg_3', 'msg_2', 'msg_1', 'msg_0']);
    expect(await listed({ checkpoints: 'false' })).toEqual(['msg_3', 'msg_1']);
    expect(await listed({ checkpoints: 'false', webhook: 'nobody' })).toEqual([]);
  });

  it('are due from their time on, by webhook, what has been due for longest first', async () => {
    const opened = await testStore();
    const [late, early, other] = [
      aWebhookDelivery({ nextAttemptAt: at(10) }),
      aWebhookDelivery({ nextAttemptAt: at(5) }),
      aWebhookDelivery({ webhook: 'portal', nextAttemptAt: at(1) }),
    ];
    await enqueue(opened, late, early, other);
    const due = async (second: number, limit = 10) =>
      (await opened.store.webhookDeliveries.due('chat', at(second), limit)).map(({ id }) => id);
    expect(await due(4)).toEqual([]);
    expect(await due(5)).toEqual([early.id]);
    expect(await due(10)).toEqual([early.id, late.id]);
    expect(await due(10, 1)).toEqual([early.id]);
  });

  it('are taken by one of many for an attempt, and by another once its lease has ended', async () => {
    const opened = await testStore();
    const delivery = aWebhookDelivery({ nextAttemptAt: at(0) });
    await enqueue(opened, delivery);
    const taken = await Promise.all(['a', 'b', 'c'].map((owner) => begin(opened, delivery.id, owner, 1, at(0))));
    expect(taken.map((result) => result.committed)).toEqual([true, false, false]);
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toStrictEqual({
      ...delivery,
      owner: 'a',
      attempts: 1,
      nextAttemptAt: at(60),
    });
    expect(await opened.store.webhookDeliveries.due('chat', at(59), 10)).toEqual([]);
    expect(await begin(opened, delivery.id, 'b', 2, at(59))).toEqual(conflict(delivery.id));
    // The delivery as it was read before that attempt began.
    expect(await begin(opened, delivery.id, 'b', 1, at(60))).toEqual(conflict(delivery.id));
    expect(await begin(opened, delivery.id, 'b', 2, at(60))).toEqual(committed);
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toMatchObject({ owner: 'b', attempts: 2 });
  });

  it('end with what the attempt under way came to, and with no other', async () => {
    const opened = await testStore();
    const delivery = aWebhookDelivery({ nextAttemptAt: at(0) });
    await enqueue(opened, delivery);
    await begin(opened, delivery.id, 'a', 1, at(0));
    await begin(opened, delivery.id, 'b', 2, at(60));
    const end = (owner: string, attempt: number) =>
      opened.commit([endWebhookAttempt({ id: delivery.id, owner, attempt, at: at(70), end: { state: 'delivered' } })]);
    expect(await end('a', 1)).toEqual(conflict(delivery.id));
    expect(await end('b', 1)).toEqual(conflict(delivery.id));
    expect(await end('a', 2)).toEqual(conflict(delivery.id));
    expect(await end('b', 2)).toEqual(committed);
    expect(await end('b', 2)).toEqual(conflict(delivery.id));
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toStrictEqual({
      ...delivery,
      state: 'delivered',
      attempts: 2,
      nextAttemptAt: null,
      endedAt: at(70),
    });
  });

  it('wait on after a failure, keep what it was, and die of the last', async () => {
    const opened = await testStore();
    const delivery = aWebhookDelivery({ nextAttemptAt: at(0) });
    await enqueue(opened, delivery);
    await begin(opened, delivery.id, 'a', 1, at(0));
    const end = (attempt: number, second: number, what: WebhookAttemptEnd) =>
      opened.commit([endWebhookAttempt({ id: delivery.id, owner: 'a', attempt, at: at(second), end: what })]);
    await end(1, 1, { state: 'waiting', failure: 'answered 503', nextAttemptAt: at(6) });
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toStrictEqual({
      ...delivery,
      attempts: 1,
      nextAttemptAt: at(6),
      lastFailure: 'answered 503',
    });
    await begin(opened, delivery.id, 'a', 2, at(6));
    await end(2, 7, { state: 'dead', failure: 'answered 410' });
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toMatchObject({
      state: 'dead',
      nextAttemptAt: null,
      lastFailure: 'answered 410',
      endedAt: at(7),
    });
    expect(await begin(opened, delivery.id, 'a', 3, at(100))).toEqual(conflict(delivery.id));
  });

  it('are given up only while they wait and nobody is at it', async () => {
    const opened = await testStore();
    const delivery = aWebhookDelivery({ nextAttemptAt: at(1000) });
    const abandon = (second: number) =>
      opened.commit([abandonWebhook({ id: delivery.id, failure: 'gone', at: at(second) })]);
    await enqueue(opened, delivery, aWebhookDelivery({ webhook: 'portal' }));
    expect(await opened.store.webhookDeliveries.waitingForOthers(['portal'], 10)).toEqual([delivery]);
    expect(await opened.store.webhookDeliveries.waitingForOthers(['portal', 'chat'], 10)).toEqual([]);
    expect(await opened.store.webhookDeliveries.waitingForOthers([], 1)).toHaveLength(1);
    await begin(opened, delivery.id, 'a', 1, at(1000));
    expect(await abandon(1059)).toEqual(conflict(delivery.id));
    expect(await abandon(1060)).toEqual(committed);
    expect(await abandon(1061)).toEqual(conflict(delivery.id));
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toMatchObject({
      state: 'dead',
      lastFailure: 'gone',
      owner: null,
      endedAt: at(1060),
    });
  });

  it.each(['delivered', 'dead'] as const)(
    'that are %s are due again where somebody says so, from the first attempt',
    async (state) => {
      const opened = await testStore();
      const delivery = aWebhookDelivery({ state, attempts: 10, nextAttemptAt: null, endedAt: at(1), lastFailure: 'x' });
      await enqueue(opened, delivery);
      await opened.commit([retryWebhook({ id: delivery.id, at: at(50) })]);
      expect(await opened.store.webhookDeliveries.find(delivery.id)).toStrictEqual({
        ...delivery,
        state: 'waiting',
        attempts: 0,
        nextAttemptAt: at(50),
        endedAt: null,
      });
    },
  );

  it('that wait are due at once where somebody says so, unless an attempt is under way', async () => {
    const opened = await testStore();
    const delivery = aWebhookDelivery({ attempts: 7, nextAttemptAt: at(1000) });
    await enqueue(opened, delivery);
    const retry = (second: number) => opened.commit([retryWebhook({ id: delivery.id, at: at(second) })]);
    await retry(5);
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toMatchObject({ attempts: 7, nextAttemptAt: at(5) });
    await begin(opened, delivery.id, 'a', 8, at(5));
    await retry(6);
    expect(await opened.store.webhookDeliveries.find(delivery.id)).toMatchObject({
      attempts: 8,
      nextAttemptAt: at(65),
      owner: 'a',
    });
  });

  it('are forgotten by age once they have ended, and never while they wait', async () => {
    const opened = await testStore();
    const ended = (state: 'delivered' | 'dead', second: number) =>
      aWebhookDelivery({ state, nextAttemptAt: null, endedAt: at(second) });
    const deliveries = [
      ended('delivered', 9),
      ended('delivered', 10),
      ended('dead', 4),
      ended('dead', 5),
      aWebhookDelivery({ createdAt: at(-1000), nextAttemptAt: at(-1000) }),
    ];
    await enqueue(opened, ...deliveries);
    await opened.commit([forgetWebhooks({ deliveredBefore: at(10), deadBefore: at(5) })]);
    const kept = await Promise.all(deliveries.map(({ id }) => opened.store.webhookDeliveries.find(id)));
    expect(kept.map((delivery) => delivery !== null)).toEqual([false, true, false, true, true]);
  });

  it('are listed newest first, by state, webhook and request, page by page', async () => {
    const opened = await testStore();
    const deliveries = Array.from({ length: 7 }, (_, i) =>
      aWebhookDelivery({
        createdAt: at(i),
        webhook: i % 2 === 0 ? 'chat' : 'portal',
        state: i < 3 ? 'dead' : 'waiting',
        requestId: i === 5 ? 'request-5' : 'request-1',
      }),
    );
    await enqueue(opened, ...deliveries);
    const ids = (...indexes: number[]) => indexes.map((i) => deliveries[i]?.id);
    const list = async (filter: object, limit = 50, cursor: string | null = null) => {
      const page = await opened.store.webhookDeliveries.list(filter, { limit, cursor });
      return { ids: page.items.map(({ id }) => id), nextCursor: page.nextCursor };
    };
    expect((await list({})).ids).toEqual(ids(6, 5, 4, 3, 2, 1, 0));
    expect((await list({ state: 'dead' })).ids).toEqual(ids(2, 1, 0));
    expect((await list({ webhook: 'portal' })).ids).toEqual(ids(5, 3, 1));
    expect((await list({ requestId: 'request-5' })).ids).toEqual(ids(5));
    expect((await list({ webhook: 'chat', state: 'waiting' })).ids).toEqual(ids(6, 4));
    const first = await list({}, 3);
    expect(first.ids).toEqual(ids(6, 5, 4));
    const second = await list({}, 3, first.nextCursor);
    expect(second.ids).toEqual(ids(3, 2, 1));
    expect(await list({}, 3, second.nextCursor)).toEqual({ ids: ids(0), nextCursor: null });
  });

  it.each([
    [
      'due',
      `SELECT "id" FROM "WebhookDelivery" WHERE "state" = ? AND "webhook" = ? AND "nextAttemptAt" <= ? ORDER BY "nextAttemptAt" LIMIT 10`,
    ],
    ['forgotten', `SELECT "id" FROM "WebhookDelivery" WHERE "state" = ? AND "endedAt" < ? LIMIT 1000`],
    [
      'listed by state',
      `SELECT "id" FROM "WebhookDelivery" WHERE "state" = ? AND "id" < ? ORDER BY "id" DESC LIMIT 50`,
    ],
    [
      'listed by webhook',
      `SELECT "id" FROM "WebhookDelivery" WHERE "webhook" = ? AND "id" < ? ORDER BY "id" DESC LIMIT 50`,
    ],
    [
      'listed by request',
      `SELECT "id" FROM "WebhookDelivery" WHERE "requestId" = ? AND "id" < ? ORDER BY "id" DESC LIMIT 50`,
    ],
  ])('that are %s are found along an index, without sorting', async (_what, sql) => {
    const { explain } = await testStore();
    // The value fits text columns and instants.
    const plan = await explain(sql.replaceAll('?', `'2026-03-01'`));
    expect(plan).toMatch(
      onPostgresql ? /Index (Only )?Scan (Backward )?using/ : /^SEARCH WebhookDelivery USING (COVERING )?INDEX/,
    );
    expect(plan).not.toMatch(/TEMP B-TREE|Sort/);
  });
});
