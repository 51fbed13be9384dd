import { Type } from 'typebox';
import { findingKinds } from '@kubepass/inspect';
import {
  closed, idOf, messageOf, named, namedObject, nullable, objectOf, oneOf, ref, sha256Of, textOf,
} from '../../src/http/schemas/schema-parts.js';
import {
  extensions, hexOf, InspectedAlgorithmSchema, InspectedNameSchema, InspectedPublicKeySchema, integerOf, listOf,
  nullableText, oidOf, pathOf, sha1Of, typed, uploadText,
} from './inspection-parts.js';

// Objects of Kubernetes.

const CredentialSourceSchema = named(
  'CredentialSource',
  Type.Union(
    [
      objectOf('In the kubeconfig.', {
        from: oneOf(['data'], 'It is in the kubeconfig.'),
        object: nullable(pathOf('The object of this answer.'), 'Null if it could not be read.'),
      }),
      objectOf('In a file.', {
        from: oneOf(['file'], 'It is in a file, which is not read.'),
        file: uploadText('The file.', '/etc/kubernetes/pki/ca.crt'),
      }),
      objectOf('Nowhere.', { from: oneOf(['nothing'], 'There is none.') }),
    ],
    { description: 'Where a kubeconfig keeps a credential or CA.' },
  ),
);

const InspectedKubeconfigSchema = typed('InspectedKubeconfig', 'Kubeconfig', 'A kubeconfig.', {
  currentContext: nullableText('Its current context.', 'jane@demo'),
  contexts: listOf(
    objectOf('A context.', {
      name: uploadText('Its name.', 'jane@demo'),
      cluster: nullableText('Its cluster.', 'demo'),
      user: nullableText('Its user.', 'jane'),
      namespace: nullableText('Its namespace.', 'team-a'),
    }),
    'Contexts.',
  ),
  clusters: listOf(
    objectOf('A cluster.', {
      name: uploadText('Its name.', 'demo'),
      server: nullableText('The API server, without credentials and query.', 'https://10.0.0.1:6443'),
      tlsServerName: nullableText('`tls-server-name`.'),
      insecureSkipTlsVerify: Type.Boolean({ description: '`insecure-skip-tls-verify`.' }),
      proxyUrl: nullableText('`proxy-url`, without credentials and query.'),
      certificateAuthority: ref(CredentialSourceSchema),
    }),
    'Clusters.',
  ),
  users: listOf(
    objectOf('A user.', {
      name: uploadText('Its name.', 'jane'),
      authentication: listOf(
        oneOf(['clientCertificate', 'token', 'exec', 'authProvider', 'basic'], 'One way.'),
        'How it authenticates.',
      ),
      clientCertificate: ref(CredentialSourceSchema),
      clientKey: ref(CredentialSourceSchema),
      tokenFile: nullableText('`tokenFile`.'),
      exec: nullable(
        objectOf('A program that supplies credentials. `[redacted]` stands for what has the shape of a secret.', {
          command: uploadText('The command. It is never run.', 'aws'),
          args: listOf(uploadText('One argument.'), 'Arguments.'),
          env: listOf(uploadText('A variable’s name.'), 'Names of variables.'),
        }),
      ),
      authProvider: nullableText('`auth-provider`.'),
      impersonates: nullableText('`as`.'),
    }),
    'Users.',
  ),
});

const InspectedCertificateSigningRequestSchema = typed(
  'InspectedCertificateSigningRequest',
  'CertificateSigningRequest',
  'A certificates.k8s.io object; its certification request is another object of this answer.',
  {
    name: nullableText('`metadata.name`.'),
    signerName: nullableText('The signer that is asked to sign.', 'kubernetes.io/kube-apiserver-client'),
    expirationSeconds: nullable(integerOf('The requested lifetime.')),
    usages: listOf(uploadText('One usage.', 'client auth'), 'The requested usages.'),
    requester: nullableText('The user who created it.'),
    conditions: listOf(
      objectOf('A condition.', {
        type: uploadText('`Approved`, `Denied`, `Failed`.'),
        reason: nullableText('The reason.'),
        message: nullableText('The reason in words.'),
      }),
      'Its conditions.',
    ),
  },
);

const manifest = {
  name: nullableText('`metadata.name`.', 'serving-cert'),
  namespace: nullableText('`metadata.namespace`.', 'team-a'),
};
const keysOf = (description: string) => listOf(uploadText('One name.', 'tls.crt'), description);

const InspectedSecretSchema = typed('InspectedSecret', 'Secret', 'A Secret.', {
  ...manifest,
  secretType: nullableText('Its type.', 'kubernetes.io/tls'),
  keys: keysOf('The names of its entries; values are never shown.'),
});

const InspectedConfigMapSchema = typed('InspectedConfigMap', 'ConfigMap', 'A ConfigMap.', {
  ...manifest,
  keys: keysOf('The names of its entries.'),
});

// X.509.

const keyIdentifier = (description: string) => nullable(hexOf('Key identifier.'), description);

