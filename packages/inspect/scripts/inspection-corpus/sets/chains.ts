import { contextConstructed, der, sequence, Tag } from '@kubepass/x509';
import {
  authority,
  certificate,
  type CertificateFields,
  clusterCaCertificate,
  issuerOf,
  jane,
  janesCertificate,
  keyIdentifierOf,
  leafExtensions,
  serverCertificate,
  userCertificate,
} from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  dns,
  email,
  extension,
  extKeyUsage,
  integer,
  keyUsage,
  latin1,
  octetString,
  otherName,
  permittedSubtrees,
  subjectAltName,
  subjectKeyIdentifier,
  time,
  uri,
  user,
} from '../values.js';
import { pemOf } from './certificates.js';

const rootName = user('corp-root');
const intermediateName = user('corp-intermediate');
const rootIssuer = issuerOf(rootName, 'root');
const intermediateIssuer = issuerOf(intermediateName, 'intermediate');
const web = user('web');
const webNames = [dns('web.corp.example')];

const root = (more: Partial<CertificateFields> = {}): Buffer => authority(rootName, 'root', more);
const intermediate = (more: Partial<CertificateFields> = {}): Buffer =>
  authority(intermediateName, 'intermediate', { issuer: rootIssuer, notAfter: time('2035-01-01'), ...more });
const leaf = (): Buffer => serverCertificate(web, webNames, { issuer: intermediateIssuer });

/** The root's successor of the same name, as Go writes it. */
const rolledOver = (): Buffer =>
  authority(rootName, 'intermediate', { issuer: { ...rootIssuer, keyIdentifier: null } });

/** The extensions of a CA: its own identifier, its issuer's identifier, and any others. */
const caExtensions = (key: 'root' | 'intermediate', ...more: readonly Buffer[]): readonly Buffer[] => [
  subjectKeyIdentifier(keyIdentifierOf(key)),
  ...(key === 'intermediate' ? [authorityKeyIdentifier(keyIdentifierOf('root'))] : []),
  ...more,
];
const signs = keyUsage('digitalSignature', 'keyCertSign', 'cRLSign');

/** `id-on-userPrincipalName` of Active Directory. */
const principal = (text: string): Buffer => otherName('1.3.6.1.4.1.311.20.2.3', der(Tag.UTF8_STRING, latin1(text)));

const constrainedRoot = (constraints: Buffer): Buffer =>
  root({ extensions: caExtensions('root', signs, basicConstraints(true), constraints) });

/** A server with these names below a root with these constraints, which Go refuses. */
const below = (name: string, about: string, constraints: Buffer, names: readonly Buffer[]): Fixture =>
  several(
    name,
    `a server with ${about}, below a CA with constraints`,
    () => ({
      'web.crt': pemOf(serverCertificate(web, names, { issuer: rootIssuer })),
      'root.crt': pemOf(constrainedRoot(constraints)),
    }),
    ['NameConstraintViolated'],
  );

const bundle = (...certificates: readonly Buffer[]): string => certificates.map(pemOf).join('');

