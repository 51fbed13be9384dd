// Tests packages/inspect/src/reading/read-upload.ts, packages/inspect/src/reading/reading.ts
import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { openBudget, uploadLimits } from '../../src/model/budget.js';
import { isTar } from '../../src/reading/read-archive.js';
import { readSingleObject } from '../../src/reading/read-upload.js';
import { contextConstructed, der, encodePem, oid, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { makeList } from '../../../x509/test/helpers/certificates.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import { rawCertificate, rawName, string } from '../x509/build.js';
import { tarOf } from '../helpers/tar-of.js';
import { authority, base64, bytesOf, client, context, read } from './uploads.js';

const single = (content: string | Uint8Array, name: string | null = null) =>
  readSingleObject({ name, bytes: bytesOf(content) }, context());

const request = await csrFor('jane');

const tar = await tarOf({ '-----BEGIN X-----': 'kind: Config' });

/** The sum of its first 512 octets stands in its subject, where a tar has it. */
const withTarHeader = rawCertificate({ subject: rawName([['2.5.4.3', string(Tag.UTF8_STRING, 'a'.repeat(600))]]) });
const sum = withTarHeader.subarray(0, 512).reduce((total, octet, i) => total + (i < 148 || i >= 156 ? octet : 0x20), 0);
withTarHeader.write(`${sum.toString(8).padStart(7, '0')} `, 148);

const pkcs7 = sequence(
  oid('1.2.840.113549.1.7.2'),
  der(
    contextConstructed(0),
    sequence(
      unsignedInteger(Buffer.of(1)),
      der(Tag.SET),
      sequence(oid('1.2.840.113549.1.7.1')),
      der(contextConstructed(0), client.der, authority.der),
      der(Tag.SET),
    ),
  ),
);

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
    ['a block and text', `${client.pem}hello`, 'Certificate'],
    ['a block with headers', client.pem.replace('\n', '\nA: b\n\n'), 'Certificate'],
    ['a block with characters of others', client.pem.replace(/(.{63})\n/, '$1\u00a0\n'), 'Certificate'],
    ['DER with the header of a tar in it', withTarHeader, 'Certificate'],
  ])('is read at once, as the whole reading reads it: %s', async (_, content, type) => {
    for (const name of [null, '../client.crt']) {
      const object = single(content, name);
      expect(object?.content.type).toBe(type);
      expect([object]).toEqual(await read(content, name));
    }
  });

  it('may hold what a tar begins with', () => {
    expect(isTar(withTarHeader)).toBe(true);
  });

  it('needs a budget for one object', () => {
    const budget = { ...context(), budget: openBudget(1) };
    const part = { name: null, bytes: client.der };
    expect([readSingleObject(part, budget)?.content.type, readSingleObject(part, budget)]).toEqual([
      'Certificate',
      null,
    ]);
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
    ['text and a block', `hello\n${client.pem}`],
    ['a block and a document', `${client.pem}kind: Config\n`],
    ['a tar', tar],
    ['PKCS#7', pkcs7],
    [
      'the parameters of a key',
      encodePem('DH PARAMETERS', sequence(der(Tag.INTEGER, Buffer.alloc(128, 0x55)), der(Tag.INTEGER, Buffer.of(5)))),
    ],
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
