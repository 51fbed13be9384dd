import { constants, type KeyObject, randomBytes, sign } from 'node:crypto';
import { contextConstructed, der, oid, sequence, Tag, unsignedInteger } from '../../src/strict/der.js';
import { basicConstraintsExtension, writeExtension } from '../../src/strict/extension.js';
import {
  type CertificateFields,
  type KeyType,
  makeAuthority,
  makeCertificate,
  type MadeCertificate,
  makeKey,
  nameConstraints,
  nameOf,
  pathLength,
  subjectAltName,
  testNow,
} from './certificates.js';

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyPurpose = '2.5.29.37.0';

const directory = { directory: [nameOf([['O', 'dev']])] };

/** The same extension, not critical. */
const notCritical = (extension: Buffer): Buffer => {
  const at = extension.indexOf(Buffer.of(0x01, 0x01, 0xff));
  const inside = Buffer.concat([extension.subarray(2, at), extension.subarray(at + 3)]);
  return der(Tag.SEQUENCE, inside);
};

const rsaSha1 = {
  identifier: sequence(oid('1.2.840.113549.1.1.5'), der(Tag.NULL)),
  sign: (octets: Buffer, key: KeyObject) => sign('sha1', octets, key),
};
const ecdsaSha1 = {
  identifier: sequence(oid('1.2.840.10045.4.1')),
  sign: (octets: Buffer, key: KeyObject) => sign('sha1', octets, key),
};
const sha256Identifier = sequence(oid('2.16.840.1.101.3.4.2.1'), der(Tag.NULL));

/** RSASSA-PSS with SHA-256 and a salt of this length. */
const pss = (salt: number): NonNullable<CertificateFields['signedWith']> => ({
  identifier: sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      der(contextConstructed(0), sha256Identifier),
      der(contextConstructed(1), sequence(oid('1.2.840.113549.1.1.8'), sha256Identifier)),
      der(contextConstructed(2), unsignedInteger(Buffer.of(salt))),
    ),
  ),
  sign: (octets, key) => sign('sha256', octets, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt }),
});

