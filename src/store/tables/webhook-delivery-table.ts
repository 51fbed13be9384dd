import type { Page, PageQuery } from '../../model/outcome.js';
import type {
  WebhookDelivery,
  WebhookDeliveryFilter,
  WebhookDeliveryState,
  WebhookEventType,
} from '../../model/webhook-delivery.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertInto, type Columns, type Statement } from '../steps/statement.js';
import type { Conflict, EndWebhookAttempt, Operation } from '../steps/step.js';
import type { ListOrder } from '../lists/list.js';
import { readPage } from '../lists/read-page.js';

const webhookDeliveryColumns = {
  id: true,
  webhook: true,
  type: true,
  requestId: true,
  payload: true,
  state: true,
  createdAt: true,
  nextAttemptAt: true,
  attempts: true,
  owner: true,
  lastFailure: true,
  endedAt: true,
} as const satisfies Prisma.WebhookDeliverySelect;

type WebhookDeliveryRow = Prisma.WebhookDeliveryGetPayload<{ select: typeof webhookDeliveryColumns }>;

export function webhookDeliveryRow(delivery: WebhookDelivery): Columns<WebhookDeliveryRow> {
  return {
    id: delivery.id,
    webhook: delivery.webhook,
    type: delivery.type,
    requestId: delivery.requestId,
    payload: delivery.payload,
    state: delivery.state,
    createdAt: delivery.createdAt,
    nextAttemptAt: delivery.nextAttemptAt,
    attempts: delivery.attempts,
    owner: delivery.owner,
    lastFailure: delivery.lastFailure,
    endedAt: delivery.endedAt,
  };
}

type WebhookOperation = Extract<
  Operation,
  {
    readonly op:
      | 'enqueueWebhooks'
      | 'beginWebhookAttempt'
      | 'endWebhookAttempt'
      | 'abandonWebhook'
      | 'retryWebhook'
      | 'forgetWebhooks';
  }
>;

const forgottenAtOnce = 1000;

/** The statements of an operation on the outbox. */
export function webhookStatementsOf(operation: WebhookOperation): readonly Statement[] {
  switch (operation.op) {
    case 'enqueueWebhooks':
      return operation.deliveries.map((delivery) => insertInto('WebhookDelivery', webhookDeliveryRow(delivery)));
    case 'beginWebhookAttempt': {
      const { id, owner, attempt, leaseUntil, now } = operation;
      return [
        {
          sql: `UPDATE "WebhookDelivery" SET "owner" = ?, "attempts" = ?, "nextAttemptAt" = ?
            WHERE "id" = ? AND "state" = 'waiting' AND "nextAttemptAt" <= ? AND "attempts" = ?`,
          parameters: [owner, attempt, leaseUntil, id, now, attempt - 1],
          unlessChanged: conflict(id),
        },
      ];
    }
    case 'endWebhookAttempt':
      return [endAttempt(operation)];
    case 'abandonWebhook': {
      const { id, failure, at } = operation;
      return [
        {
          sql: `UPDATE "WebhookDelivery" SET "state" = 'dead', "nextAttemptAt" = NULL, "owner" = NULL, "lastFailure" = ?, "endedAt" = ?
            WHERE "id" = ? AND "state" = 'waiting' AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
          parameters: [failure, at, id, at],
          unlessChanged: conflict(id),
        },
      ];
    }
    case 'retryWebhook': {
      const { id, at } = operation;
      return [
        {
          // The count starts again only where the delivery had ended; otherwise its schedule goes on.
          sql: `UPDATE "WebhookDelivery"
            SET "attempts" = CASE "state" WHEN 'waiting' THEN "attempts" ELSE 0 END,
              "state" = 'waiting', "nextAttemptAt" = ?, "owner" = NULL, "endedAt" = NULL
            WHERE "id" = ? AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
          parameters: [at, id, at],
        },
      ];
    }
    case 'forgetWebhooks':
      return [forget('delivered', operation.deliveredBefore), forget('dead', operation.deadBefore)];
  }
}

function endAttempt({ id, owner, attempt, at, end }: EndWebhookAttempt): Statement {
  const ended = end.state !== 'waiting';
  return {
    sql: `UPDATE "WebhookDelivery" SET "state" = ?, "nextAttemptAt" = ?, "owner" = NULL, "lastFailure" = COALESCE(?, "lastFailure"), "endedAt" = ?
      WHERE "id" = ? AND "state" = 'waiting' AND "owner" = ? AND "attempts" = ?`,
    parameters: [
      end.state,
      ended ? null : end.nextAttemptAt,
      end.state === 'delivered' ? null : end.failure,
      ended ? at : null,
      id,
      owner,
      attempt,
    ],
    unlessChanged: conflict(id),
  };
}

const forget = (state: 'delivered' | 'dead', before: Date): Statement => ({
  sql: `DELETE FROM "WebhookDelivery" WHERE "id" IN
    (SELECT "id" FROM "WebhookDelivery" WHERE "state" = ? AND "endedAt" < ? LIMIT ${String(forgottenAtOnce)})`,
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
    const row = await this.prisma.webhookDelivery.findUnique({ where: { id }, select: webhookDeliveryColumns });
    return row && webhookDeliveryOf(row);
  }

  /** Newest first. */
  list(filter: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>> {
    return readPage(page, newestFirst, async (after, take) => {
      const rows = await this.prisma.webhookDelivery.findMany({
        where: { AND: [where(filter), after ? { id: { lt: after[0] as string } } : {}] },
        orderBy: { id: 'desc' },
        take,
        select: webhookDeliveryColumns,
      });
      const records = rows.map((row) => ({ key: [row.id], item: webhookDeliveryOf(row) }));
      return { records, goesOnBehind: null };
    });
  }

  /** The due deliveries of this webhook without an attempt under way, longest due first. */
  async due(webhook: string, now: Date, limit: number): Promise<readonly WebhookDelivery[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { state: 'waiting', webhook, nextAttemptAt: { lte: now } },
      orderBy: { nextAttemptAt: 'asc' },
      take: limit,
      select: webhookDeliveryColumns,
    });
    return rows.map(webhookDeliveryOf);
  }

  /** The waiting deliveries of all webhooks but these, in no particular order. */
  async waitingForOthers(webhooks: readonly string[], limit: number): Promise<readonly WebhookDelivery[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { state: 'waiting', webhook: { notIn: [...webhooks] } },
      take: limit,
      select: webhookDeliveryColumns,
    });
    return rows.map(webhookDeliveryOf);
  }
}

function where(filter: WebhookDeliveryFilter): Prisma.WebhookDeliveryWhereInput {
  return {
    ...(filter.state !== undefined && { state: filter.state }),
    ...(filter.webhook !== undefined && { webhook: filter.webhook }),
    ...(filter.requestId !== undefined && { requestId: filter.requestId }),
  };
}

function webhookDeliveryOf(row: WebhookDeliveryRow): WebhookDelivery {
  return { ...row, type: row.type as WebhookEventType, state: row.state as WebhookDeliveryState };
}
