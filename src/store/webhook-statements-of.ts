import { webhookDeliveryRow } from './tables/webhook-delivery-table.js';
import { insertInto, type Statement } from './statement.js';
import type { Conflict, EndWebhookAttempt, Operation } from './step.js';

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

/** The part of `statementsOf` that is about the outbox. */
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
          // The count begins anew only where the delivery had ended: otherwise its schedule goes on.
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
