import type { KeyObject } from 'node:crypto';
import { newId } from '../model/new-id.js';
import { untraced, type Tracing } from '../model/tracing.js';
import type { Announcement, WebhookDelivery, WebhookEventType } from '../model/webhook-delivery.js';

/** What a receiver wants to be told of. */
interface Subscriber {
  readonly name: string;
  readonly events: readonly WebhookEventType[];
  /** Names of clusters; null: all clusters. */
  readonly clusters: readonly string[] | null;
}

/** A receiver of events, ready to be called. */
export interface Webhook extends Subscriber {
  /** The secrets that sign now: they are read for each call. */
  readonly secrets: readonly KeyObject[];
  readonly sender: WebhookSender;
}

/** How sending ended. `abandoned`: it was stopped, and nobody knows whether the payload arrived. */
export type WebhookAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'failed'; readonly failure: string }
  | { readonly kind: 'abandoned' };

export interface WebhookSender {
  /** Sends the payload once, to this receiver's address. Never rejects. */
  send(payload: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WebhookAnswer>;
  close(): void;
}

/** Whether it is told of the event. `about`: the clusters that the event is about; null: all of them. */
export const wants = (
  { events, clusters }: Subscriber,
  event: WebhookEventType,
  about: readonly string[] | null,
): boolean =>
  events.includes(event) &&
  (clusters === null || about === null || about.some((cluster) => clusters.includes(cluster)));

/**
 * Makes one delivery for each webhook that takes the event, due at once. `payloadOf` makes the body, as JSON. The call
 * of the webhook goes on with the trace that is under way now.
 */
export const deliveriesOf =
  (
    webhooks: readonly Subscriber[],
    random: (octets: number) => Buffer,
    payloadOf: (announcement: Announcement) => string,
    tracing: Tracing = untraced,
  ) =>
  (announcement: Announcement): readonly WebhookDelivery[] => {
    const { at, event } = announcement;
    const about = clustersOf(announcement);
    const takers = webhooks.filter((webhook) => wants(webhook, event, about));
    if (takers.length === 0) return [];
    const payload = payloadOf(announcement);
    return takers.map(({ name }) => {
      const id = `msg_${newId(at, random)}`;
      tracing.keep(id);
      return {
        id,
        webhook: name,
        type: event,
        requestId: 'request' in announcement ? announcement.request.id : null,
        payload,
        state: 'waiting' as const,
        createdAt: at,
        nextAttemptAt: at,
        attempts: 0,
        owner: null,
        lastFailure: null,
        endedAt: null,
      };
    });
  };

/** The clusters that the event is about; null: all of them. */
function clustersOf(announcement: Announcement): readonly string[] | null {
  if ('request' in announcement) return [announcement.request.cluster];
  if ('checkpoint' in announcement || 'token' in announcement) return null;
  if ('issuer' in announcement) return [announcement.issuer.cluster];
  return 'block' in announcement ? announcement.block.clusters : [announcement.certificate.cluster];
}
