import { randomBytes } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateCertificateAuthority } from '../../src/x509/peculiar/generate-certificate-authority.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  // The caller pins the certificate, so a CA certificate will do.
  const made = await generateCertificateAuthority({ commonName: 'localhost', now: new Date(), random: randomBytes });
  service = await startService({ app: { tls: { cert: made.certificatePem, key: made.privateKeyPem } } });
});
afterAll(() => service.close());

const port = () => Number(new URL(service.address).port);

/** Sends one request without a client library, because the certificate does not name the address. */
async function get(path: string, options: { readonly maxVersion?: 'TLSv1.1' } = {}): Promise<string> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: port(),
    rejectUnauthorized: false,
    ...(options.maxVersion && { minVersion: 'TLSv1', maxVersion: options.maxVersion, ciphers: 'ALL@SECLEVEL=0' }),
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
    await expect(get('/livez', { maxVersion: 'TLSv1.1' })).rejects.toThrow(/protocol|handshake|alert|ECONNRESET/i);
  });
});