export const chainFixtures: readonly Fixture[] = [
  single('chain', 'a server, its intermediate, and no root', 'pem', () => bundle(leaf(), intermediate()), [
    'IssuerMissing',
  ]),
  single(
    'chain-with-root',
    'a server, its intermediate and their root',
    'pem',
    () => bundle(leaf(), intermediate(), root()),
    ['RootInChain'],
  ),
  single(
    'chain-out-of-order',
    'the intermediate before the server',
    'pem',
    () => bundle(intermediate(), leaf(), root()),
    ['ChainOutOfOrder'],
  ),
  several('chain-in-parts', 'a server, its intermediate and their root, each a file', () => ({
    'web.crt': pemOf(leaf()),
    'intermediate.crt': pemOf(intermediate()),
    'root.crt': pemOf(root()),
  })),
  several('ca-bundle', 'CAs that clients trust, of different names', () => ({
    'ca-bundle.crt': bundle(root(), clusterCaCertificate(), authority(user('other'), 'other-ca')),
  })),
  several(
    'issuer-is-no-ca',
    'a certificate that a user certificate signed',
    () => ({
      'bob.crt': pemOf(
        userCertificate(user('bob'), 'bob', { issuer: { ...issuerOf(jane, 'jane'), keyIdentifier: null } }),
      ),
      'jane.crt': pemOf(janesCertificate()),
      'ca.crt': pemOf(clusterCaCertificate()),
    }),
    ['IssuerNotCa'],
  ),
  several(
    'issuer-may-not-sign',
    'a CA whose key usage lacks keyCertSign',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(
        intermediate({
          extensions: caExtensions('intermediate', keyUsage('digitalSignature'), basicConstraints(true)),
        }),
      ),
      'root.crt': pemOf(root()),
    }),
    ['IssuerMayNotSign'],
  ),
  several(
    'issuer-without-basic-constraints',
    'an intermediate without basic constraints',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(intermediate({ extensions: caExtensions('intermediate', signs) })),
      'root.crt': pemOf(root()),
    }),
    ['BasicConstraintsMissing'],
  ),
  several(
    'path-too-long',
    'an intermediate below a root of path length 0',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(intermediate()),
      'root.crt': pemOf(root({ extensions: caExtensions('root', signs, basicConstraints(true, 0)) })),
    }),
    ['PathLengthExceeded'],
  ),
  several('path-long-enough', 'an intermediate of path length 0', () => ({
    'web.crt': pemOf(leaf()),
    'intermediate.crt': pemOf(
      intermediate({ extensions: caExtensions('intermediate', signs, basicConstraints(true, 0)) }),
    ),
    'root.crt': pemOf(root({ extensions: caExtensions('root', signs, basicConstraints(true, 1)) })),
  })),
  several(
    'name-not-permitted',
    'a server outside of the names that its CA may give',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(
        intermediate({
          extensions: caExtensions(
            'intermediate',
            signs,
            basicConstraints(true),
            permittedSubtrees(dns('other.example')),
          ),
        }),
      ),
      'root.crt': pemOf(root()),
    }),
    ['NameConstraintViolated'],
  ),
  several('name-permitted', 'a server below the names that its CA may give', () => ({
    'web.crt': pemOf(leaf()),
    'intermediate.crt': pemOf(
      intermediate({
        extensions: caExtensions('intermediate', signs, basicConstraints(true), permittedSubtrees(dns('corp.example'))),
      }),
    ),
    'root.crt': pemOf(root()),
  })),
  several(
    'authority-key-identifier-wrong',
    'the key identifier of another CA of the same name',
    () => ({
      'web.crt': pemOf(
        serverCertificate(web, webNames, {
          issuer: { ...intermediateIssuer, keyIdentifier: keyIdentifierOf('other-ca') },
        }),
      ),
      'intermediate.crt': pemOf(intermediate()),
      'root.crt': pemOf(root()),
    }),
    ['AuthorityKeyIdentifierWrong'],
  ),
  several(
    'authority-key-identifier-of-another-serial-number',
    "issuer and serial number that are not the CA's",
    () => ({
      'web.crt': pemOf(
        serverCertificate(web, webNames, {
          issuer: intermediateIssuer,
          extensions: [
            ...leafExtensions({ ...intermediateIssuer, keyIdentifier: null }, extKeyUsage('serverAuth')),
            extension(
              '2.5.29.35',
              sequence(
                der(0x80, keyIdentifierOf('intermediate')),
                der(contextConstructed(1), der(contextConstructed(4), rootName)),
                der(0x82, Buffer.of(0x42)),
              ),
            ),
            extension('2.5.29.17', sequence(...webNames)),
          ],
        }),
      ),
      'intermediate.crt': pemOf(intermediate()),
      'root.crt': pemOf(root()),
    }),
    ['AuthorityKeyIdentifierWrong'],
  ),
  several(
    'outlives-its-ca',
    'a certificate that ends after its CA',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(intermediate({ notAfter: time('2027-05-01') })),
      'root.crt': pemOf(root()),
    }),
    ['OutlivesIssuer'],
  ),
  several(
    'ca-expired',
    'a certificate that lives below a CA that does not',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(intermediate({ notAfter: time('2026-11-15') })),
      'root.crt': pemOf(root()),
    }),
    ['CertificateExpired', 'OutlivesIssuer'],
  ),
  several(
    'signature-of-another',
    'the CA has the name, but not the key that signed',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(
        authority(intermediateName, 'other-ca', {
          issuer: rootIssuer,
          notAfter: time('2035-01-01'),
          extensions: [
            signs,
            basicConstraints(true),
            // The identifier that the server's certificate asks for.
            subjectKeyIdentifier(keyIdentifierOf('intermediate')),
            authorityKeyIdentifier(keyIdentifierOf('root')),
          ],
        }),
      ),
      'root.crt': pemOf(root()),
    }),
    ['SignatureInvalid'],
  ),
  several('cross-signed', 'an intermediate that two roots signed', () => ({
    'web.crt': pemOf(leaf()),
    'intermediate.crt': pemOf(intermediate()),
    'intermediate-cross.crt': pemOf(
      authority(intermediateName, 'intermediate', {
        issuer: issuerOf(user('other'), 'other-ca'),
        notAfter: time('2035-01-01'),
      }),
    ),
    'root.crt': pemOf(root()),
    'other.crt': pemOf(authority(user('other'), 'other-ca')),
  })),
  several(
    'cas-that-sign-each-other',
    'a server and two CAs of which each signed the other, without a root',
    () => ({
      'web.crt': pemOf(leaf()),
      'intermediate.crt': pemOf(intermediate()),
      'root.crt': pemOf(root({ issuer: intermediateIssuer, notAfter: time('2035-01-01') })),
    }),
    ['NoRootAbove'],
  ),
  several('ca-renewed', 'the same key in two certificates of one CA', () => ({
    'old.crt': pemOf(root({ serialNumber: integer(0x51, 1, 2, 3, 4, 5, 6, 7, 8), notAfter: time('2027-06-01') })),
    'new.crt': pemOf(root()),
    'intermediate.crt': pemOf(intermediate({ notAfter: time('2027-05-01') })),
  })),
  single(
    'ca-rolled-over',
    'a CA with a new key that the older CA of its name signed, without a key identifier of the older one',
    'pem',
    () => pemOf(rolledOver()),
    ['IssuerMissing'],
  ),
  several(
    'ca-rolled-over-with-older',
    'the same CA beside the older one, another of that name, and a user below it',
    () => ({
      'new.crt': pemOf(rolledOver()),
      'another.crt': pemOf(authority(rootName, 'other-ca')),
      'old.crt': pemOf(root()),
      'jane.crt': pemOf(userCertificate(jane, 'jane', { issuer: issuerOf(rootName, 'intermediate') })),
    }),
  ),
  several(
    'same-serial-number',
    'two certificates of one CA with one serial number',
    () => ({
      'jane.crt': pemOf(userCertificate(jane, 'jane', { serialNumber: integer(0x51, 1, 2, 3, 4, 5, 6, 7, 8) })),
      'bob.crt': pemOf(userCertificate(user('bob'), 'bob', { serialNumber: integer(0x51, 1, 2, 3, 4, 5, 6, 7, 8) })),
    }),
    ['DuplicateSerialNumber'],
  ),
  several(
    'one-key-for-two',
    'one key in the certificates of two users',
    () => ({ 'jane.crt': pemOf(janesCertificate()), 'bob.crt': pemOf(userCertificate(user('bob'), 'jane')) }),
    ['SharedKey'],
  ),
  several(
    'the-same-twice',
    'one certificate in two files',
    () => ({ 'a.crt': pemOf(janesCertificate()), 'b.crt': janesCertificate() }),
    ['DuplicateObject'],
  ),
  several('self-signed-leaf-with-ca-name', 'a root and a leaf of the same name and key identifier', () => ({
    'root.crt': pemOf(root()),
    'leaf.crt': pemOf(
      certificate({
        subject: rootName,
        key: 'eve',
        extensions: [
          keyUsage('digitalSignature'),
          basicConstraints(false),
          extension('2.5.29.14', octetString(keyIdentifierOf('root'))),
        ],
      }),
    ),
  })),
  single(
    'key-identifier-of-itself',
    'a server that names its own key in the place of that of its CA, which is not here',
    'pem',
    () =>
      pemOf(
        serverCertificate(web, webNames, {
          issuer: intermediateIssuer,
          extensions: [
            ...leafExtensions({ ...intermediateIssuer, keyIdentifier: keyIdentifierOf('server') }),
            subjectKeyIdentifier(keyIdentifierOf('server')),
            extKeyUsage('serverAuth'),
            subjectAltName(...webNames),
          ],
        }),
      ),
    ['IssuerMissing'],
  ),
  several(
    'key-identifier-copied',
    'a server with the key identifier of a CA that did not sign it, and the CA that did is not here',
    () => ({
      'web.crt': pemOf(
        serverCertificate(web, webNames, { issuer: { ...intermediateIssuer, keyIdentifier: keyIdentifierOf('root') } }),
      ),
      'root.crt': pemOf(root()),
    }),
    ['IssuerMissing'],
  ),
  single(
    'leaf-with-ca-name-alone',
    'a server with the name of its CA, which is not here, and no key identifiers',
    'pem',
    () =>
      pemOf(serverCertificate(intermediateName, webNames, { issuer: { ...intermediateIssuer, keyIdentifier: null } })),
    ['IssuerMissing'],
  ),
  single(
    'root-of-another-key',
    'a root that names itself and its own key as its issuer, and another key signed it',
    'pem',
    () => pemOf(authority(rootName, 'root', { issuer: { ...rootIssuer, key: 'other-ca' } })),
    ['SignatureInvalid'],
  ),
  single(
    'constraint-not-compared-by-go',
    'a CA with critical constraints of directory names and user principal names',
    'pem',
    () => pemOf(constrainedRoot(permittedSubtrees(der(contextConstructed(4), rootName), principal('corp.example')))),
    ['UnknownCriticalExtension'],
  ),
  below('name-of-a-form-not-compared', 'a user principal name', permittedSubtrees(principal('corp.example')), [
    principal('jane@corp.example'),
  ]),
  below('mailbox-malformed', 'what is no mailbox', permittedSubtrees(email('corp.example')), [
    email('Jane <jane@corp.example>'),
  ]),
  below('host-malformed', 'a host name with a dot at its end', permittedSubtrees(dns('corp.example')), [
    dns('web.corp.example.'),
  ]),
  below('uri-without-host', 'a URI without a host', permittedSubtrees(dns('corp.example')), [
    dns('web.corp.example'),
    uri('urn:example:web'),
  ]),
];
