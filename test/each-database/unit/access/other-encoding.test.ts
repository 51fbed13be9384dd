// Tests src/access/probe-revocation.ts
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeCertificates } from '@kubepass/x509';
import { otherEncoding } from '../../../../src/access/probe-revocation.js';
import { makeAuthority, makeCertificate, makeKey } from '../../../../packages/x509/test/helpers/certificates.js';
import { otherEncodings } from '../../../helpers/other-encodings.js';

/** A server that asks for a client certificate, and takes any. */
const serving = makeCertificate({ subject: [['CN', 'localhost']] });
const server = createServer({ key: serving.key.pem, cert: serving.pem, requestCert: true, rejectUnauthorized: false });
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

/** The octets that arrive when OpenSSL shows this certificate. */
async function arriving(der: Uint8Array, key: string): Promise<Buffer> {
  const { port } = server.address() as AddressInfo;
  const cert = encodeCertificates([{ der }]);
  const client = connect({ port, host: '127.0.0.1', cert, key, rejectUnauthorized: false });
  const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
  const { raw } = socket.getPeerCertificate();
  client.destroy();
  return raw;
}

it.each(['RSA-2048', 'P-256', 'P-384', 'P-521', 'Ed25519'] as const)(
  'a certificate of a CA with %s is sent in another encoding that Go takes, unless chance leaves none',
  async (type) => {
    const issuer = makeAuthority({ key: makeKey(type) });
    const key = makeKey();
    const found = new Map<boolean, number>();
    for (let i = 0; i < 40; i += 1) {
      const made = makeCertificate({ issuer, key });
      const other = otherEncoding(made.der);
      const shifted = otherEncodings(made.der).find(({ name }) => name === 'unused bits: 1');
      expect(other).toEqual(shifted?.der ?? null);
      if (other !== null) expect((await arriving(other, key.pem)).equals(other)).toBe(true);
      found.set(other !== null, (found.get(other !== null) ?? 0) + 1);
    }
    expect(found.get(true)).toBeGreaterThan(0);
    // A signature of ECDSA leaves nothing to chance.
    if (type.startsWith('P-')) expect(found.get(false)).toBeUndefined();
  },
);
