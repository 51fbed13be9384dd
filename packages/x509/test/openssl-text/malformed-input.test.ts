// Tests packages/x509/src/openssl-text/certificate-text.ts, packages/x509/src/openssl-text/printing.ts,
// packages/x509/src/openssl-text/public-key-text.ts
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificateText } from '../../src/openssl-text/certificate-text.js';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  DerError,
  oid,
  sequence,
  Tag,
} from '../../src/strict/der.js';
import { ascii, certificateOf, extension, nameOf, requestOf, requestText, trustedText } from './certificate-parts.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';

const folder = new URL('../fixtures/openssl-3.5/', import.meta.url);
const samples = readdirSync(folder)
  .filter((name) => name.endsWith('.pem'))
  .map((name) => ({
    show: name.includes('.csr') ? requestText : certificateText,
    bytes: Buffer.from(readFileSync(new URL(name, folder), 'utf8').split('-----')[2] ?? '', 'base64'),
  }));
const trust = sequence(sequence(oid('2.5.29.37.0')), ascii(Tag.UTF8_STRING, 'alias'));
samples.push({ show: trustedText, bytes: Buffer.concat([certificateOf({}), trust]) });

/** Text, or undefined where the input is refused as it should be. */
function textOrRefusal(show: (bytes: Uint8Array) => string, bytes: Uint8Array): string | undefined {
  try {
    return show(bytes);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

describe('text of malformed input', () => {
  it('refuses damaged certificates and requests with a DerError or shows them, and does nothing else', () => {
    const damage = fc.record({
      sample: fc.constantFrom(...samples),
      changes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(damage, ({ sample: { show, bytes }, changes }) => {
        const damaged = Buffer.from(bytes);
        for (const [position, octet] of changes) damaged[position % damaged.length] = octet;
        const text = textOrRefusal(show, damaged);
        expect(text === undefined || text.startsWith('Certificate')).toBe(true);
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  it('refuses every certificate that is cut off', () => {
    const { show, bytes } = samples[0] ?? { show: certificateText, bytes: Buffer.alloc(0) };
    for (let length = 0; length < bytes.length; length++)
      expect(() => show(bytes.subarray(0, length)), `${length} octets`).toThrow(DerError);
  });

  it('refuses what follows a certificate or a request', () => {
    const bytes = certificateOf({});
    expect(() => certificateText(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(/trailing data/);
    expect(() => requestText(Buffer.concat([requestOf(undefined), bytes]))).toThrow(/trailing data/);
  });

  it('refuses what follows the extensions under their tag', () => {
    const key = sequence(sequence(oid('1.3.101.112')), bitString(Buffer.alloc(32)));
    const extensions = (...more: Buffer[]): Buffer => der(contextConstructed(3), sequence(), ...more);
    const text = (field: Buffer): string => certificateText(certificateOf({ publicKey: Buffer.concat([key, field]) }));
    expect(text(extensions())).toBe(certificateText(certificateOf({})));
    expect(() => text(extensions(sequence()))).toThrow(/the extensions has trailing data/);
  });

  it('refuses one kind given as the other', () => {
    expect(() => certificateText(requestOf(undefined))).toThrow(DerError);
    expect(() => requestText(certificateOf({}))).toThrow(DerError);
  });

  it.each([
    ['a UTF8String that is not UTF-8', der(Tag.UTF8_STRING, Buffer.of(0xc0, 0x80))],
    ['half a BMPString character', der(Tag.BMP_STRING, Buffer.of(0))],
    ['a lone surrogate', der(Tag.BMP_STRING, Buffer.of(0xd8, 0x3d))],
    ['a number', der(Tag.INTEGER, Buffer.of(1))],
  ])('refuses a name with %s', (_, value) => {
    expect(() => certificateText(certificateOf({ subject: nameOf(value) }))).toThrow(DerError);
  });

  it('takes no long arithmetic to an identifier of any length', () => {
    const huge = der(Tag.OBJECT_IDENTIFIER, Buffer.concat([Buffer.alloc(300_000, 0xff), Buffer.of(1)]));
    const text = certificateText(certificateOf({ extensions: [extension('2.5.29.37', sequence(huge))] }));
    expect(text).toContain('X509v3 Extended Key Usage: \n                0.');
  });

  it('refuses an attribute without a value', () => {
    const attributes = sequence(oid('1.2.840.113549.1.9.7'), der(Tag.SET));
    expect(() => requestText(requestOf(attributes))).toThrow(/1\.2\.840\.113549\.1\.9\.7 has no value/);
  });

  it('shows the octets of an extension that it cannot read, and goes on', () => {
    const text = certificateText(
      certificateOf({
        extensions: [
          extension('2.5.29.19', ascii(Tag.UTF8_STRING, 'x')),
          extension('2.5.29.54', der(Tag.INTEGER, Buffer.of(3))),
        ],
      }),
    );
    expect(text).toContain('            X509v3 Basic Constraints: \n                ..x\n');
    expect(text).toContain('            X509v3 Inhibit Any Policy: \n                3\n');
  });

  it('shows no alternative name at all where a NUL would hide the end of one', () => {
    const names = sequence(ascii(contextPrimitive(2), 'good.example\0.evil.example'));
    const text = certificateText(certificateOf({ extensions: [extension('2.5.29.17', names)] }));
    expect(text).not.toContain('DNS:');
    expect(text).toContain('..good.example..evil.example\n');
  });

  it.each([
    ['a name', { subject: nameOf(ascii(Tag.UTF8_STRING, '\x1b[2J\xc2\x9b2J\x7f')) }, 'CN=\\1B[2J\\u{9b}2J\\7F\n'],
    [
      'an alternative name',
      { extensions: [extension('2.5.29.17', sequence(ascii(contextPrimitive(2), '\x1b[2J\xc2\x9b\b\t')))] },
      'DNS:\\u{1b}[2J\\u{9b}\\u{8}\\u{9}\n',
    ],
    [
      'a policy',
      {
        extensions: [
          extension(
            '2.5.29.32',
            sequence(
              sequence(
                oid('1.2.3'),
                sequence(sequence(oid('1.3.6.1.5.5.7.2.1'), ascii(Tag.IA5_STRING, 'http://x/\x1b]0;t\x07'))),
              ),
            ),
          ),
        ],
      },
      'CPS: http://x/\\u{1b}]0;t\\u{7}\n',
    ],
  ])('writes out the control characters of %s', (_what, parts, shown) => {
    const text = certificateText(certificateOf(parts));
    expect(text).toContain(shown);
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  it.each([
    ['another certificate', certificateOf({})],
    ['octets that are no DER', Buffer.from('trust')],
    ['a field that does not belong there', sequence(sequence(oid('2.5.29.37.0')), ascii(Tag.IA5_STRING, 'alias'))],
    ['a list of something else', sequence(sequence(ascii(Tag.UTF8_STRING, 'clientAuth')))],
  ])('shows no trust where %s follows a certificate', (_what, following) => {
    expect(trustedText(Buffer.concat([certificateOf({}), following]))).toBe(certificateText(certificateOf({})));
  });

  it('writes no carriage return and no octets that are not UTF-8', () => {
    const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), der(Tag.SET, value));
    const text = requestText(
      requestOf(
        Buffer.concat([
          attribute('1.2.840.113549.1.9.7', ascii(Tag.IA5_STRING, 'one\rtwo\r\nthree')),
          attribute('1.2.840.113549.1.9.2', ascii(Tag.IA5_STRING, 'caf\xe9')),
        ]),
      ),
    );
    expect(text).toContain('challengePassword        :one\ntwo\nthree\n');
    expect(text).toContain('unstructuredName         :caf\ufffd\n');
  });
});

describe('text of a key that cannot be used', () => {
  const p256 = (point: string): Buffer =>
    sequence(
      sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
      bitString(Buffer.concat([Buffer.of(4), Buffer.from(point, 'hex')])),
    );

  it.each([
    ['a point off its curve', p256('11'.repeat(64))],
    ['a point of the wrong size', p256('11'.repeat(63))],
    ['an unknown curve', sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.3')), bitString(Buffer.alloc(65)))],
    ['an RSA key that is none', sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(Buffer.from('junk')))],
    ['an Ed25519 key of 31 octets', sequence(sequence(oid('1.3.101.112')), bitString(Buffer.alloc(31)))],
    ['an unknown algorithm', sequence(sequence(oid('1.2.3.4')), bitString(Buffer.alloc(3)))],
  ])('says so for %s', (_, publicKey) => {
    const text = certificateText(certificateOf({ publicKey }));
    expect(text).toMatch(/Public Key Algorithm: .*\n {12}Unable to load Public Key\n {4}Signature Algorithm/);
  });
});
