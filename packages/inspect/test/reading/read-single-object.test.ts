import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { uploadLimits } from '../../src/model/budget.js';
import { readSingleObject } from '../../src/reading/read-upload.js';
import { encodePem } from '@kubepass/x509';
import { makeList } from '../../../x509/test/helpers/certificates.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import { authority, base64, bytesOf, client, context, read } from './uploads.js';

const single = (content: string | Uint8Array, name: string | null = null) =>
  readSingleObject({ name, bytes: bytesOf(content) }, context());

const request = await csrFor('jane');

describe('an upload of one small object', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['a certificate in PEM', client.pem, 'Certificate'],
    ['a certificate in DER', client.der, 'Certificate'],
    ['a certificate in PEM with CRLF', client.pem.replaceAll('\n', '\r\n'), 'Certificate'],
    ['a certificate in PEM of another form', client.pem.replace(/([^-])\n(?=[^-])/g, '$1'), 'Certificate'],
    ['a certificate under another label', client.pem.replaceAll('CERTIFICATE', 'PUBLIC KEY'), 'Certificate'],
    ['a certificate with an old label', client.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), 'Certificate'],
    ['a request', request.pem, 'CertificationRequest'],
    ['a certificate list', makeList(authority, []).pem, 'CertificateList'],
    ['a public key', encodePem('PUBLIC KEY', client.key.spki), 'PublicKey'],
    ['a private key', client.key.pem, 'PrivateKey'],
  ])('is read at once, as the whole reading reads it: %s', async (_, content, type) => {
    for (const name of [null, '../client.crt']) {
      const object = single(content, name);
      expect(object?.content.type).toBe(type);
      expect([object]).toEqual(await read(content, name));
    }
  });

  it('spends of the budget', () => {
    const spent = context();
    for (let i = 0; i < uploadLimits.objects; i++) readSingleObject({ name: null, bytes: client.der }, spent);
    expect(() => readSingleObject({ name: null, bytes: client.der }, spent)).toThrow(
      expect.objectContaining({ reason: 'TooManyObjects' }),
    );
  });

  it('takes an array of octets that is a view into a larger one', () => {
    const large = new Uint8Array(client.der.length + 64);
    large.set(client.der, 32);
    expect(single(large.subarray(32, 32 + client.der.length))?.content.type).toBe('Certificate');
  });

  const encrypted = client.key.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['two blocks', client.pem + authority.pem],
    ['a block and text', `${client.pem}hello`],
    ['text and a block', `hello\n${client.pem}`],
    ['a block with headers', client.pem.replace('\n', '\nA: b\n\n')],
    ['a legacy encrypted key', client.key.pem.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n')],
    ['an encrypted key', encrypted.toString()],
    ['base64 of DER', base64(client.der)],
    ['a gzip', gzipSync(client.pem)],
    ['a kubeconfig', 'kind: Config'],
    ['DER with something behind it', Buffer.concat([client.der, Buffer.of(0)])],
    ['DER that is cut off', client.der.subarray(0, -1)],
    ['a block that is cut off', encodePem('CERTIFICATE', client.der.subarray(0, -1))],
    ['a block of nothing', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['a block of something else', encodePem('CERTIFICATE', Buffer.from('3003020101', 'hex'))],
    ['what is too large', client.pem + '\n'.repeat(uploadLimits.singleObjectOctets)],
  ])('is left to the whole reading where it is %s', (_, content) => {
    expect(single(content)).toBeNull();
  });
});
