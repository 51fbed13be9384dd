import { webhookDeliveryRow } from '../rows/webhook-delivery-row.js';
import type { Conflict, EndWebhookAttempt, Operation } from '../step.js';
import type { Statements } from './statements.js';

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

/** The part of `applyOperation` that is about the outbox. */
export function applyWebhookOperation(statements: Statements, operation: WebhookOperation): Conflict | null {
  switch (operation.op) {
    case 'enqueueWebhooks':
      for (const delivery of operation.deliveries) statements.insert('WebhookDelivery', webhookDeliveryRow(delivery));
      return null;
    case 'beginWebhookAttempt':
      return unless(
        statements.run(
          `UPDATE "WebhookDelivery" SET "owner" = ?, "attempts" = ?, "nextAttemptAt" = ?
            WHERE "id" = ? AND "state" = 'waiting' AND "nextAttemptAt" <= ? AND "attempts" = ?`,
          [
            operation.owner,
            operation.attempt,
            operation.leaseUntil,
            operation.id,
            operation.now,
            operation.attempt - 1,
          ],
        ),
        operation.id,
      );
    case 'endWebhookAttempt':
      return endAttempt(statements, operation);
    case 'abandonWebhook':
      return unless(
        statements.run(
          `UPDATE "WebhookDelivery" SET "state" = 'dead', "nextAttemptAt" = NULL, "owner" = NULL, "lastFailure" = ?, "endedAt" = ?
            WHERE "id" = ? AND "state" = 'waiting' AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
          [operation.failure, operation.at, operation.id, operation.at],
        ),
        operation.id,
      );
    case 'retryWebhook':
      // The count begins anew only where the delivery had ended: otherwise its schedule goes on.
      statements.run(
        `UPDATE "WebhookDelivery"
          SET "attempts" = CASE "state" WHEN 'waiting' THEN "attempts" ELSE 0 END,
            "state" = 'waiting', "nextAttemptAt" = ?, "owner" = NULL, "endedAt" = NULL
          WHERE "id" = ? AND ("owner" IS NULL OR "nextAttemptAt" <= ?)`,
        [operation.at, operation.id, operation.at],
      );
      return null;
    case 'forgetWebhooks':
      for (const [state, before] of [
        ['delivered', operation.deliveredBefore],
        ['dead', operation.deadBefore],
      ] as const)
        statements.run(
          `DELETE FROM "WebhookDelivery" WHERE "id" IN
            (SELECT "id" FROM "WebhookDelivery" WHERE "state" = ? AND "endedAt" < ? LIMIT ${String(forgottenAtOnce)})`,
          [state, before],
        );
      return null;
  }
}

function endAttempt(statements: Statements, { id, owner, attempt, at, end }: EndWebhookAttempt): Conflict | null {
  const failure = end.state === 'delivered' ? null : end.failure;
  const changes = statements.run(
    `UPDATE "WebhookDelivery" SET "state" = ?, "nextAttemptAt" = ?, "owner" = NULL, "lastFailure" = COALESCE(?, "lastFailure"), "endedAt" = ?
      WHERE "id" = ? AND "state" = 'waiting' AND "owner" = ? AND "attempts" = ?`,
    [
      end.state,
      end.state === 'waiting' ? end.nextAttemptAt : null,
      failure,
      end.state === 'waiting' ? null : at,
      id,
      owner,
      attempt,
    ],
  );
  return unless(changes, id);
}

const unless = (changes: number, id: string): Conflict | null => (changes > 0 ? null : { kind: 'webhookDelivery', id });
