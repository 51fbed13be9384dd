import { constants } from 'node:crypto';
import { type SecureContextOptions, connect, TLSSocket, type TLSSocketOptions } from 'node:tls';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';

/** A certificate, with its chain behind it, and its private key; PEM. */
export interface TlsPair {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** With forward secrecy and authenticated encryption only (RFC 9325 4.2). The first three are those of TLS 1.3. */
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** How the service speaks TLS: 1.2 or newer. */
export const tlsSettings = ({ cert, key }: TlsPair): SecureContextOptions => ({
  cert,
  key,
  minVersion: 'TLSv1.2',
  ciphers,
});

/**
 * The same for a listener that asks for client certificates. PEM `certificateAuthority` is all that it trusts. A
 * session is never resumed and a handshake never repeated on a connection: with TLS 1.2 either could leave a
 * certificate on a connection that was not verified there.
 */
export const tlsSettingsForCertificates = (pair: TlsPair, certificateAuthority: string): SecureContextOptions => ({
  ...tlsSettings(pair),
  ca: certificateAuthority,
  // A session with a ticket is resumed by anybody who has the key. Without tickets it would be by a cache, and there is
  // none.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
});

/**
 * Makes one whole handshake with a server of these settings, inside the process. Its client accepts every certificate,
 * and speaks what the server speaks. Rejects with the reason of OpenSSL where no client can get through.
 */
export async function tryHandshake(settings: TLSSocketOptions): Promise<void> {
  const [serverEnd, clientEnd] = duplexPair();
  const server = new TLSSocket(serverEnd, { ...settings, isServer: true, rejectUnauthorized: false });
  const { minVersion, ciphers } = settings;
  const client = connect({ socket: clientEnd, minVersion, ciphers, rejectUnauthorized: false });
  try {
    await Promise.all([once(server, 'secure'), once(client, 'secureConnect')]);
  } finally {
    // The other side may fail as well, after the first reason is known.
    for (const socket of [server, client]) socket.on('error', () => undefined).destroy();
  }
}
