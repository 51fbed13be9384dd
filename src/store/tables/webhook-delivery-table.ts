import type { Page, PageQuery } from '../../model/outcome.js';
import type {
  WebhookDelivery,
  WebhookDeliveryFilter,
  WebhookDeliveryState,
  WebhookEventType,
} from '../../model/webhook-delivery.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertInto, rowOf, type Statement, type StatementsBy } from '../steps/statement.js';
import type { Conflict } from '../steps/step.js';
import type { ListOrder } from '../lists/list.js';
import { readPage } from '../lists/read-page.js';

/** The statements of the outbox. */
export const webhookStatements = {
  enqueueWebhooks: ({ deliveries }) =>
    deliveries.map((delivery) => insertInto('WebhookDelivery', rowOf(Prisma.WebhookDeliveryScalarFieldEnum, delivery))),

  beginWebhookAttempt: ({ id, owner, attempt, leaseUntil, now }) => ({
    sql: `UPDATE "WebhookDelivery" SET "owner" = ?, "attempts" = ?, "nextAttemptAt" = ?
      WHERE "id" = ? AND "state" = 'waiting' AND "nextAttemptAt" <= ? AND "attempts" = ?`,
    parameters: [owner, attempt, leaseUntil, id, now, attempt - 1],
    unlessChanged: conflict(id),
  }),

  endWebhookAttempt({ id, owner, attempt, at, end }) {
    const ended = end.state !== 'waiting';
    const nextAttemptAt = ended ? null : end.nextAttemptAt;
    const failure = end.state === 'delivered' ? null : end.failure;
    return {
      sql: `UPDATE "WebhookDelivery" SET "state" = ?, "nextAttemptAt" = ?, "owner" = NULL, "lastFailure" = COALESCE(?, "lastFailure"), "endedAt" = ?
        WHERE "id" = ? AND "state" = 'waiting' AND "owner" = ? AND "attempts" = ?`,
      parameters: [end.state, nextAttemptAt, failure, ended ? at : null, id, owner, attempt],
      unlessChanged: conflict(id),
    };
  },

  abandonWebhook: ({ id, failure, at }) => ({
    sql: `UPDATE "WebhookDelivery" SET "state" = 'dead', "nextAttemptAt" = NULL, "owner" = NULL, "lastFailure" = ?, "endedAt" = ?
      WHERE "id" = ? AND "state" = 'waiting' AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
    parameters: [failure, at, id, at],
    unlessChanged: conflict(id),
  }),

  /** The count starts again only where the delivery had ended; otherwise its schedule goes on. */
  retryWebhook: ({ id, at }) => ({
    sql: `UPDATE "WebhookDelivery"
      SET "attempts" = CASE "state" WHEN 'waiting' THEN "attempts" ELSE 0 END,
        "state" = 'waiting', "nextAttemptAt" = ?, "owner" = NULL, "endedAt" = NULL
      WHERE "id" = ? AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
    parameters: [at, id, at],
  }),

  forgetWebhooks: ({ deliveredBefore, deadBefore }) => [
    forget('delivered', deliveredBefore),
    forget('dead', deadBefore),
  ],
} satisfies Partial<StatementsBy>;

const forget = (state: 'delivered' | 'dead', before: Date): Statement => ({
  sql: `DELETE FROM "WebhookDelivery" WHERE "id" IN
    (SELECT "id" FROM "WebhookDelivery" WHERE "state" = ? AND "endedAt" < ? LIMIT 1000)`,
  parameters: [state, before],
});

const conflict = (id: string): Conflict => ({ kind: 'webhookDelivery', id });

/** Ids are UUIDv7s with a prefix, so they sort by creation. */
const newestFirst: ListOrder = {
  name: 'webhook-deliveries/newest',
  columns: [{ name: 'id', holds: 'texts' }],
  direction: 'descending',
};

/** Reads the outbox. */
export class WebhookDeliveryTable {
  constructor(private readonly prisma: PrismaClient) {}

  async find(id: string): Promise<WebhookDelivery | null> {
    const row = await this.prisma.webhookDelivery.findUnique({ where: { id } });
    return row && webhookDeliveryOf(row);
  }

  /** Newest first. */
  list(filter: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>> {
    return readPage(page, newestFirst, async (after, take) => {
      const rows = await this.prisma.webhookDelivery.findMany({
        where: { ...filter, ...(after && { id: { lt: after[0] as string } }) },
        orderBy: { id: 'desc' },
        take,
      });
      return { records: rows.map((row) => ({ key: [row.id], item: webhookDeliveryOf(row) })) };
    });
  }

  /** The due deliveries of this webhook without an attempt under way, longest due first. */
  async due(webhook: string, now: Date, limit: number): Promise<readonly WebhookDelivery[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { state: 'waiting', webhook, nextAttemptAt: { lte: now } },
      orderBy: { nextAttemptAt: 'asc' },
      take: limit,
    });
    return rows.map(webhookDeliveryOf);
  }

  /** The waiting deliveries of all webhooks but these, in no particular order. */
  async waitingForOthers(webhooks: readonly string[], limit: number): Promise<readonly WebhookDelivery[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { state: 'waiting', webhook: { notIn: [...webhooks] } },
      take: limit,
    });
    return rows.map(webhookDeliveryOf);
  }
}

const webhookDeliveryOf = (row: Prisma.WebhookDeliveryGetPayload<object>): WebhookDelivery => ({
  ...row,
  type: row.type as WebhookEventType,
  state: row.state as WebhookDeliveryState,
});
