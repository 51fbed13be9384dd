// Tests packages/inspect/src/inspect.ts, packages/inspect/src/model/budget.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inspectSingleObject } from '../../../src/inspect.js';
import { uploadLimits } from '../../../src/model/budget.js';
import type { InspectionFormat } from '../../../src/model/inspection.js';
import { contextConstructed, contextPrimitive, der, oid, sequence, Tag } from '@kubepass/x509';
import { corpusContext } from '../../helpers/inspection-corpus.js';
import {
  algorithmOf,
  attributeOf,
  extensionOf,
  rawCertificate,
  rawName,
  rawRequest,
  string,
} from '../../x509/build.js';

const context = corpusContext();
const formats: readonly InspectionFormat[] = ['application/json', 'application/sarif+json', 'text/plain', 'text/html'];

/** Milliseconds of CPU: a hundredth of a second where nothing else runs, and far below what a request may wait. */
const limitMilliseconds = 150;

const many = (count: number, element: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => element(i)));
const dnsName = (i: number): Buffer => der(contextPrimitive(2), Buffer.from(i.toString(36)));
const alternativeNames = (names: Buffer): Buffer => extensionOf('2.5.29.17', sequence(names));
const nameConstraints = (count: number): Buffer =>
  extensionOf(
    '2.5.29.30',
    sequence(
      der(
        contextConstructed(1),
        many(count, (i) => sequence(dnsName(i))),
      ),
    ),
  );
const group = (i: number) => ['2.5.4.10', string(Tag.UTF8_STRING, `g${i}`)] as const;
const groups = (count: number) => Array.from({ length: count }, (_, i) => group(i));

/** Says that it is signed by itself, with a key of so many octets. */
function selfIssued(octets: number, exponent: Buffer): Buffer {
  const modulus = randomBytes(octets);
  modulus[0] = 0xff;
  modulus[octets - 1] = 0xff;
  const key = sequence(der(Tag.INTEGER, Buffer.of(0), modulus), der(Tag.INTEGER, exponent));
  const name = rawName([group(1)]);
  return rawCertificate({
    issuer: name,
    subject: name,
    spki: sequence(algorithmOf('1.2.840.113549.1.1.1', der(Tag.NULL)), der(Tag.BIT_STRING, Buffer.of(0), key)),
    algorithm: algorithmOf('1.2.840.113549.1.1.11', der(Tag.NULL)),
    signature: Buffer.concat([Buffer.of(0), randomBytes(octets - 1)]),
  });
}

const account = { by: 'jane', mustHaveSome: () => undefined, spend: () => undefined };

describe('16 KiB of one object, which is read on the event loop,', () => {
  it.each<[string, () => Buffer]>([
    ['3,400 DNS names', () => rawCertificate({ extensions: [alternativeNames(many(3400, dnsName))] })],
    [
      '900 directory names',
      () =>
        rawCertificate({
          extensions: [alternativeNames(many(900, (i) => der(contextConstructed(4), rawName([group(i % 10)]))))],
        }),
    ],
    [
      'name constraints for names of its own',
      () => rawCertificate({ extensions: [nameConstraints(900), alternativeNames(many(1900, dnsName))] }),
    ],
    ['1,000 RDNs', () => rawCertificate({ subject: rawName(...groups(1000).map((it) => [it])) })],
    ['one RDN of 1,000 values', () => rawCertificate({ subject: rawName(groups(1000)) })],
    [
      'a name of characters that are not shown',
      () => rawCertificate({ subject: rawName([['2.5.4.3', string(Tag.UTF8_STRING, '\u202e'.repeat(5000))]]) }),
    ],
    [
      '1,100 extensions of one kind',
      () => rawCertificate({ extensions: Array.from({ length: 1100 }, () => alternativeNames(dnsName(1))) }),
    ],
    [
      '1,600 policies',
      () =>
        rawCertificate({
          extensions: [extensionOf('2.5.29.32', sequence(many(1600, (i) => sequence(oid(`1.2.${i}`)))))],
        }),
    ],
    [
      'a request of 4,000 values',
      () =>
        rawRequest({
          attributes: [
            attributeOf('1.2.840.113549.1.9.7', ...Array.from({ length: 4000 }, () => string(Tag.UTF8_STRING, 'a'))),
          ],
        }),
    ],
    ['an RSA key of 8,192 bits', () => selfIssued(1024, Buffer.of(1, 0, 1))],
    ['an RSA key of 16,384 bits', () => selfIssued(2048, Buffer.of(1, 0, 1))],
    ['an RSA exponent as long as its modulus', () => selfIssued(1024, Buffer.alloc(1000, 0x7f))],
  ])('takes no time to speak of: %s', async (_what, build) => {
    const bytes = build();
    expect(bytes.length).toBeLessThanOrEqual(uploadLimits.singleObjectOctets);
    for (const format of formats) {
      const took: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const before = process.cpuUsage();
        const text = await inspectSingleObject(
          { parts: [{ name: null, bytes }], password: null },
          context,
          format,
          account,
        );
        const { user, system } = process.cpuUsage(before);
        took.push((user + system) / 1000);
        expect(text).not.toBeNull();
      }
      expect(Math.min(...took)).toBeLessThan(limitMilliseconds);
    }
  });
});
