// Tests packages/inspect/src/reading/decode-der.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findingKinds } from '../../../src/model/catalogue.js';
import { decodeDer } from '../../../src/reading/decode-der.js';
import { der, sequence, Tag } from '@kubepass/x509';
import { rawCertificate, rawList, rawRequest, rawName, string } from '../../x509/build.js';
import { decodeContext, opensslDer, opensslFixtures, pieceOf } from '../../x509/decoding.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';
import { propertyRuns } from '../../../../../test/helpers/property-runs.js';

/** Milliseconds that a busy machine takes over anything, as long as the work is bounded. */
const SOON = 2000;

const originals = [...opensslFixtures('crt'), ...opensslFixtures('csr')].map(opensslDer);
originals.push(rawList(), rawRequest(), rawCertificate());

/** Changes of a few octets, cuts, and pieces of other objects in the middle. */
const mutated = fc
  .record({
    original: fc.constantFrom(...originals),
    changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    cut: fc.option(fc.nat()),
    inserted: fc.option(fc.tuple(fc.nat(), fc.constantFrom(...originals), fc.nat(), fc.nat(80))),
  })
  .map(({ original, changes, cut, inserted }) => {
    let bytes = Buffer.from(original);
    for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
    if (inserted !== null) {
      const [at, from, start, length] = inserted;
      const piece = from.subarray(start % from.length).subarray(0, length);
      const position = at % bytes.length;
      bytes = Buffer.concat([bytes.subarray(0, position), piece, bytes.subarray(position)]);
    }
    return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1));
  });

/** Decodes, and holds the answer to what every answer must be. */
function check(bytes: Buffer): void {
  const before = Buffer.from(bytes);
  const start = cpuMilliseconds();
  const { content, material, observations } = decodeDer(pieceOf(bytes), decodeContext);
  expect(cpuMilliseconds() - start).toBeLessThan(SOON);
  expect(bytes.equals(before)).toBe(true);
  // A plain answer: what JSON cannot say would be lost.
  expect(JSON.parse(JSON.stringify(content))).toEqual(content);
  for (const { code, message } of observations) {
    expect(findingKinds[code]).toBeDefined();
    expect(message.length).toBeLessThan(800);
  }
  if (content.type === 'Unknown') expect(observations).not.toEqual([]);
  if (material?.kind === 'certificate') {
    expect(material.notBefore.getTime()).not.toBeNaN();
    expect(material.notAfter.getTime()).not.toBeNaN();
  }
}

describe('decodeDer, of what was changed', () => {
  it('always answers, soon, in plain JSON', () => {
    fc.assert(fc.property(mutated, check), { numRuns: propertyRuns(4000) });
  });

  it('answers for octets of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => check(Buffer.from(octets))),
      { numRuns: propertyRuns(1000) },
    );
  });

  it('answers for every certificate with one octet changed to its opposite', () => {
    const original = opensslDer('k8s-apiserver.crt');
    for (let i = 0; i < original.length; i++) {
      const bytes = Buffer.from(original);
      bytes[i] = (bytes[i] ?? 0) ^ 0xff;
      check(bytes);
    }
  });

  it('answers for every beginning of a certificate', () => {
    const original = opensslDer('ext-san-all.crt');
    for (let length = 0; length < original.length; length++) check(original.subarray(0, length));
  });

  it.each([
    [
      'attributes of a name',
      () =>
        rawCertificate({
          subject: rawName(...Array.from({ length: 40_000 }, () => [['2.5.4.3', string(12, 'x')] as const])),
        }),
    ],
    [
      'attributes in one RDN',
      () =>
        rawCertificate({
          subject: rawName(Array.from({ length: 40_000 }, () => ['2.5.4.3', string(12, 'x')] as const)),
        }),
    ],
    [
      'a name as long as an upload',
      () => rawCertificate({ subject: rawName([['2.5.4.3', string(12, '\u202e'.repeat(300_000))]]) }),
    ],
    [
      'attributes of a request',
      () =>
        rawRequest({
          attributes: Array.from({ length: 60_000 }, () =>
            sequence(der(Tag.OBJECT_IDENTIFIER, Buffer.of(42)), der(Tag.SET)),
          ),
        }),
    ],
    [
      'a serial number as long as an upload',
      () => rawCertificate({ serialNumber: der(Tag.INTEGER, Buffer.alloc(1_000_000, 0x55)) }),
    ],
    ['a negative one', () => rawCertificate({ serialNumber: der(Tag.INTEGER, Buffer.alloc(1_000_000, 0xaa)) })],
    [
      'an identifier as long as an upload',
      () =>
        rawCertificate({
          algorithm: sequence(der(Tag.OBJECT_IDENTIFIER, Buffer.concat([Buffer.alloc(1_000_000, 0xff), Buffer.of(1)]))),
        }),
    ],
    ['a signature as long as an upload', () => rawCertificate({ signature: Buffer.alloc(1_000_000) })],
    ['a hundred thousand elements', () => sequence(Buffer.alloc(200_000, Buffer.of(5, 0)))],
    ['ten thousand levels', () => Buffer.alloc(20_000, Buffer.of(0x30, 0x80))],
  ])('answers soon for %s', (_, build) => {
    const bytes = build();
    const start = cpuMilliseconds();
    decodeDer(pieceOf(bytes), decodeContext);
    expect(cpuMilliseconds() - start).toBeLessThan(SOON);
  });
});