/** The ways in which the certificate of a CA differs from one without flaws; some of them are none. */
export const variations: Readonly<Record<string, (signerKey: KeyObject) => CertificateFields>> = {
  'is no CA': () => ({ basicConstraints: basicConstraintsExtension(false) }),
  'without basicConstraints': () => ({ basicConstraints: null }),
  'basicConstraints not critical': () => ({ basicConstraints: notCritical(basicConstraintsExtension(true)) }),
  'path length 0': () => ({ basicConstraints: pathLength(0) }),
  'path length 1': () => ({ basicConstraints: pathLength(1) }),
  'path length 2': () => ({ basicConstraints: pathLength(2) }),
  'without keyUsage': () => ({ keyUsage: null }),
  'may not sign certificates': () => ({ keyUsage: ['digitalSignature', 'cRLSign'] }),
  'for clients': () => ({ extKeyUsage: [clientAuth] }),
  'for clients and servers': () => ({ extKeyUsage: [serverAuth, clientAuth] }),
  'for any purpose': () => ({ extKeyUsage: [anyPurpose] }),
  'for servers': () => ({ extKeyUsage: [serverAuth] }),
  'for servers, critical': () => ({
    extensions: [writeExtension('2.5.29.37', true, sequence(oid(serverAuth)))],
  }),
  'for clients, critical': () => ({
    extensions: [writeExtension('2.5.29.37', true, sequence(oid(clientAuth)))],
  }),
  'unknown extension': () => ({ extensions: [writeExtension('1.2.3.4', false, der(Tag.NULL))] }),
  'unknown extension, critical': () => ({ extensions: [writeExtension('1.2.3.4', true, der(Tag.NULL))] }),
  'directory names, critical': () => ({ extensions: [nameConstraints(directory)] }),
  'directory names excluded, critical': () => ({ extensions: [nameConstraints({}, directory)] }),
  'directory names': () => ({ extensions: [notCritical(nameConstraints(directory))] }),
  'DNS names, critical': () => ({ extensions: [nameConstraints({ dns: ['example.com'] })] }),
  'addresses, critical': () => ({
    extensions: [nameConstraints({ ip: [Buffer.from('0a000000ff000000', 'hex')] }, { dns: ['.x.example'] })],
  }),
  'an empty name constraint': () => ({ extensions: [writeExtension('2.5.29.30', true, sequence())] }),
  'alternative names': () => ({ extensions: [subjectAltName({ dns: ['ca.other.example'] })] }),
  'policy constraints': () => ({
    extensions: [
      writeExtension('2.5.29.36', true, sequence(der(0x80, Buffer.of(0)))),
      writeExtension('2.5.29.32', false, sequence(sequence(oid('1.2.3.4.5')))),
    ],
  }),
  policies: () => ({ extensions: [writeExtension('2.5.29.32', true, sequence(sequence(oid('1.2.3.4.5'))))] }),
  'no subjectKeyIdentifier': () => ({ subjectKeyIdentifier: null }),
  'subjectKeyIdentifier, critical': () => ({
    subjectKeyIdentifier: null,
    extensions: [writeExtension('2.5.29.14', true, der(Tag.OCTET_STRING, randomBytes(20)))],
  }),
  'authorityKeyIdentifier of another': () => ({ authorityKeyIdentifier: randomBytes(20) }),
  ended: () => ({ notAfter: new Date(testNow.getTime() - 1000) }),
  'not yet valid': () => ({ notBefore: new Date(testNow.getTime() + 1000) }),
  'ends this second': () => ({ notAfter: testNow }),
  'an RSA key of 1024 bits': () => ({ key: makeKey('RSA-1024') }),
  'a key of Ed25519': () => ({ key: makeKey('Ed25519') }),
  'a key on P-521': () => ({ key: makeKey('P-521') }),
  'signed with SHA-1': ({ asymmetricKeyType: type }) =>
    type === 'rsa' ? { signedWith: rsaSha1 } : type === 'ec' ? { signedWith: ecdsaSha1 } : {},
  'signed with RSASSA-PSS': ({ asymmetricKeyType: type }) => (type === 'rsa' ? { signedWith: pss(32) } : {}),
  'signed with RSASSA-PSS and another salt': ({ asymmetricKeyType: type }) =>
    type === 'rsa' ? { signedWith: pss(20) } : {},
  'another signature': () => ({ forged: true }),
  'another name of its issuer': () => ({ issuerName: nameOf([['CN', 'somebody else']]) }),
  'version 1': () => ({ version: 1 }),
  'an empty subject': () => ({ subject: [] }),
  'a name in a GeneralString': () => ({ subject: nameOf([['CN', 'general']], 0x1b) }),
  'a name in a BMPString': () => ({ subject: nameOf([['CN', 'bmpx']], Tag.BMP_STRING) }),
};

/** Files that an operator could name, and a user certificate of the issuer. */
export interface SampleChain {
  /** The variations and changes that it has. */
  readonly told: readonly string[];
  /** DER, in the order of the file. */
  readonly certificates: readonly Buffer[];
  /** Null: the issuer's own. */
  readonly anchors: readonly Buffer[] | null;
  readonly user: Buffer;
}

/** Numbers from 0 up to 1. */
export type Random = () => number;

/** A generator of numbers that gives the same ones again (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const keys = new Map<string, ReturnType<typeof makeKey>>();
/** Keys are made once for each place, because RSA keys take long. */
const keyAt = (type: KeyType, place: number) => {
  const found = keys.get(`${type} ${place}`) ?? makeKey(type);
  keys.set(`${type} ${place}`, found);
  return found;
};

