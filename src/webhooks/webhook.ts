import type { KeyObject } from 'node:crypto';
import type { WebhookEventType } from '../model/webhook-delivery.js';

/** A receiver of events, ready to be called. */
export interface Webhook {
  readonly name: string;
  readonly events: readonly WebhookEventType[];
  /** Names of clusters; null: all clusters. */
  readonly clusters: readonly string[] | null;
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
  { events, clusters }: Webhook,
  event: WebhookEventType,
  about: readonly string[] | null,
): boolean =>
  events.includes(event) &&
  (clusters === null || about === null || about.some((cluster) => clusters.includes(cluster)));
