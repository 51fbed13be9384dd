import { Type, type TProperties, type TSchema } from 'typebox';
import { findingKinds } from '../../inspection/findings/catalogue.js';
import type { ObjectType } from '../../model/inspection.js';
import { rawMediaTypes } from '../uploads/raw-media-types.js';
import { maxNameLength, maxParts, maxPasswordLength, maxUploadOctets } from '../uploads/upload-limits.js';
import { messageOf, named, nullable, oneOf, ref, requestIdOf, sha256Of } from './common.js';

const most = 10_000;

const object = (properties: TProperties, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });

/** What an upload says of itself: as long as an upload may be. */
const textOf = (description: string, ...examples: readonly string[]) =>
  Type.String({ maxLength: maxUploadOctets, description, ...(examples.length > 0 && { examples: [...examples] }) });

const hexOf = (description: string) =>
  Type.String({ maxLength: maxUploadOctets * 2, pattern: '^[0-9a-f]*$', description });

const sha1Of = (description: string) =>
  Type.String({ maxLength: 40, pattern: '^[0-9a-f]{40}$', description: `${description}, lower-case hex.` });

const oidOf = (description: string) =>
  Type.String({ maxLength: 4096, pattern: '^[0-9.]+$', description, examples: ['2.5.4.3'] });

const listOf = <T extends TSchema>(item: T, description: string) => Type.Array(item, { maxItems: most, description });

/** Numbers as they stand in an upload, which need not make sense. */
const integerOf = (description: string, minimum = -Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER, description });

const pathOf = (description: string) =>
  Type.String({ maxLength: 4096, description, examples: ['users[0].user.client-certificate-data', 'pki/etcd/ca.crt'] });

const NameAttributeSchema = object(
  {
    type: textOf('`CN`, `O` … or the dotted identifier.', 'CN'),
    oid: oidOf('The attribute’s type.'),
    value: nullable(textOf('The text.', 'jane'), { description: 'Null where the value is no proper string.' }),
    stringType: textOf('How it is encoded.', 'UTF8String'),
    hex: nullable(hexOf('DER of the value.'), { description: 'Null where `value` is there.' }),
  },
  'One attribute.',
);

export const InspectedNameSchema = named(
  'InspectedName',
  object(
    {
      text: textOf('For people to read.', 'O=team-a,CN=jane'),
      rdns: listOf(listOf(NameAttributeSchema, 'One RDN.'), 'RDN by RDN, in the order of the encoding.'),
    },
    'A distinguished name.',
  ),
);

export const InspectedAlgorithmSchema = named(
  'InspectedAlgorithm',
  object(
    {
      name: textOf('As OpenSSL names it, or the dotted identifier.', 'sha256WithRSAEncryption'),
      oid: oidOf('The algorithm.'),
      parameters: nullable(hexOf('DER of the parameters.'), { description: 'Null where there are none, or NULL.' }),
    },
    'A signature algorithm.',
  ),
);

export const InspectedPublicKeySchema = named(
  'InspectedPublicKey',
  object(
    {
      algorithm: textOf('Algorithm and size.', 'ECDSA-P256', 'RSA-2048'),
      oid: oidOf('The algorithm.'),
      bits: nullable(integerOf('Size.', 0)),
      curve: nullable(textOf('Of an elliptic-curve key.', 'P-256')),
      exponent: nullable(textOf('Of an RSA key, decimal.', '65537')),
      spkiSha256: sha256Of('SHA-256 of the DER SubjectPublicKeyInfo'),
    },
    'A public key.',
  ),
);

export const InspectedExtensionSchema = named(
  'InspectedExtension',
  object(
    {
      oid: oidOf('The extension.'),
      name: textOf('As RFC 5280 names it, or the dotted identifier.', 'keyUsage'),
      critical: Type.Boolean({ description: 'Whether whoever does not know it must refuse.' }),
      value: Type.Unknown({ description: 'Decoded; null where it is unknown or malformed.' }),
      hex: nullable(hexOf('The octets of extnValue.'), { description: 'Null where `value` is there.' }),
    },
    'An extension.',
  ),
);