const KubernetesReadingSchema = namedObject('KubernetesReading', 'The identity of the holder at an API server.', {
  username: uploadText('The CN.', 'jane'),
  groups: listOf(uploadText('One group.', 'team-a'), 'The O values.'),
  uid: nullable(uploadText('The UID attribute.')),
  credentialId: uploadText('`authentication.kubernetes.io/credential-id`.', 'X509SHA256=2c26b4…'),
});

const InventoryEntrySchema = namedObject(
  'InventoryEntry',
  'The record of a certificate in the inventory of kubepass.',
  {
    requestId: idOf('The certificate request.'),
    state: uploadText('The state of the request.', 'issued'),
    cluster: uploadText('The cluster.', 'demo'),
    requester: uploadText('The principal who made the request.', 'hr-system'),
    orphan: Type.Boolean({ description: 'True if it was signed and never handed out.' }),
    revocation: nullable(
      closed({
        reason: uploadText('RFC 5280, section 5.3.1.', 'keyCompromise'),
        revokedAt: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00.000Z'),
      }),
      'Null if it is not revoked.',
    ),
  },
);

const fingerprint = sha256Of('SHA-256 of the DER');

const InspectedCertificateSchema = typed('InspectedCertificate', 'Certificate', 'A certificate (RFC 5280).', {
  version: integerOf('1, 2 or 3.'),
  serialNumber: uploadText('Lower-case hex without colons; `-` before a negative one.', '019ab3c4'),
  signatureAlgorithm: ref(InspectedAlgorithmSchema),
  issuer: ref(InspectedNameSchema),
  subject: ref(InspectedNameSchema),
  notBefore: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
  notAfter: uploadText('RFC 3339 UTC.', '2027-03-01T09:30:00Z'),
  secondsRemaining: integerOf('Until `notAfter`; negative if the certificate has expired.'),
  publicKey: ref(InspectedPublicKeySchema),
  issuerUniqueId: nullable(hexOf('Hex.')),
  subjectUniqueId: nullable(hexOf('Hex.')),
  extensions: extensions('All extensions, in the order of the encoding.'),
  subjectKeyIdentifier: keyIdentifier('Null if there is none.'),
  authorityKeyIdentifier: keyIdentifier('Null if there is none.'),
  fingerprintSha256: fingerprint,
  fingerprintSha1: sha1Of('SHA-1 of the DER'),
  selfSigned: nullable(
    Type.Boolean(),
    'Whether its own key signed it, checked by signature; null if that cannot be checked.',
  ),
  role: nullable(uploadText('Its role in a Kubernetes cluster.', 'ClusterCA', 'KubeletClient', 'User')),
  kubernetes: nullable(ref(KubernetesReadingSchema), 'Null if the certificate is not for clients.'),
  inventory: nullable(ref(InventoryEntrySchema), 'Null if there is no record, or none that the caller may read.'),
});

const InspectedCertificationRequestSchema = typed(
  'InspectedCertificationRequest',
  'CertificationRequest',
  'A certification request (PKCS#10, RFC 2986).',
  {
    version: integerOf('0 means version 1.'),
    subject: ref(InspectedNameSchema),
    publicKey: ref(InspectedPublicKeySchema),
    extensions: extensions('The extensions that it requests.'),
    attributes: listOf(oidOf('An attribute.'), 'Other attributes; their values are not shown.'),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    signatureValid: nullable(Type.Boolean(), 'Null if it cannot be checked.'),
    fingerprintSha256: fingerprint,
    kubernetes: nullable(
      objectOf('The requested identity.', {
        username: uploadText('The CN.', 'jane'),
        groups: listOf(uploadText('One group.', 'team-a'), 'The O values.'),
        uid: nullable(uploadText('The UID attribute.')),
      }),
    ),
  },
);

