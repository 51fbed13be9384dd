import { exampleOf } from './example-of.js';
import { exportForms } from '../../src/http/certificates/export-certificates.js';
import {
  CertificateSchema,
  plainCertificate,
  PublicKeySchema,
  type CertificateBody,
} from '../../src/http/certificates/schemas.js';
import { exposedForm } from '../../src/http/identities/export-exposed.js';
import { certificateSha256 } from '../../src/http/schemas/example-certificate.js';

const exampleCertificate = exampleOf(
  CertificateSchema as object,
  { 'PublicKey#': PublicKeySchema as object },
  {
    ...plainCertificate,
    notBefore: '2026-11-25T12:00:00.000Z',
    notAfter: '2026-11-26T12:00:00.000Z',
    requestId: '019968c2-e5a4-7c1e-9b1f-3a2b4c5d6e7f',
    orphan: false,
  },
) as CertificateBody;

const exampleExposed =
  exposedForm.head +
  exposedForm.lines({
    username: 'jane@corp.example',
    clusters: [],
    leftAt: '2026-11-25T12:00:00.000Z',
    blocked: {
      username: 'jane@corp.example',
      clusters: null,
      reason: 'cessationOfOperation',
      comment: null,
      until: null,
      blockedAt: '2026-11-25T12:00:00.000Z',
      blockedBy: 'hr-system',
    },
    residualExposure: [
      {
        cluster: 'demo',
        fingerprintSha256: certificateSha256,
        notAfter: '2026-11-26T12:00:00.000Z',
        enforcement: 'none',
        continues: ['everything, until the certificate expires or its bindings are removed'],
      },
    ],
    omitted: false,
  });

/** The members in which the result differs from the examples of its schema. */
const exampleInspection = {
  objects: [
    {
      path: 'pki/apiserver.crt',
      version: 3,
      secondsRemaining: 2_592_000,
      inventory: null,
      kubernetes: null,
      issuerUniqueId: null,
      subjectUniqueId: null,
    },
  ],
  relations: [{ type: 'SignedBy', from: 'pki/apiserver.crt', to: 'pki/ca.crt' }],
  findings: [{ object: 'pki/apiserver.crt' }],
};

/** Examples of answers, by operation and media type, where no schema has them. */
export const answerExamples: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  listCertificates: Object.fromEntries(
    Object.entries(exportForms).map(([type, { head, lines }]) => [type, head + lines(exampleCertificate)]),
  ),
  listIdentities: { 'text/csv': exampleExposed },
  inspect: { 'application/json': exampleInspection },
};