const extensions = (description: string) => listOf(ref(InspectedExtensionSchema), description);

const keyIdentifier = (description: string) => nullable(hexOf('Key identifier.'), { description });

export const KubernetesReadingSchema = named(
  'KubernetesReading',
  object(
    {
      username: textOf('The CN.', 'jane'),
      groups: listOf(textOf('One group.', 'team-a'), 'The O values.'),
      uid: nullable(textOf('The UID attribute.')),
      credentialId: textOf('`authentication.kubernetes.io/credential-id`.', 'X509SHA256=2c26b4…'),
    },
    'Whom an API server takes the holder for.',
  ),
);

export const InventoryEntrySchema = named(
  'InventoryEntry',
  object(
    {
      requestId: requestIdOf('The certificate request.'),
      state: textOf('State of the request.', 'issued'),
      cluster: textOf('The cluster.', 'demo'),
      requester: textOf('Who asked.', 'hr-system'),
      orphan: Type.Boolean({ description: 'True where it was signed and never handed out.' }),
    },
    'Our record of a certificate.',
  ),
);

const path = pathOf('Where it was found; unique within the answer.');

const typed = <Id extends string>($id: Id, type: ObjectType, properties: TProperties, description: string) =>
  named($id, object({ path, type: oneOf([type], { description: 'What it is.' }), ...properties }, description));

const fingerprint = sha256Of('SHA-256 of the DER');

