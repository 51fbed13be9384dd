// Tests src/access/build-crls.ts, src/clusters/cluster-routes.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
const directory = temporaryDirectory();
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const crlUrl = '/v1/clusters/demo/crl';

async function issued(username: string) {
  const { pem } = await csrFor(username, ['team-a']);
  const answer = await service
    .as('alice')('post', '/v1/certificate-requests')
    .set('prefer', 'wait=10')
    .send({ csr: pem })
    .expect(201);
  const certificate = as.request(answer).certificate;
  const file = join(directory.path, `${username}.pem`);
  writeFileSync(file, certificate?.pem ?? '');
  return { file, fingerprint: certificate?.fingerprintSha256 ?? '' };
}

const revoke = (fingerprint: string) =>
  service.as('root')('post', `/v1/certificates/${fingerprint}/revoke`).send({ reason: 'keyCompromise' }).expect(200);

async function fetched(): Promise<Buffer> {
  const answer = await service.anonymous('get', crlUrl).responseType('blob').expect(200);
  expect(answer.type).toBe('application/pkix-crl');
  return answer.body as Buffer;
}

describe('the certificate revocation list', () => {
  it.skipIf(!hasOpenssl)(
    'makes openssl reject a revoked certificate and accept another, as DER and as PEM',
    async () => {
      const [jane, joan] = [await issued('jane'), await issued('joan')];
      const ca = join(service.dataDir, 'ca', 'ca.crt');
      const list = join(directory.path, 'list');
      const verify = (form: 'DER' | 'PEM', file: string) => {
        const pem = join(directory.path, 'list.pem');
        writeFileSync(
          pem,
          form === 'PEM' ? readFileSync(list) : execFileSync('openssl', ['crl', '-inform', 'DER', '-in', list]),
        );
        const { stdout, stderr } = spawnSync('openssl', [
          ...['verify', '-x509_strict', '-crl_check', '-CAfile', ca, '-CRLfile', pem, file],
        ]);
        return `${stdout.toString()}${stderr.toString()}`;
      };
      writeFileSync(list, await fetched());
      expect(verify('DER', jane.file)).toContain(': OK');
      await revoke(jane.fingerprint);

      writeFileSync(list, await fetched());
      expect(verify('DER', jane.file)).toContain('certificate revoked');
      expect(verify('DER', joan.file)).toContain(': OK');
      const answer = await service.anonymous('get', crlUrl).set('accept', 'application/x-pem-file').expect(200);
      expect(answer.text).toMatch(/^-----BEGIN X509 CRL-----\n/);
      writeFileSync(list, answer.text);
      expect(verify('PEM', jane.file)).toContain('certificate revoked');
      expect(verify('PEM', joan.file)).toContain(': OK');
      const text = execFileSync('openssl', ['crl', '-in', list, '-noout', '-text']).toString();
      expect(text).toMatch(/X509v3 CRL Number/);
      expect(text).toMatch(/X509v3 Authority Key Identifier/);
      expect(text).toMatch(/Key Compromise/);
    },
  );

  it('is kept until something changes, and then has a higher number', async () => {
    const first = await service.anonymous('get', crlUrl).expect(200);
    const tag = first.headers['etag'] ?? '';
    await service.anonymous('get', crlUrl).set('if-none-match', tag).expect(304);
    await revoke((await issued('jill')).fingerprint);
    const second = await service.anonymous('get', crlUrl).set('if-none-match', tag).expect(200);
    const numberIn = (text = '') => BigInt(text.replaceAll('"', ''));
    expect(numberIn(second.headers['etag'])).toBeGreaterThan(numberIn(tag));
    service.advance(13 * 3600);
    await service
      .anonymous('get', crlUrl)
      .set('if-none-match', second.headers['etag'] ?? '')
      .expect(200);
  });

  it('is that of an issuer by its name, as DER and as PEM', async () => {
    const named = await service.anonymous('get', `${crlUrl}?issuer=default`).responseType('blob').expect(200);
    expect((named.body as Buffer).equals(await fetched())).toBe(true);
    const pem = (url: string) => service.anonymous('get', url).set('accept', 'application/x-pem-file').expect(200);
    expect((await pem(`${crlUrl}?issuer=default`)).text).toBe((await pem(crlUrl)).text);
    await service.anonymous('get', `${crlUrl}?issuer=none`).expect(404);
    await service.anonymous('get', `${crlUrl}?issuer=Not%20a%20label`).expect(400);
    await service.anonymous('get', `${crlUrl}?name=default`).expect(400);
  });

  it('is not there for a cluster that does not exist, nor in another form', async () => {
    await service.anonymous('get', '/v1/clusters/none/crl').expect(404);
    await service.anonymous('get', crlUrl).set('accept', 'text/html').expect(406);
    await service.anonymous('get', '/v1/clusters/demo').expect(401);
  });
});
