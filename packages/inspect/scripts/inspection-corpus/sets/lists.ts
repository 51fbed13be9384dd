import { contextConstructed, der, encodePem, readCertificate, sequence, Tag } from '@kubepass/x509';
import {
  authority,
  clusterCa,
  clusterCaCertificate,
  type Hash,
  type Issuer,
  issuerOf,
  janesCertificate,
  keyIdentifierOf,
  seal,
  serialNumberOf,
  signatureAlgorithm,
  signBytes,
} from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import { privateKey } from '../keys.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extension,
  integer,
  keyUsage,
  subjectKeyIdentifier,
  time,
  user,
} from '../values.js';
import { pemOf } from './certificates.js';

interface ListFields {
  readonly thisUpdate?: Buffer;
  readonly nextUpdate?: Buffer | null;
  /** INTEGERs. */
  readonly revoked?: readonly Buffer[];
  readonly hash?: Hash;
  readonly signature?: Buffer;
  /** Left out: the cluster's CA. */
  readonly issuer?: Issuer;
  /** Null leaves them out, as in version 1. */
  readonly extensions?: readonly Buffer[] | null;
}

/** A certificate list (RFC 5280 5.1), DER. */
export function list(fields: ListFields = {}): Buffer {
  const issuer = fields.issuer ?? clusterCa;
  const key = privateKey(issuer.key);
  const hash = fields.hash ?? 'sha256';
  const algorithm = signatureAlgorithm(key, hash);
  const nextUpdate = fields.nextUpdate === undefined ? time('2027-01-01') : fields.nextUpdate;
  const revoked = (fields.revoked ?? [serialNumberOf('revoked')]).map((serialNumber) =>
    // Reason: keyCompromise.
    sequence(serialNumber, time('2026-11-10'), sequence(extension('2.5.29.21', der(0x0a, Buffer.of(1))))),
  );
  const extensions = fields.extensions === undefined ? extensionsOf(issuer) : fields.extensions;
  const tbs = sequence(
    ...(extensions ? [integer(1)] : []),
    algorithm,
    issuer.name,
    fields.thisUpdate ?? time('2026-11-20'),
    ...(nextUpdate ? [nextUpdate] : []),
    ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    ...(extensions ? [der(contextConstructed(0), sequence(...extensions))] : []),
  );
  return seal(tbs, algorithm, fields.signature ?? signBytes(tbs, key, hash));
}

const extensionsOf = ({ keyIdentifier }: Issuer): readonly Buffer[] => [
  authorityKeyIdentifier(keyIdentifier ?? Buffer.alloc(0)),
  extension('2.5.29.20', der(Tag.INTEGER, Buffer.of(7))),
];

/** A CA that may sign lists, unlike those of kubeadm. */
const listCaName = user('list-ca');
const listCa = issuerOf(listCaName, 'other-ca');
const listCaCertificate = (): Buffer =>
  authority(listCaName, 'other-ca', {
    extensions: [
      keyUsage('keyCertSign', 'cRLSign'),
      basicConstraints(true),
      subjectKeyIdentifier(keyIdentifierOf('other-ca')),
    ],
  });

const serialNumberIn = (certificate: Buffer): Buffer => {
  const { serialNumber } = readCertificate(certificate);
  return der(Tag.INTEGER, Buffer.from(serialNumber, 'hex'));
};

const pem = (bytes: Buffer): string => encodePem('X509 CRL', bytes);

export const listFixtures: readonly Fixture[] = [
  single('list', 'a certificate list of a CA of ours', 'crl', () => pem(list()), ['ListNotConsulted']),
  single('list-der', 'a certificate list in DER', 'crl', () => list()),
  single('list-empty', 'a certificate list that revokes nothing', 'crl', () => pem(list({ revoked: [] }))),
  single('list-long', 'a certificate list of more entries than are shown', 'crl', () =>
    pem(list({ revoked: Array.from({ length: 150 }, (_, i) => serialNumberOf(`revoked ${i}`)) })),
  ),
  single(
    'list-expired',
    'a certificate list that is out of date',
    'crl',
    () => pem(list({ nextUpdate: time('2026-11-25') })),
    ['ListExpired'],
  ),
  single('list-without-next-update', 'a certificate list that says nothing of its next one', 'crl', () =>
    pem(list({ nextUpdate: null })),
  ),
  single('list-sha1', 'a certificate list that is signed with SHA-1', 'crl', () => pem(list({ hash: 'sha1' })), [
    'WeakSignature',
  ]),
  several(
    'list-revokes',
    'a certificate, its CA and the list that revokes it',
    () => ({
      'jane.crt': pemOf(janesCertificate()),
      'ca.crt': pemOf(clusterCaCertificate()),
      'ca.crl': pem(list({ revoked: [serialNumberOf('revoked'), serialNumberIn(janesCertificate())] })),
    }),
    ['RevokedCertificate'],
  ),
  several(
    'list-forged',
    'a list that would revoke the certificate, were its signature right',
    () => ({
      'jane.crt': pemOf(janesCertificate()),
      'ca.crt': pemOf(clusterCaCertificate()),
      'ca.crl': pem(list({ revoked: [serialNumberIn(janesCertificate())], signature: Buffer.alloc(256, 1) })),
    }),
    ['SignatureInvalid'],
  ),
  several('list-of-a-ca-for-lists', 'a list of a CA that may sign lists', () => ({
    'ca.crt': pemOf(listCaCertificate()),
    'ca.crl': pem(list({ issuer: listCa })),
  })),
  several(
    'list-of-a-ca-for-certificates',
    'a list of a CA whose key usage lacks cRLSign',
    () => ({ 'ca.crt': pemOf(clusterCaCertificate()), 'ca.crl': pem(list()) }),
    ['IssuerMayNotSign'],
  ),
  single(
    'list-version-1',
    'a list of version 1, which has no extensions',
    'crl',
    () => pem(list({ extensions: null })),
    ['ListOfVersion1'],
  ),
  several(
    'list-incomplete',
    'lists without a CRL number, without a key identifier, and without either or a next update',
    () => {
      const [identifier, number] = extensionsOf(listCa);
      return {
        'ca.crt': pemOf(listCaCertificate()),
        'unnumbered.crl': pem(list({ issuer: listCa, extensions: identifier ? [identifier] : [] })),
        'unidentified.crl': pem(list({ issuer: listCa, extensions: number ? [number] : [] })),
        'version-1.crl': pem(list({ issuer: listCa, revoked: [], extensions: null, nextUpdate: null })),
      };
    },
    ['ListIncomplete'],
  ),
];