export const InspectedCertificateSchema = typed(
  'InspectedCertificate',
  'Certificate',
  {
    version: integerOf('1, 2 or 3.'),
    serialNumber: textOf('Lower-case hex without colons; `-` before a negative one.', '019ab3c4'),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    issuer: ref(InspectedNameSchema),
    subject: ref(InspectedNameSchema),
    notBefore: textOf('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
    notAfter: textOf('RFC 3339 UTC.', '2027-03-01T09:30:00Z'),
    secondsRemaining: integerOf('Negative where it has expired.'),
    publicKey: ref(InspectedPublicKeySchema),
    issuerUniqueId: nullable(hexOf('Hex.')),
    subjectUniqueId: nullable(hexOf('Hex.')),
    extensions: extensions('All of them, in the order of the encoding.'),
    subjectKeyIdentifier: keyIdentifier('Null where there is none.'),
    authorityKeyIdentifier: keyIdentifier('Null where there is none.'),
    fingerprintSha256: fingerprint,
    fingerprintSha1: sha1Of('SHA-1 of the DER'),
    selfSigned: nullable(Type.Boolean(), { description: 'By signature; null where that cannot be checked.' }),
    role: nullable(textOf('The part it plays in a Kubernetes cluster.', 'ClusterCA', 'KubeletClient', 'User')),
    kubernetes: nullable(ref(KubernetesReadingSchema), { description: 'Null for one that is not for clients.' }),
    inventory: nullable(ref(InventoryEntrySchema), {
      description: 'Null where there is no record, or none that the caller may read.',
    }),
  },
  'A certificate (RFC 5280).',
);

export const InspectedCertificationRequestSchema = typed(
  'InspectedCertificationRequest',
  'CertificationRequest',
  {
    version: integerOf('0 stands for version 1.'),
    subject: ref(InspectedNameSchema),
    publicKey: ref(InspectedPublicKeySchema),
    extensions: extensions('Those that it asks for.'),
    attributes: listOf(oidOf('An attribute.'), 'Other attributes; their values are not shown.'),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    signatureValid: nullable(Type.Boolean(), { description: 'Null where it cannot be checked.' }),
    fingerprintSha256: fingerprint,
    kubernetes: nullable(
      object(
        {
          username: textOf('The CN.', 'jane'),
          groups: listOf(textOf('One group.', 'team-a'), 'The O values.'),
          uid: nullable(textOf('The UID attribute.')),
        },
        'Whom it asks to be.',
      ),
    ),
  },
  'A certification request (PKCS#10, RFC 2986).',
);

export const InspectedCertificateListSchema = typed(
  'InspectedCertificateList',
  'CertificateList',
  {
    version: integerOf('1 or 2.'),
    issuer: ref(InspectedNameSchema),
    thisUpdate: textOf('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
    nextUpdate: nullable(textOf('RFC 3339 UTC.', '2026-04-01T09:30:00Z')),
    signatureAlgorithm: ref(InspectedAlgorithmSchema),
    extensions: extensions('Of the list.'),
    revokedCount: integerOf('How many it revokes.', 0),
    revoked: listOf(
      object(
        {
          serialNumber: textOf('Lower-case hex.', '019ab3c4'),
          revocationDate: textOf('RFC 3339 UTC.', '2026-03-01T09:30:00Z'),
          reason: nullable(textOf('Why.', 'keyCompromise')),
        },
        'One certificate.',
      ),
      'The first 100.',
    ),
    fingerprintSha256: fingerprint,
  },
  'A revocation list (RFC 5280).',
);

export const InspectedPublicKeyObjectSchema = typed(
  'InspectedPublicKeyObject',
  'PublicKey',
  { publicKey: ref(InspectedPublicKeySchema) },
  'A public key.',
);

export const InspectedPrivateKeySchema = typed(
  'InspectedPrivateKey',
  'PrivateKey',
  {
    encoding: oneOf(['PKCS#1', 'SEC1', 'PKCS#8', 'EncryptedPKCS#8', 'LegacyEncryptedPEM', 'OpenSSH'], {
      description: 'Its form.',
    }),
    encrypted: Type.Boolean({ description: 'Whether it takes a password.' }),
    encryption: nullable(textOf('How it is encrypted.', 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC')),
    publicKey: nullable(ref(InspectedPublicKeySchema), {
      description: 'Null while it is closed, and for OpenSSH keys, which are not decoded.',
    }),
  },
  'A private key: nothing is said of it but what its public key says.',
);

export const InspectedPkcs7Schema = typed(
  'InspectedPkcs7',
  'PKCS7',
  {
    contentType: textOf('What it holds.', 'signedData'),
    certificates: integerOf('How many; they follow as objects of their own.', 0),
    certificateLists: integerOf('How many.', 0),
    signers: integerOf('How many.', 0),
  },
  'PKCS#7 (RFC 2315), CMS.',
);

export const InspectedPkcs12Schema = typed(
  'InspectedPkcs12',
  'PKCS12',
  {
    macVerified: nullable(Type.Boolean(), { description: 'Null where it has none, or no password was tried.' }),
    mac: nullable(textOf('How it is protected.', 'HMAC-SHA256 2048 iterations')),
    encryption: listOf(textOf('How its contents are encrypted.'), 'Each once.'),
    opened: Type.Boolean({ description: 'Whether its contents follow as objects of their own.' }),
    friendlyNames: listOf(textOf('A name in it.'), 'Names in it.'),
  },
  'PKCS#12 (RFC 7292).',
);

const CredentialSourceSchema = named(
  'CredentialSource',
  Type.Union(
    [
      object(
        {
          from: oneOf(['data'], { description: 'It is in the kubeconfig.' }),
          object: nullable(pathOf('The object of this answer.'), { description: 'Null where it could not be read.' }),
        },
        'In the kubeconfig.',
      ),
      object(
        {
          from: oneOf(['file'], { description: 'It is in a file, which is not read.' }),
          file: textOf('The file.', '/etc/kubernetes/pki/ca.crt'),
        },
        'In a file.',
      ),
      object({ from: oneOf(['nothing'], { description: 'There is none.' }) }, 'Nowhere.'),
    ],
    { description: 'Where a kubeconfig keeps something.' },
  ),
);

const nullableText = (description: string, ...examples: readonly string[]) =>
  nullable(textOf(description, ...examples));

export const InspectedKubeconfigSchema = typed(
  'InspectedKubeconfig',
  'Kubeconfig',
  {
    currentContext: nullableText('Its current context.', 'jane@demo'),
    contexts: listOf(
      object(
        {
          name: textOf('Its name.', 'jane@demo'),
          cluster: nullableText('Its cluster.', 'demo'),
          user: nullableText('Its user.', 'jane'),
          namespace: nullableText('Its namespace.', 'team-a'),
        },
        'A context.',
      ),
      'Contexts.',
    ),
    clusters: listOf(
      object(
        {
          name: textOf('Its name.', 'demo'),
          server: nullableText('The API server.', 'https://10.0.0.1:6443'),
          tlsServerName: nullableText('`tls-server-name`.'),
          insecureSkipTlsVerify: Type.Boolean({ description: '`insecure-skip-tls-verify`.' }),
          proxyUrl: nullableText('`proxy-url`, without credentials.'),
          certificateAuthority: ref(CredentialSourceSchema),
        },
        'A cluster.',
      ),
      'Clusters.',
    ),
    users: listOf(
      object(
        {
          name: textOf('Its name.', 'jane'),
          authentication: listOf(
            oneOf(['clientCertificate', 'token', 'exec', 'authProvider', 'basic'], { description: 'One way.' }),
            'How it authenticates.',
          ),
          clientCertificate: ref(CredentialSourceSchema),
          clientKey: ref(CredentialSourceSchema),
          tokenFile: nullableText('`tokenFile`.'),
          exec: nullable(
            object(
              {
                command: textOf('The command, as text: it is never run.', 'aws'),
                args: listOf(textOf('One argument.'), 'Arguments.'),
                env: listOf(textOf('A variable’s name.'), 'Names of variables.'),
              },
              'A program that brings credentials.',
            ),
          ),
          authProvider: nullableText('`auth-provider`.'),
          impersonates: nullableText('`as`.'),
        },
        'A user.',
      ),
      'Users.',
    ),
  },
  'A kubeconfig.',
);

export const InspectedCertificateSigningRequestSchema = typed(
  'InspectedCertificateSigningRequest',
  'CertificateSigningRequest',
  {
    name: nullableText('`metadata.name`.'),
    signerName: nullableText('Whom it asks.', 'kubernetes.io/kube-apiserver-client'),
    expirationSeconds: nullable(integerOf('For how long it asks.')),
    usages: listOf(textOf('One usage.', 'client auth'), 'What for.'),
    requester: nullableText('Who made it.'),
    conditions: listOf(
      object(
        {
          type: textOf('`Approved`, `Denied`, `Failed`.'),
          reason: nullableText('Why.'),
          message: nullableText('In words.'),
        },
        'A condition.',
      ),
      'Its conditions.',
    ),
  },
  'A certificates.k8s.io object; its request follows as an object of its own.',
);

const manifest = {
  name: nullableText('`metadata.name`.', 'serving-cert'),
  namespace: nullableText('`metadata.namespace`.', 'team-a'),
};
const keysOf = (description: string) => listOf(textOf('One.', 'tls.crt'), description);

export const InspectedSecretSchema = typed(
  'InspectedSecret',
  'Secret',
  {
    ...manifest,
    secretType: nullableText('Its type.', 'kubernetes.io/tls'),
    keys: keysOf('Names of its entries; values never.'),
  },
  'A Secret.',
);

export const InspectedConfigMapSchema = typed(
  'InspectedConfigMap',
  'ConfigMap',
  { ...manifest, keys: keysOf('Names of its entries.') },
  'A ConfigMap.',
);

export const InspectedArchiveSchema = typed(
  'InspectedArchive',
  'Archive',
  {
    format: oneOf(['tar', 'tar.gz', 'gzip'], { description: 'Its format.' }),
    entries: integerOf('How many files were taken out of it.', 0),
  },
  'An archive; what is in it follows as objects of their own.',
);

export const InspectedUnknownSchema = typed(
  'InspectedUnknown',
  'Unknown',
  {
    bytes: integerOf('How long it is.', 0),
    resembles: nullableText('What it resembles.', 'a DER SEQUENCE that is no certificate'),
  },
  'Something else.',
);

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

export const RelationSchema = named(
  'Relation',
  object(
    {
      type: oneOf(['IsKeyOf', 'SignedBy', 'ChainsTo', 'SameAs', 'PointsAt', 'IssuedFor', 'RevokedBy'], {
        description: 'By signature and by key, never by name alone.',
      }),
      from: pathOf('An object of this answer.'),
      to: pathOf('Another one, or a resource of this service: it begins with `/v1/`.'),
    },
    'How two things belong together.',
  ),
);

export const FindingSchema = named(
  'Finding',
  object(
    {
      code: Type.String({
        maxLength: 64,
        pattern: '^[A-Z][A-Za-z0-9]+$',
        description: 'Stable; `docs/findings.md` lists them all.',
        examples: [Object.keys(findingKinds)[0] ?? ''],
      }),
      severity: oneOf(['error', 'warning', 'info'], { description: 'How bad it is.' }),
      object: pathOf('`path` of the object that it is about.'),
      message: messageOf('What is the case here.', 'The certificate expired 3 days ago'),
      advice: messageOf('What to do.', 'Issue a new one; until then clients and servers refuse it.'),
      reference: messageOf('The clause that it rests on.', 'RFC 5280 4.1.2.5'),
    },
    'Something to know about an object.',
  ),
);

export const InspectionSchema = named(
  'Inspection',
  object(
    {
      objects: Type.Array(Type.Union(objects.map(ref)), { maxItems: 400, description: 'What was found.' }),
      relations: listOf(ref(RelationSchema), 'How they belong together.'),
      findings: listOf(ref(FindingSchema), 'What is wrong with them, or worth knowing.'),
    },
    'What an upload is, what it says and what is wrong with it.',
  ),
);

/** In the order in which they refer to each other. */
export const inspectionSchemas = [
  InspectedNameSchema,
  InspectedAlgorithmSchema,
  InspectedPublicKeySchema,
  InspectedExtensionSchema,
  KubernetesReadingSchema,
  InventoryEntrySchema,
  CredentialSourceSchema,
  ...objects,
  RelationSchema,
  FindingSchema,
  InspectionSchema,
] as const;

const octets = (description: string) => Type.String({ format: 'binary', maxLength: maxUploadOctets, description });

const password = Type.String({
  maxLength: maxPasswordLength,
  description: 'Opens what is encrypted in this upload; used for nothing else and kept nowhere.',
});

/** What may be sent, by media type. */
export const uploadBodies: Readonly<Record<string, TSchema>> = {
  'multipart/form-data': Type.Object(
    {
      file: Type.Array(octets('One file.'), {
        minItems: 1,
        maxItems: maxParts,
        description: 'Files; parts of any other name are taken alike.',
      }),
      password: Type.Optional(password),
    },
    { additionalProperties: false, description: 'One or more files.' },
  ),
  'application/json': Type.Object(
    {
      content: Type.String({
        maxLength: maxUploadOctets,
        description: 'PEM, base64 of DER, a kubeconfig, a manifest.',
        examples: ['-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n'],
      }),
      password: Type.Optional(password),
      name: Type.Optional(
        Type.String({ maxLength: maxNameLength, description: 'What to call it.', examples: ['pki/ca.crt'] }),
      ),
    },
    { additionalProperties: false, description: 'One text.' },
  ),
  ...Object.fromEntries(rawMediaTypes.map((type) => [type, octets('The octets themselves.')])),
};
