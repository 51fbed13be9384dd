// Tests src/access/probe-revocation.ts
import { describe, expect, inject, it } from 'vitest';
import { der, readCertificate, sequence, sha256, Tag } from '@kubepass/x509';
import {
  type KeyType,
  makeAuthority,
  makeCertificate,
  makeKey,
} from '../../packages/x509/test/helpers/certificates.js';
import { otherEncodings } from '../helpers/other-encodings.js';
import { ask } from './ask.js';

const oracles = inject('oracles');

interface Answer {
  readonly signed: string | null;
  readonly subject: string;
  readonly reason: string;
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** Certificates of a CA, enough for some whose signature begins with one zero bit, and with more. */
const certificatesOf = (type: KeyType, count: number) => {
  const issuer = makeAuthority({ key: makeKey(type) });
  const key = makeKey();
  return Array.from({ length: count }, () => ({ issuer, ...makeCertificate({ issuer, key }) }));
};

describe.skipIf(oracles === null)('the other encodings of a certificate', () => {
  const askAll = (questions: readonly { readonly certificate: Uint8Array; readonly issuer: Uint8Array }[]) =>
    ask(
      oracles!.encodings,
      questions.map(({ certificate, issuer }) =>
        JSON.stringify({ certificate: base64(certificate), issuer: base64(issuer) }),
      ),
    ) as readonly Answer[];

  it.each([
    { type: 'RSA-2048', count: 40, kinds: ['NULL behind', 'unused bits: 1', 'unused bits: 1, 70,000 octets behind'] },
    { type: 'Ed25519', count: 80, kinds: ['NULL behind', 'unused bits: 1', 'unused bits: 2, a text behind'] },
    { type: 'P-256', count: 10, kinds: ['s negated', 'unused bits: 2', 's negated, unused bits: 2, NULL behind'] },
    { type: 'P-384', count: 5, kinds: ['s negated', 'unused bits: 1', 's negated, unused bits: 1, NULL behind'] },
    { type: 'P-521', count: 5, kinds: ['s negated', 's negated, unused bits: 2, another signature behind'] },
  ] as const)('of a CA with $type are all valid for Go, with the same content', ({ type, count, kinds }) => {
    const all = certificatesOf(type, count).flatMap((made) =>
      otherEncodings(made.der).map((encoding) => ({ ...encoding, made })),
    );
    const answers = askAll(all.map(({ der: certificate, made }) => ({ certificate, issuer: made.issuer.der })));
    const signed = (certificate: Buffer) => base64(readCertificate(certificate).tbsCertificate);
    const wrong = answers.filter(
      (answer, i) => answer.subject !== 'CN=jane' || answer.signed !== signed(all[i]!.made.der),
    );
    expect(wrong).toEqual([]);
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining([...kinds]));
    // Each one has a credential id of its own.
    const ids = new Set(all.flatMap(({ der: octets, made }) => [sha256(octets), sha256(made.der)]));
    expect(ids.size).toBe(all.length + count);
  });

  it('are those that Go takes: it refuses each change of another octet that is not signed', () => {
    for (const type of ['RSA-2048', 'P-256', 'Ed25519'] as const) {
      const [made] = certificatesOf(type, 1);
      const issuer = made!.issuer.der;
      const { tbsCertificate, signature, signatureAlgorithm } = readCertificate(made!.der);
      const bits = (unused: number, octets: Uint8Array) => der(Tag.BIT_STRING, Buffer.of(unused), octets);
      const { identifier } = signatureAlgorithm;
      const longForm = Buffer.concat([Buffer.of(0x30, 0x83, 0), made!.der.subarray(2)]);
      const spoilt = [
        longForm,
        Buffer.concat([made!.der, Buffer.of(5, 0)]),
        sequence(tbsCertificate, sequence(identifier, der(Tag.NULL)), bits(0, signature)),
        sequence(tbsCertificate, identifier, bits(0, Buffer.concat([Buffer.of(0), signature]))),
        sequence(tbsCertificate, identifier, bits(0, Buffer.concat([signature, Buffer.of(0)]))),
        sequence(tbsCertificate, identifier, der(0x23, bits(0, signature))),
        sequence(der(Tag.NULL), tbsCertificate, identifier, bits(0, signature)),
        // A bit of each octet of the signature.
        ...Array.from(signature, (octet, i) => {
          const changed = Buffer.from(signature);
          changed[i] = octet ^ 0x80;
          return sequence(tbsCertificate, identifier, bits(0, changed));
        }),
      ];
      const answers = askAll(spoilt.map((certificate) => ({ certificate, issuer })));
      expect(answers.flatMap(({ reason }, i) => (reason === '' ? [`${type} ${i}`] : []))).toEqual([]);
    }
  });
});