/** An issuer below up to three other CAs, with a few variations, in a file as an operator may write it. */
export function sampleChain(random: Random): SampleChain {
  const told: string[] = [];
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const height = Math.floor(random() * 4);
  // From the root down to the issuer.
  const authorities: MadeCertificate[] = [];
  const make = (place: number, issuer?: MadeCertificate) => {
    const name = random() < 0.2 ? one(Object.keys(variations)) : null;
    if (name !== null) told.push(`${place}: ${name}`);
    const key = keyAt(one(['P-256', 'P-384', 'RSA-2048']), place);
    const vary = name === null ? () => ({}) : variations[name]!;
    const varied: CertificateFields = vary((issuer?.key ?? key).privateKey);
    return makeAuthority({ subject: [['CN', `ca ${place}`]], key, ...(issuer && { issuer }), ...varied });
  };
  for (let place = 0; place <= height; place++) authorities.push(make(place, authorities.at(-1)));
  const upwards = authorities.toReversed();
  const [issuer] = upwards;
  const user = makeCertificate({
    issuer: issuer!,
    subject: [
      ['O', 'dev'],
      ['CN', 'jane'],
    ],
  });
  const root = authorities[0]!;
  const unrelated = makeAuthority({ subject: [['CN', 'unrelated']], key: keyAt('P-256', 9) });
  const changes: Readonly<Record<string, () => Pick<SampleChain, 'certificates' | 'anchors'>>> = {
    'without the root': () => ({
      certificates: ders(height === 0 ? upwards : upwards.slice(0, -1)),
      anchors: [root.der],
    }),
    'with the root': () => ({ certificates: ders(upwards), anchors: [root.der] }),
    'its own anchor': () => ({ certificates: [issuer!.der], anchors: null }),
    'its own anchor, with those above': () => ({ certificates: ders(upwards), anchors: null }),
    'an intermediate as anchor': () => {
      const anchor = one(upwards);
      return { certificates: ders(upwards.slice(0, upwards.indexOf(anchor) || 1)), anchors: [anchor.der] };
    },
    'an anchor in the middle': () => ({ certificates: ders(upwards), anchors: [one(upwards).der] }),
    'another order': () => ({
      certificates: ders(upwards.toSorted(() => random() - 0.5)),
      anchors: [root.der],
    }),
    'one missing': () => ({
      certificates: ders(upwards.filter((each) => each === issuer || each !== one(upwards))),
      anchors: [root.der],
    }),
    'one twice': () => ({ certificates: ders([...upwards, one(upwards)]), anchors: [root.der] }),
    'an unrelated one': () => ({ certificates: ders([...upwards, unrelated]), anchors: [root.der] }),
    'an unrelated anchor': () => ({ certificates: ders(upwards), anchors: [unrelated.der] }),
    'an unrelated anchor beside': () => ({ certificates: ders(upwards), anchors: [unrelated.der, root.der] }),
    'two anchors': () => ({ certificates: ders(upwards), anchors: [root.der, one(upwards).der] }),
    'an anchor of the same key': () => {
      const replaced = one(authorities);
      const renewed = makeAuthority({
        subject: replaced.subject,
        key: replaced.key,
        subjectKeyIdentifier: replaced.keyIdentifier,
        notAfter: new Date(random() < 0.3 ? '2026-05-01T00:00:00Z' : '2040-01-01T00:00:00Z'),
      });
      return { certificates: ders(upwards), anchors: [renewed.der] };
    },
    'a cross certificate': () => {
      const old = makeAuthority({
        subject: [['CN', 'old']],
        key: keyAt('P-256', 8),
        basicConstraints: one([basicConstraintsExtension(true), pathLength(0), pathLength(1)]),
      });
      const crossed = makeAuthority({
        subject: root.subject,
        key: root.key,
        subjectKeyIdentifier: root.keyIdentifier,
        issuer: old,
      });
      return { certificates: ders([...upwards.slice(0, -1), crossed]), anchors: one([[old.der], [old.der, root.der]]) };
    },
  };
  const change = one(['without the root', 'without the root', 'with the root', ...Object.keys(changes)]);
  told.push(change);
  return { told, ...changes[change]!(), user: user.der };
}

const ders = (made: readonly MadeCertificate[]): readonly Buffer[] => made.map((each) => each.der);
