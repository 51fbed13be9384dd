import { clusterCsrDescription, clusterCsrTable } from '../../src/clusters/cluster-csr-text.js';
import { objectIn } from '../../src/http/answers/kubernetes-documents.js';
import { exampleOf } from './example-of.js';
import { exampleCsr, jsonExamples } from './json-examples.js';
import {
  certificateAsText,
  documentExamples,
  evaluationAsText,
  kubeconfigOfOwnKey,
  kubeconfigYaml,
} from './text-examples.js';
import {
  CertificateSchema,
  exportForms,
  plainCertificate,
  PublicKeySchema,
  type CertificateBody,
} from '../../src/access/certificate-schemas.js';
import { exposedForm } from '../../src/access/identity-schemas.js';
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

/** Examples in other forms than JSON, by operation and media type. */
const otherForms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  listCertificates: Object.fromEntries(
    Object.entries(exportForms).map(([type, { head, lines }]) => [type, head + lines(exampleCertificate)]),
  ),
  listIdentities: { 'text/csv': exampleExposed },
  getCertificate: { 'text/plain': certificateAsText },
  getIssuedCertificate: { 'text/plain': certificateAsText },
  getCertificateAuthority: { 'text/plain': certificateAsText },
  createKubeconfig: { 'application/yaml': kubeconfigYaml },
  renewCertificate: { 'application/yaml': kubeconfigYaml },
  collectKubeconfig: { 'application/yaml': kubeconfigYaml },
  getKubeconfig: { 'application/yaml': kubeconfigOfOwnKey },
  listCertificateSigningRequests: { 'text/plain': clusterCsrTable([exampleCsr]) },
  getCertificateSigningRequest: { 'text/plain': clusterCsrDescription(exampleCsr) },
  evaluatePolicies: { 'text/plain': evaluationAsText },
};

/** Examples of the answers of an operation with this status, by media type, where no schema has them. */
export function answerExamples(operationId: string, status: string): Readonly<Record<string, unknown>> {
  const json = jsonExamples[`${operationId} ${status}`] ?? jsonExamples[operationId];
  const document = documentExamples[operationId];
  return {
    ...otherForms[operationId],
    ...(json && { 'application/json': json }),
    ...(document !== undefined && { 'application/json': objectIn(document), 'application/yaml': document }),
  };
}
