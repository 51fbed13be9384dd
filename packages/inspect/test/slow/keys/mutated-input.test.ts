// Tests packages/inspect/src/keys/decode-private-key.ts, packages/inspect/src/keys/decode-public-key.ts,
// packages/inspect/src/pkcs/decode-pkcs12.ts, packages/inspect/src/pkcs/decode-pkcs7.ts
import { readdirSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Decoded, Piece } from '../../../src/model/decoded.js';
import type { DecodeContext } from '../../../src/model/budget.js';
import { decodePrivateKey } from '../../../src/keys/decode-private-key.js';
import { decodePublicKey } from '../../../src/keys/decode-public-key.js';
import { decodePkcs12 } from '../../../src/pkcs/decode-pkcs12.js';
import { decodePkcs7 } from '../../../src/pkcs/decode-pkcs7.js';
import { contextWith, CountingBudget, fixture, PASSWORD } from '../../keys/inspected-key.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';
import { propertyRuns } from '../../../../../test/helpers/property-runs.js';

const decoders: Readonly<Record<string, (piece: Piece, context: DecodeContext) => Decoded>> = {
  key: decodePrivateKey,
  p12: decodePkcs12,
  p7b: decodePkcs7,
  crt: decodePublicKey,
};

const names = readdirSync(new URL('../../keys/fixtures/', import.meta.url)).filter((name) =>
  /\.(key|p12|p7b|crt)$/.test(name),
);
const extensionOf = (name: string): string => name.split('.').at(-1) ?? '';

/** One change of some octets: most hit the headers, which stand at the beginning. */
const change = fc.record({
  at: fc.oneof(fc.nat(63), fc.nat(4095)),
  kind: fc.constantFrom('flip', 'set', 'cut', 'insert', 'remove', 'repeat'),
  value: fc.oneof(fc.constantFrom(0, 1, 0x04, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xff), fc.nat(255)),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(bytes: Buffer, { at: position, kind, value }: Change): Buffer {
  const at = Math.min(position, Math.max(0, bytes.length - 1));
  const [before, octet, after] = [bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at + 1)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, octet.map((o) => o ^ (1 << (value & 7))), after]);
    case 'set':
      return Buffer.concat([before, Buffer.of(value), after]);
    case 'cut':
      return before;
    case 'insert':
      return Buffer.concat([before, Buffer.of(value), octet, after]);
    case 'remove':
      return Buffer.concat([before, after]);
    default:
      return Buffer.concat([before, octet, after, bytes]);
  }
}

/** The budget of derivations: enough for the fixtures, but not for counts that a change made large. */
const ITERATIONS = 60_000;

describe('changed keys and stores', () => {
  it.each(names)('are answered for, never thrown at: %s', (name) => {
    const piece = fixture(name);
    const decode = decoders[extensionOf(name)]!;
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(PASSWORD, '', null),
        (changes, password) => {
          const bytes = changes.reduce(changed, piece.bytes);
          const before = Buffer.from(bytes);
          const start = cpuMilliseconds();
          const decoded = decode({ ...piece, bytes }, contextWith(password, new CountingBudget(ITERATIONS)));
          expect(cpuMilliseconds() - start).toBeLessThan(1_000);
          expect(decoded.content.type).toBeTypeOf('string');
          expect(JSON.stringify(decoded.observations)).not.toContain(PASSWORD);
          // Decoding leaves the upload unchanged.
          expect(bytes.equals(before)).toBe(true);
        },
      ),
      { numRuns: 40, seed: 4 },
    );
  });

  it('are whatever they are: any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        for (const decode of Object.values(decoders))
          decode({ path: 'upload', bytes: Buffer.from(octets), label: null, headers: {} }, contextWith(PASSWORD));
      }),
      { numRuns: propertyRuns(500), seed: 4 },
    );
  });

  it('in legacy PEM are whatever their headers say', () => {
    const { bytes } = fixture('prime256v1.aes256.legacy.key');
    const names = fc.constantFrom('AES-256-CBC', 'DES-CBC', 'RC2-CBC', 'X', '', '__proto__', 'constructor');
    fc.assert(
      fc.property(names, fc.string({ unit: fc.constantFrom('0', 'f', 'A', 'g', ' ') }), (cipher, iv) => {
        const headers = { 'Proc-Type': '4,ENCRYPTED', 'DEK-Info': `${cipher},${iv}` };
        const decoded = decodePrivateKey({ path: 'upload', bytes, label: null, headers }, contextWith(PASSWORD));
        expect(decoded.content).toMatchObject({ encoding: 'LegacyEncryptedPEM', publicKey: null });
      }),
      { numRuns: propertyRuns(300), seed: 4 },
    );
  });
});
