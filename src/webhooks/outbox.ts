import type { AuditEventDraft } from '../model/audit-event.js';
import type { Page, PageQuery } from '../model/page.js';
import type { WebhookAttemptEnd, WebhookDelivery, WebhookDeliveryFilter } from '../model/webhook-delivery.js';

/** The stored deliveries, for whoever carries them out. What is changed is on disk when the promise resolves. */
export interface Outbox {
  /** What is due for this webhook and has no attempt under way, what has been due for longest first. */
  due(webhook: string, now: Date, limit: number): Promise<readonly WebhookDelivery[]>;
  /** Takes a delivery for this attempt, until its lease ends; false where somebody else was faster. */
  begin(attempt: AttemptUnderWay, now: Date, leaseUntil: Date): Promise<boolean>;
  /** Records what an attempt came to; false where it is not the one under way any more. */
  end(attempt: AttemptUnderWay, at: Date, end: WebhookAttemptEnd, events: readonly AuditEventDraft[]): Promise<boolean>;
  /** What waits for any webhook but these. */
  waitingForOthers(webhooks: readonly string[], limit: number): Promise<readonly WebhookDelivery[]>;
  /** Gives a delivery up that waits; false where it has ended, or an attempt is under way. */
  abandon(id: string, failure: string, at: Date, event: AuditEventDraft): Promise<boolean>;
  /** Forgets some of what ended before these instants. */
  forget(deliveredBefore: Date, deadBefore: Date): Promise<void>;
}

export interface AttemptUnderWay {
  readonly id: string;
  readonly owner: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** The stored deliveries, for people. */
export interface DeliveryRecords {
  list(filter: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>>;
  find(id: string): Promise<WebhookDelivery | null>;
  /** Makes a delivery due at once; one that has an attempt under way is left to it. */
  retry(id: string, at: Date, event: AuditEventDraft): Promise<void>;
}
