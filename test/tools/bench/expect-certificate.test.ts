// Tests bench/peers/expect-certificate.ts
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Contender, SigningJob } from '../../../bench/peers/contender.js';
import { expectCertificate } from '../../../bench/peers/expect-certificate.js';
import {
  makeAuthority,
  makeCertificate,
  makeKey,
  type CertificateFields,
} from '../../../packages/x509/test/helpers/certificates.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const issuer = makeAuthority();
const key = makeKey();
const good: CertificateFields = {
  issuer,
  key,
  subject: [
    ['O', 'team-a'],
    ['CN', 'bench'],
  ],
};

describe('expectCertificate', () => {
  const directory = temporaryDirectory();
  let answer = { status: 200, body: '' };
  const server = createServer((_request, response) => {
    response.writeHead(answer.status).end(answer.body);
  });
  let contender: Contender;
  let job: SigningJob;

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    contender = {
      target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca: null },
      pid: process.pid,
      database: null,
      readyMilliseconds: 0,
      storage: null,
      expectedStatus: 200,
      requestFor: (csr) => ({ path: '/', headers: {}, body: csr }),
      certificateIn: (body) => body,
      hold: () => undefined,
      release: () => undefined,
      stop: () => Promise.resolve(),
    };
    const certFile = join(directory.path, 'ca.crt');
    writeFileSync(certFile, issuer.pem);
    job = {
      certFile,
      keyFile: '',
      csrs: [{ pem: 'a CSR', publicKey: createPublicKey(key.privateKey) }],
      connections: 1,
    };
  });

  afterAll(() => {
    server.close();
    directory.remove();
  });

  const answered = (status: number, body: string) => {
    answer = { status, body };
    return expectCertificate('it', contender, job);
  };

  it('takes what was asked for', async () => {
    await expect(answered(200, makeCertificate(good).pem)).resolves.toBeUndefined();
  });

  it.each<[string, CertificateFields]>([
    ['is for another key', { key: makeKey() }],
    ['is not signed by the CA', { issuer: makeAuthority() }],
    ['is not signed by the CA', { forged: true }],
    ['has another subject', { subject: [['CN', 'bench']] }],
    ['is not for clients alone', { extKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] }],
  ])('refuses one that %s', async (what, fields) => {
    await expect(answered(200, makeCertificate({ ...good, ...fields }).pem)).rejects.toThrow(what);
  });

  it('refuses another status, and a body without a certificate', async () => {
    await expect(answered(401, 'no token')).rejects.toThrow('it answered with 401: no token');
    await expect(answered(200, '{"success":false}')).rejects.toThrow();
  });
});
