import { createSecretKey, type KeyObject } from 'node:crypto';

const minOctets = 24;
const maxOctets = 64;
const maxSecrets = 10;

/** The secrets of a webhook, in the order of their file; or why it has none, with the line and without the secret. */
export type WebhookSecrets =
  { readonly ok: true; readonly secrets: readonly KeyObject[] } | { readonly ok: false; readonly message: string };

/**
 * Reads the secrets in a file, one a line: `whsec_` and 24 to 64 octets in base64 (Standard Webhooks, signature scheme).
 * Several are for rotation: each signs, so that the receiver may know either.
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
  // Buffer skips what is not base64; only what it would write itself, with or without its padding, is one secret to all.
  const written = octets.toString('base64');
  if (base64 !== written && base64 !== written.replace(/=+$/, '')) return null;
  return octets.length >= minOctets && octets.length <= maxOctets ? octets : null;
}
