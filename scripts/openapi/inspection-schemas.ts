import { Type } from 'typebox';
import { findingKinds } from '@kubepass/inspect';
import { messageOf, named, namedObject, oneOf, ref, textOf } from '../../src/http/schemas/schema-parts.js';
import * as kubernetes from './inspection-kubernetes-schemas.js';
import { integerOf, listOf, nullableText, pathOf, typed } from './inspection-object-parts.js';
import * as x509 from './inspection-x509-schemas.js';

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
  x509.InspectedCertificateSchema,
  x509.InspectedCertificationRequestSchema,
  x509.InspectedCertificateListSchema,
  x509.InspectedPublicKeyObjectSchema,
  x509.InspectedPrivateKeySchema,
  x509.InspectedPkcs7Schema,
  x509.InspectedPkcs12Schema,
  kubernetes.InspectedKubeconfigSchema,
  kubernetes.InspectedCertificateSigningRequestSchema,
  kubernetes.InspectedSecretSchema,
  kubernetes.InspectedConfigMapSchema,
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
