import { addresses } from '../parts/address.js';

/** Where something leads that was pasted whole, and what it is. */
export interface Destination {
  readonly kind: 'request' | 'certificate' | 'serial number';
  readonly path: string;
  readonly values?: Readonly<Record<string, string>>;
}

/**
 * Where the id of a request, a SHA-256 fingerprint or a serial number leads; null for other texts. Numbers may be
 * written as openssl writes them: `sha256 Fingerprint=AA:BB:…`, `serial=0A1B…`.
 */
export function destinationOf(text: string): Destination | null {
  const id = text.trim().toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return { kind: 'request', path: addresses.request(id) };
  const hex = id
    .replace(/^(?:sha-?256)?[ :]*(?:(?:fingerprint|serial)\s*=)?/, '')
    .replace(/^0x/, '')
    .replace(/[:\s]/g, '');
  if (/^[0-9a-f]{64}$/.test(hex)) return { kind: 'certificate', path: addresses.certificate(hex) };
  // Shorter ones are words.
  if (/^[0-9a-f]{8,40}$/.test(hex))
    return { kind: 'serial number', path: '/console/certificates', values: { serialNumber: hex } };
  return null;
}