const InspectedCertificateListSchema = typed(
  'InspectedCertificateList',
  'CertificateList',
  'A revocation list (RFC 5280).',
  {
    version: integerOf('1 or 2.'),
    issuer: ref(InspectedNameSchema),
    thisUpdate: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
    nextUpdate: nullable(uploadText('RFC 3339 UTC.', '2026-04-01T09:30:00Z')),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    extensions: extensions('The extensions of the list.'),
    revokedCount: integerOf('How many certificates it revokes.', 0),
    revoked: listOf(
      objectOf('One certificate.', {
        serialNumber: uploadText('Lower-case hex.', '019ab3c4'),
        revocationDate: uploadText('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
        reason: nullable(uploadText('The reason.', 'keyCompromise')),
      }),
      'The first 100 revoked certificates.',
    ),
    fingerprintSha256: fingerprint,
  },
);

const InspectedPublicKeyObjectSchema = typed('InspectedPublicKeyObject', 'PublicKey', 'A public key.', {
  publicKey: ref(InspectedPublicKeySchema),
});

const InspectedPrivateKeySchema = typed(
  'InspectedPrivateKey',
  'PrivateKey',
  'A private key. Only its public key is shown.',
  {
    encoding: oneOf(
      ['PKCS#1', 'SEC1', 'PKCS#8', 'EncryptedPKCS#8', 'LegacyEncryptedPEM', 'OpenSSH'],
      'The encoding of the key.',
    ),
    encrypted: Type.Boolean({ description: 'Whether it is encrypted with a password.' }),
    encryption: nullable(uploadText('How it is encrypted.', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC')),
    publicKey: nullable(
      ref(InspectedPublicKeySchema),
      'Null if the key was not decrypted, and for OpenSSH keys, which are not decoded.',
    ),
  },
);

const InspectedPkcs7Schema = typed('InspectedPkcs7', 'PKCS7', 'PKCS#7 (RFC 2315), CMS.', {
  contentType: uploadText('The type of its content.', 'signedData'),
  certificates: integerOf('How many certificates; each is also an object of this answer.', 0),
  certificateLists: integerOf('How many revocation lists.', 0),
  signers: integerOf('How many signers.', 0),
});

const InspectedPkcs12Schema = typed('InspectedPkcs12', 'PKCS12', 'PKCS#12 (RFC 7292).', {
  macVerified: nullable(Type.Boolean(), 'Null if it has no MAC, or no password was tried.'),
  mac: nullable(uploadText('The MAC.', 'HMAC-SHA256 2048 iterations')),
  encryption: listOf(uploadText('How its contents are encrypted.'), 'Each kind of encryption once.'),
  opened: Type.Boolean({ description: 'Whether its contents are objects of this answer.' }),
  friendlyNames: listOf(uploadText('A name in it.'), 'Names in it.'),
});

// What is neither, and the answer.

const InspectedArchiveSchema = typed(
  'InspectedArchive',
  'Archive',
  'An archive; its files are objects of this answer.',
  {
    format: oneOf(['tar', 'tar.gz', 'gzip'], 'Its format.'),
    entries: integerOf('How many files were read from it.', 0),
  },
);

const InspectedUnknownSchema = typed('InspectedUnknown', 'Unknown', 'An object of another type.', {
  bytes: integerOf('Its length.', 0),
  resembles: nullableText('What it resembles.', 'a DER SEQUENCE that is no certificate'),
});

const objects = [
  InspectedCertificateSchema,
  InspectedCertificationRequestSchema,
  InspectedCertificateListSchema,
  InspectedPublicKeyObjectSchema,
  InspectedPrivateKeySchema,
  InspectedPkcs7Schema,
  InspectedPkcs12Schema,
  InspectedKubeconfigSchema,
  InspectedCertificateSigningRequestSchema,
  InspectedSecretSchema,
  InspectedConfigMapSchema,
  InspectedArchiveSchema,
  InspectedUnknownSchema,
] as const;

const RelationSchema = namedObject('Relation', 'How two objects belong together.', {
  type: oneOf(
    ['IsKeyOf', 'SignedBy', 'ChainsTo', 'ChainStopsAt', 'SameAs', 'PointsAt', 'IssuedFor', 'RevokedBy'],
    'Found by signature and by key, never by name alone.',
  ),
  from: pathOf('An object of this answer.'),
  to: pathOf('Another object, or a resource of this service, which begins with `/v1/`.'),
});

const FindingSchema = namedObject('Finding', 'A remark about an object.', {
  code: textOf('Stable; `docs/findings.md` lists all codes.', Object.keys(findingKinds)[0] ?? '', {
    maxLength: 64,
    pattern: '^[A-Z][A-Za-z0-9]+$',
  }),
  severity: oneOf(['error', 'warning', 'info'], 'The severity.'),
  object: pathOf('The `path` of the object that it is about.'),
  message: messageOf('What was found here.', 'The certificate expired 3 days ago'),
  advice: messageOf('What to do.', 'Issue a new one; until then clients and servers refuse it.'),
  reference: messageOf('The clause of the standard that it is based on.', 'RFC 5280 4.1.2.5'),
});

/** Its schema is that of SARIF, which `$schema` in the answer names. */
named(
  'SarifLog',
  Type.Unsafe<object>({
    type: 'object',
    description: 'The findings as a SARIF 2.1.0 log, for pipelines and code-scanning pages.',
    examples: [
      {
        $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
        version: '2.1.0',
        runs: [
          {
            tool: { driver: { name: 'kubepass' } },
            results: [
              {
                ruleId: 'Expired',
                level: 'error',
                message: { text: 'the certificate expired 3 days ago' },
                locations: [{ physicalLocation: { artifactLocation: { uri: 'pki/apiserver.crt' } } }],
              },
            ],
          },
        ],
      },
    ],
  }),
);

namedObject('Inspection', 'The objects of an upload, and what is wrong with them.', {
  objects: Type.Array(Type.Union(objects.map(ref)), { maxItems: 400, description: 'The objects of the upload.' }),
  relations: listOf(ref(RelationSchema), 'How the objects belong together.'),
  findings: listOf(ref(FindingSchema), 'What is wrong with the objects, or worth knowing.'),
});
