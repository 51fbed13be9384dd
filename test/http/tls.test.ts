// Tests src/http/server/create-server.ts, src/http/server/tls-settings.ts
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localAuthority } from '../helpers/local-authority.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  // A pair of RSA: TLS 1.2 has ciphers of its own for it.
  const { certificatePem: cert, privateKeyPem: key } = await localAuthority();
  service = await startService({ app: { tls: { cert, key } } });
});
afterAll(() => service.close());

const port = () => Number(new URL(service.address).port);

/** Sends one request without a client library, because the certificate does not name the address. */
async function get(path: string, options: ConnectionOptions = {}): Promise<string> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: port(),
    rejectUnauthorized: false,
    ...options,
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${service.tokenOf('alice')}\r\n\r\n`,
  );
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('native TLS', () => {
  it('serves the API, and tells browsers to keep to it', async () => {
    expect(service.address).toMatch(/^https:/);
    const answer = await get('/v1/whoami');
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toContain('"name":"alice"');
    expect(answer).toMatch(/\r\nstrict-transport-security: max-age=31536000\r/i);
  });

  it('does not speak TLS 1.1', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    await expect(get('/livez', old)).rejects.toThrow(/protocol|handshake|alert|ECONNRESET/i);
  });

  it.each(['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'])(
    'speaks TLS 1.2 with %s',
    async (ciphers) => {
      expect(await get('/livez', { maxVersion: 'TLSv1.2', ciphers })).toMatch(/^HTTP\/1.1 200 /);
    },
  );

  it.each([
    ['AES256-GCM-SHA384', 'without forward secrecy'],
    ['AES128-SHA256', 'without forward secrecy, and with CBC'],
    ['ECDHE-RSA-AES128-SHA', 'with CBC and SHA-1'],
    ['ECDHE-RSA-AES256-SHA384', 'with CBC'],
    ['DHE-RSA-AES128-GCM-SHA256', 'with finite-field Diffie-Hellman'],
  ])('does not speak TLS 1.2 with %s: %s', async (ciphers) => {
    const options = { maxVersion: 'TLSv1.2', ciphers: `${ciphers}@SECLEVEL=0` } as const;
    await expect(get('/livez', options)).rejects.toThrow(/handshake|alert|ECONNRESET/i);
  });
});
