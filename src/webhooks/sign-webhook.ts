import { createHmac, type KeyObject } from 'node:crypto';

/** What one attempt sends besides the payload. */
export interface WebhookHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * The headers of one attempt at `now` (Standard Webhooks 1.0.0, webhook headers): a signature by each secret, separated
 * by blanks, over `id.timestamp.payload`. `id` holds no full stop, so that the parts cannot be shifted.
 */
export function signWebhook(secrets: readonly KeyObject[], id: string, now: Date, payload: string): WebhookHeaders {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signed = `${id}.${timestamp}.${payload}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets
      .map((secret) => `v1,${createHmac('sha256', secret).update(signed, 'utf8').digest('base64')}`)
      .join(' '),
  };
}
