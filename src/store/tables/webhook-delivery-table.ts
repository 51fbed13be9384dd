import type { Page, PageQuery } from '../../model/outcome.js';
import type {
  WebhookAttemptEnd,
  WebhookDelivery,
  WebhookDeliveryFilter,
  WebhookDeliveryState,
  WebhookEventType,
} from '../../model/webhook-delivery.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertInto, rowOf, type Conflict, type Statement } from '../steps/statement.js';
import type { Write } from '../steps/step.js';
import type { ListOrder } from '../lists/list.js';
import { readPage } from '../lists/read-page.js';

/** Announces the step's other operations. */
export const enqueueWebhooks = (deliveries: readonly WebhookDelivery[]): Write => ({
  statements: () =>
    deliveries.map((delivery) => insertInto('WebhookDelivery', rowOf(Prisma.WebhookDeliveryScalarFieldEnum, delivery))),
  tells: { webhooks: deliveries },
});

interface WebhookAttempt {
  readonly id: string;
  readonly owner: string;
  /** 1 for the first. */
  readonly attempt: number;
}

interface BegunAttempt extends WebhookAttempt {
  readonly now: Date;
  readonly leaseUntil: Date;
}

/**
 * Begins the next attempt of a delivery that is due; conflicts where this attempt has begun already, because another
 * process was faster. The delivery is due again at `leaseUntil`; until then it belongs to this attempt.
 */
export const beginWebhookAttempt = ({ id, owner, attempt, now, leaseUntil }: BegunAttempt): Write => ({
  statements: () => ({
    sql: `UPDATE "WebhookDelivery" SET "owner" = ?, "attempts" = ?, "nextAttemptAt" = ?
      WHERE "id" = ? AND "state" = 'waiting' AND "nextAttemptAt" <= ? AND "attempts" = ?`,
    parameters: [owner, attempt, leaseUntil, id, now, attempt - 1],
    unlessChanged: conflict(id),
  }),
});

interface EndedAttempt extends WebhookAttempt {
  readonly at: Date;
  readonly end: WebhookAttemptEnd;
}

/** Ends an attempt of a delivery; conflicts where another attempt has begun since. */
export const endWebhookAttempt = ({ id, owner, attempt, at, end }: EndedAttempt): Write => ({
  statements() {
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
});

interface AbandonedDelivery {
  readonly id: string;
  readonly failure: string;
  readonly at: Date;
}

/** Gives up a waiting delivery; conflicts where it does not wait or an attempt is under way at `at`. */
export const abandonWebhook = ({ id, failure, at }: AbandonedDelivery): Write => ({
  statements: () => ({
    sql: `UPDATE "WebhookDelivery" SET "state" = 'dead', "nextAttemptAt" = NULL, "owner" = NULL, "lastFailure" = ?, "endedAt" = ?
      WHERE "id" = ? AND "state" = 'waiting' AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
    parameters: [failure, at, id, at],
    unlessChanged: conflict(id),
  }),
});

/**
 * Makes a delivery due at once, however it ended; does nothing while an attempt is under way. The count starts again
 * only where the delivery had ended; otherwise its schedule goes on.
 */
export const retryWebhook = ({ id, at }: { readonly id: string; readonly at: Date }): Write => ({
  statements: () => ({
    sql: `UPDATE "WebhookDelivery"
      SET "attempts" = CASE "state" WHEN 'waiting' THEN "attempts" ELSE 0 END,
        "state" = 'waiting', "nextAttemptAt" = ?, "owner" = NULL, "endedAt" = NULL
      WHERE "id" = ? AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
    parameters: [at, id, at],
  }),
});

interface ForgottenDeliveries {
  readonly deliveredBefore: Date;
  readonly deadBefore: Date;
}

/** Deletes at most 1,000 of each kind, so that other steps do not wait for long. */
export const forgetWebhooks = ({ deliveredBefore, deadBefore }: ForgottenDeliveries): Write => ({
  statements: () => [forget('delivered', deliveredBefore), forget('dead', deadBefore)],
});

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
  list({ checkpoints, ...filter }: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>> {
    const others = checkpoints === 'false' && { type: { not: 'audit.checkpoint' satisfies WebhookEventType } };
    return readPage(page, newestFirst, async (after, take) => {
      const rows = await this.prisma.webhookDelivery.findMany({
        where: { ...filter, ...others, ...(after && { id: { lt: after[0] as string } }) },
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
