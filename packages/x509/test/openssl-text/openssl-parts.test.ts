// Tests packages/x509/src/openssl-text/extension-printers.ts, packages/x509/src/openssl-text/name-text.ts,
// packages/x509/src/openssl-text/profile-printers.ts, packages/x509/src/openssl-text/elliptic-curve-key-text.ts,
// packages/x509/src/openssl-text/named-curves.ts
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { certificateText } from '../../src/openssl-text/certificate-text.js';
import {
  certificateOf,
  type CertificateParts,
  requestOf,
  requestText,
  trustedText,
  writtenOut,
} from './certificate-parts.js';

type Part = 'extensions' | 'names' | 'times' | 'serialNumbers' | 'publicKeys' | 'signatures' | 'attributes' | 'trust';

const parts = JSON.parse(
  readFileSync(new URL('../fixtures/openssl-3.5/parts.json', import.meta.url), 'utf8'),
) as Readonly<Record<Part, readonly (readonly [string, string])[]>>;

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const between = (text: string, start: string, end: string): string =>
  text.slice(text.indexOf(start) + start.length, text.indexOf(end, text.indexOf(start) + start.length));

const show = (given: CertificateParts, start: string, end: string): string =>
  between(certificateText(certificateOf(given)), start, end);

const shown: Readonly<Record<Part, (given: string) => string>> = {
  extensions: (given) =>
    show({ extensions: [bytes(given)] }, '        X509v3 extensions:\n', '    Signature Algorithm: ecdsa'),
  names: (given) => show({ subject: bytes(given) }, '        Subject: ', '\n        Subject Public Key Info'),
  times: (given) => show({ notBefore: bytes(given) }, 'Not Before: ', '\n'),
  serialNumbers: (given) => show({ serialNumber: bytes(given) }, '(0x2)\n', '        Signature Algorithm'),
  publicKeys: (given) =>
    show({ publicKey: bytes(given) }, '        Subject Public Key Info:\n', '    Signature Algorithm: ecdsa'),
  signatures: (given) => {
    const [algorithm = '', signature = ''] = given.split(' ');
    const text = certificateText(certificateOf({ signatureAlgorithm: bytes(algorithm), signature: bytes(signature) }));
    return text.slice(text.lastIndexOf('    Signature Algorithm'));
  },
  attributes: (given) => {
    const text = requestText(requestOf(given === 'absent' ? undefined : bytes(given)));
    return text.slice(text.indexOf('        Attributes:'), text.indexOf('    Signature Algorithm'));
  },
  trust: (given) =>
    trustedText(Buffer.concat([certificateOf({}), bytes(given)])).slice(certificateText(certificateOf({})).length),
};

describe('each part as OpenSSL 3.5 prints it', () => {
  it.each(Object.keys(shown) as Part[])('%s', (part) => {
    const expected = parts[part];
    expect(expected.length).toBeGreaterThan(10);
    expect(expected.map(([given]) => [given, shown[part](given)])).toEqual(
      expected.map(([given, text]) => [given, writtenOut(text)]),
    );
  });
});
