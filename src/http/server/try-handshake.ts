import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { connect, TLSSocket, type TLSSocketOptions } from 'node:tls';

/**
 * Makes one whole handshake with a server of these settings, inside the process. Its client accepts every certificate, and speaks
 * what the server speaks. Rejects with the reason of OpenSSL where no client can get through.
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
