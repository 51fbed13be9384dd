// Tests packages/inspect/src/pkcs/decode-pkcs7.ts
import { X509Certificate } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { decodePkcs7 } from '../../src/pkcs/decode-pkcs7.js';
import { contextConstructed, der, oid, sequence, setOf, Tag, unsignedInteger } from '@kubepass/x509';
import { fixture, pieceOf } from '../keys/inspected-key.js';

const decode = (name: string): ReturnType<typeof decodePkcs7> => decodePkcs7(fixture(name));
const certificate = (name: string): Buffer => fixture(name).bytes;

describe('PKCS#7', () => {
  it('takes certificates and lists out of a bundle', () => {
    const { content, pieces, observations } = decode('bundle.p7b');
    expect(content).toEqual({
      type: 'PKCS7',
      contentType: 'signedData',
      certificates: 2,
      certificateLists: 1,
      signers: 0,
    });
    expect(pieces.map(({ path }) => path)).toEqual([
      'upload#certificates[0]',
      'upload#certificates[1]',
      'upload#certificateLists[0]',
    ]);
    expect(pieces.map(({ bytes }) => bytes)).toEqual(['ca.crt', 'jane.crt', 'ca.crl'].map(certificate));
    expect(observations).toEqual([]);
  });

  it('reads DER', () => {
    expect(decode('der.p7b').pieces.map(({ bytes }) => bytes)).toEqual([certificate('jane.crt')]);
  });

  it('reads indefinite lengths without a word, and what is inside octet by octet', () => {
    const { content, pieces, observations } = decode('indefinite.p7b');
    expect(content).toMatchObject({ contentType: 'signedData', certificates: 1, signers: 1 });
    expect(observations).toEqual([]);
    expect(new X509Certificate(pieces[0]!.bytes).subject).toBe('O=dev\nCN=jane');
  });

  it('reads a bundle with something behind it, and says so', () => {
    const bytes = Buffer.concat([certificate('der.p7b'), Buffer.of(0)]);
    const { pieces, observations } = decodePkcs7(pieceOf(bytes));
    expect(pieces).toHaveLength(1);
    expect(observations.map(({ code }) => code)).toEqual(['TrailingData']);
  });

  it('says of what is no SignedData what it is', () => {
    expect(decode('enveloped.p7b').content).toMatchObject({ contentType: 'envelopedData', certificates: 0 });
  });

  const signedData = (...certificates: readonly Buffer[]): Buffer =>
    sequence(
      oid('1.2.840.113549.1.7.2'),
      der(
        contextConstructed(0),
        sequence(
          unsignedInteger(Buffer.of(1)),
          setOf(),
          sequence(oid('1.2.840.113549.1.7.1')),
          der(contextConstructed(0), ...certificates),
          setOf(),
        ),
      ),
    );

  it('passes over attribute certificates', () => {
    const attributes = der(contextConstructed(2), sequence());
    const { content, pieces } = decodePkcs7(pieceOf(signedData(attributes, certificate('ca.crt'))));
    expect(content).toMatchObject({ certificates: 1 });
    expect(pieces).toHaveLength(1);
  });

  it('counts what it does not take out', () => {
    const many = Buffer.alloc(200_000);
    for (let i = 0; i < many.length; i += 2) many[i] = Tag.SEQUENCE;
    const { content, pieces } = decodePkcs7(pieceOf(signedData(many)));
    expect(content).toMatchObject({ certificates: 100_000 });
    expect(pieces).toHaveLength(1_000);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an empty SEQUENCE', sequence()],
    ['a bundle that is cut off', certificate('der.p7b').subarray(0, 100)],
    [
      'signed data that is something else',
      sequence(oid('1.2.840.113549.1.7.2'), der(contextConstructed(0), der(Tag.NULL))),
    ],
  ])('says of %s that it cannot be read', (_what, bytes) => {
    const { observations, pieces } = decodePkcs7(pieceOf(bytes));
    expect(observations.map(({ code }) => code)).toEqual(['MalformedObject']);
    expect(pieces).toEqual([]);
  });
});
