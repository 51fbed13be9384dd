import type { KeyObject } from 'node:crypto';
import type { WebhookEvent } from '../model/webhook-delivery.js';

/** A receiver of events, ready to be called. */
export interface Webhook {
  readonly name: string;
  readonly events: readonly WebhookEvent[];
  /** Names of clusters; null: all clusters. */
  readonly clusters: readonly string[] | null;
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

export const wants = ({ events, clusters }: Webhook, event: WebhookEvent, cluster: string): boolean =>
  events.includes(event) && (clusters === null || clusters.includes(cluster));
