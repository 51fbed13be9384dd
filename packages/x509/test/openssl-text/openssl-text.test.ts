// Tests packages/x509/src/openssl-text/certificate-text.ts, packages/x509/src/openssl-text/extension-printers.ts,
// packages/x509/src/openssl-text/object-names.ts, packages/x509/src/openssl-text/public-key-text.ts
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificateText } from '../../src/openssl-text/certificate-text.js';
import { requestText, writtenOut } from './certificate-parts.js';

const folder = new URL('../fixtures/openssl-3.5/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const derOf = (pem: string): Buffer => Buffer.from(pem.split('-----')[2] ?? '', 'base64');
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.pem'))
  .map((name) => name.slice(0, -'.pem'.length));

describe('text as OpenSSL 3.5 prints it', () => {
  it.each(samples)('%s', (name) => {
    const show = name.includes('.csr') ? requestText : certificateText;
    expect(show(derOf(read(`${name}.pem`)))).toBe(writtenOut(read(`${name}.txt`)));
  });

  it('of at least a hundred certificates', () => {
    expect(samples.filter((name) => name.endsWith('.crt')).length).toBeGreaterThan(100);
  });

  it.each<[string, RegExp]>([
    ['RSA', /Public Key Algorithm: rsaEncryption/],
    ['RSA-PSS keys', /Public Key Algorithm: rsassaPss/],
    ['RSA-PSS signatures', /Signature Algorithm: rsassaPss *\n +Hash Algorithm/],
    ['Ed25519', /ED25519 Public-Key/],
    ['Ed448', /ED448 Public-Key/],
    ['P-224', /ASN1 OID: secp224r1/],
    ['P-256', /NIST CURVE: P-256/],
    ['P-384', /NIST CURVE: P-384/],
    ['P-521', /NIST CURVE: P-521/],
    ['secp256k1', /ASN1 OID: secp256k1/],
    ['brainpool', /ASN1 OID: brainpoolP512t1/],
    ['curves over binary fields', /ASN1 OID: sect571k1/],
    ['explicit curves', /Field Type: prime-field/],
    ['name constraints', /X509v3 Name Constraints: critical\n +Permitted:\n/],
    ['policies', /X509v3 Certificate Policies: \n +Policy: /],
    ['critical extensions that are unknown', /^ {12}[\d.]+: critical\n/m],
    ['negative serial numbers', /Serial Number:(?: -\d| \(Negative\)|\n +\(Negative\))/],
    ['serial numbers of more than 20 octets', /Serial Number:\n +(?:[0-9a-f]{2}:){30}/],
    ['IPv6 addresses', /IP Address:[0-9A-F]+(?::[0-9A-F]+){7}/],
    ['otherName', /othername: /],
  ])('of %s', (_what, printed) => {
    expect(samples.some((name) => name.endsWith('.crt') && printed.test(read(`${name}.txt`)))).toBe(true);
  });

  it.each([
    // Tag and length, as they stand there.
    ['TeletexString', '1404', 'name-t61'],
    ['BMPString', '1e0a', 'name-bmp'],
    ['GeneralizedTime', '180f', 'date-2050'],
  ])('of %s', (_what, header, name) => {
    expect(samples).toContain(`${name}.crt`);
    expect(derOf(read(`${name}.crt.pem`)).toString('hex')).toContain(header);
  });
});
