import { InvalidCursorError } from '../../model/errors.js';
import type { Services } from '../server/services.js';
import { ClusterParamsSchema } from '../clusters/schemas.js';
import { linkToNext, ListQuerySchema, pageHeaders, pageQuery } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { operation, response, textBody } from '../answers/responses.js';
import { addSchemas, exampleId, ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import { clusterCsrDescription, clusterCsrTable } from './cluster-csr-text.js';
import * as schemas from './schemas.js';
import { clusterCsrView } from './schemas.js';
import type { ClusterCsr } from '../../model/cluster.js';
import { certificateSerialNumber, certificateSha256, certificateSpkiSha256 } from '../schemas/example-certificate.js';

const problemsOfTheCluster = [
  'not-permitted',
  'not-found',
  'cluster-not-connected',
  'cluster-refuses',
  'cluster-unavailable',
] as const;

const produces = ['application/json', 'text/plain'];

/** Shows what `kubectl get csr` and `kubectl describe csr` show, and the content of the requests. */
export function addClusterCsrs(app: App, { clusters }: Services): void {
  addSchemas(app, schemas);

  app.get(
    '/clusters/:name/certificate-signing-requests',
    operation({
      config: { action: 'read-cluster-csrs', produces },
      operationId: 'listCertificateSigningRequests',
      tags: ['clusters'],
      summary: 'List all CSR objects in a cluster',
      description:
        'Reads from the cluster at each call. Lists objects that anybody created. A cluster deletes them an hour after ' +
        'the certificate is issued, and after a day at the latest.',
      params: ClusterParamsSchema,
      querystring: ListQuerySchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.ClusterCsrListSchema),
            'text/plain': textBody('As `kubectl get csr` prints it.', clusterCsrTable([exampleCsr])),
          },
          { description: 'A page.', headers: pageHeaders, example: { items: [exampleView], nextCursor: null } },
        ),
      },
      problems: [...problemsOfTheCluster],
    }),
    async (request, reply) => {
      const { limit, cursor } = pageQuery(request.query);
      const range = { limit, after: cursor === null ? null : nameIn(cursor) };
      const outcome = await clusters.certificateSigningRequests(callerOf(request), request.params.name, range);
      const { items, more } = granted(outcome);
      const last = items.at(-1);
      const nextCursor = more && last ? cursorTo(last.name) : null;
      linkToNext(request, reply, nextCursor);
      return request.answerType === 'text/plain'
        ? reply.type('text/plain; charset=utf-8').send(clusterCsrTable(items))
        : { items: items.map(clusterCsrView), nextCursor };
    },
  );

  app.get(
    '/clusters/:name/certificate-signing-requests/:csrName',
    operation({
      config: { action: 'read-cluster-csrs', produces },
      operationId: 'getCertificateSigningRequest',
      tags: ['clusters'],
      summary: 'Read a CSR object in a cluster',
      description: 'Reads from the cluster at each call. `refusal` says why kubepass would not accept the request.',
      params: schemas.ClusterCsrParamsSchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.ClusterCsrSchema),
            'text/plain': textBody('As `kubectl describe csr` prints it.', clusterCsrDescription(exampleCsr)),
          },
          { description: 'The object.', example: exampleView },
        ),
      },
      problems: [...problemsOfTheCluster],
    }),
    async (request, reply) => {
      const { name, csrName } = request.params;
      const csr = granted(await clusters.certificateSigningRequest(callerOf(request), name, csrName));
      return request.answerType === 'text/plain'
        ? reply.type('text/plain; charset=utf-8').send(clusterCsrDescription(csr))
        : clusterCsrView(csr);
    },
  );
}

// The cursor is the name after which the list continues, even if that object is gone by then.
const cursorTo = (name: string): string => Buffer.from(name, 'utf8').toString('base64url');

function nameIn(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursorTo(name) !== cursor) throw new InvalidCursorError('the cursor is not one of this list');
  return name;
}

/** For the OpenAPI document. */
const exampleCsr: ClusterCsr = {
  name: 'csr-x7k2p',
  uid: '3f0b5a0e-6f0c-4d55-9a53-0d6a3f1f8b52',
  createdAt: new Date('2026-03-01T09:30:00Z'),
  seenAt: new Date('2026-03-01T09:30:42Z'),
  labels: { 'app.kubernetes.io/managed-by': 'kubepass' },
  annotations: {},
  signerName: 'kubernetes.io/kube-apiserver-client',
  username: 'system:serviceaccount:kubepass:kubepass',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  usages: ['digital signature', 'client auth'],
  expirationSeconds: 86_400,
  status: 'Approved,Issued',
  conditions: [
    {
      type: 'Approved',
      status: 'True',
      reason: 'ApprovedByKubepass',
      message: 'policy "developers" permits it',
      lastUpdateTime: new Date('2026-03-01T09:30:00Z'),
    },
  ],
  request: {
    subject: 'CN=jane@corp.example,O=team-a',
    attributes: [
      { type: '2.5.4.10', value: 'team-a' },
      { type: '2.5.4.3', value: 'jane@corp.example' },
    ],
    keyAlgorithm: 'ECDSA-P256',
    spkiSha256: certificateSpkiSha256,
    subjectAltNames: [],
    refusal: null,
  },
  certificate: {
    fingerprintSha256: certificateSha256,
    serialNumber: certificateSerialNumber,
    subject: 'CN=jane@corp.example,O=team-a',
    notBefore: new Date('2026-03-01T09:25:00Z'),
    notAfter: new Date('2026-03-02T09:30:00Z'),
  },
  requestId: exampleId,
};

const exampleView = clusterCsrView(exampleCsr);
