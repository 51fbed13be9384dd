import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const minOctets = 24;
const maxOctets = 64;
const maxSecrets = 10;

/** A webhook's secrets in the order of their file, or why it has none. The message names the line, not the secret. */
type WebhookSecrets =
  { readonly ok: true; readonly secrets: readonly KeyObject[] } | { readonly ok: false; readonly message: string };

/**
 * Reads the secrets in a file, one per line: `whsec_` and 24 to 64 octets in base64 (Standard Webhooks, signature
 * scheme).
 * Several are for rotation: each one signs, so that a receiver that knows only one of them accepts the message.
 */
export function readWebhookSecrets(text: string): WebhookSecrets {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const secrets: KeyObject[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const octets = octetsOf(line);
    if (octets === null)
      return { ok: false, message: `line ${i + 1} is not a secret: whsec_ and 24 to 64 octets in base64` };
    secrets.push(createSecretKey(octets));
  }
  if (secrets.length === 0) return { ok: false, message: 'holds no secret: whsec_ and 24 to 64 octets in base64' };
  if (secrets.length > maxSecrets) return { ok: false, message: `holds more than ${maxSecrets} secrets` };
  return { ok: true, secrets };
}

function octetsOf(line: string): Buffer | null {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(line)?.[1];
  if (base64 === undefined) return null;
  const octets = Buffer.from(base64, 'base64');
  // Buffer skips characters outside base64. Only its own form, with or without padding, reads the same everywhere.
  const written = octets.toString('base64');
  if (base64 !== written && base64 !== written.replace(/=+$/, '')) return null;
  return octets.length >= minOctets && octets.length <= maxOctets ? octets : null;
}

/**
 * The headers of one attempt at `now` (Standard Webhooks 1.0.0, webhook headers): a signature by each secret, separated
 * by blanks, over `id.timestamp.payload`. `id` holds no full stop, so that no part can move into another.
 */
export function signWebhook(secrets: readonly KeyObject[], id: string, now: Date, payload: string) {
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
