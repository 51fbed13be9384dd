import { InvalidCursorError } from '../model/errors.js';
import { findClusterCsr, listClusterCsrs } from './cluster-csrs.js';
import { ClusterParamsSchema, clusterName } from '../http/schemas/cluster-parts.js';
import { linkToNext, ListQuerySchema, pageHeaders, pageQuery, pageOf } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { operation, response, textBody } from '../http/answers/responses.js';
import {
  ref,
  closed,
  idOf,
  instantOf,
  integerOf,
  longestPathParameter,
  messageOf,
  namedObject,
  nullable,
  oneOf,
  reasonOf,
  sha256Of,
  textOf,
  viewOf,
} from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { clusterCsrDescription, clusterCsrTable } from './cluster-csr-text.js';
import type { ClusterCsr } from '../model/cluster.js';
import { Type, type Static } from 'typebox';
import type { Context } from '../context/context.js';

/** Text that anybody may have written into the cluster. The limit is what an API server accepts. */
const foreignText = (description: string, example: string) => textOf(description, example, { maxLength: 1_572_864 });

const DescribedRequest = closed({
  subject: nullable(foreignText('The subject as text.', 'CN=jane,O=team-a'), 'Null if it cannot be read.'),
  keyAlgorithm: nullable(
    Type.String({ maxLength: 256, examples: ['ECDSA-P256', 'RSA-1024'] }),
    'The algorithm of the key, even if kubepass does not accept it.',
  ),
  spkiSha256: nullable(sha256Of('SHA-256 of the DER SubjectPublicKeyInfo')),
  subjectAltNames: Type.Array(
    closed({
      type: oneOf(['dns', 'email', 'uri', 'ip', 'directoryName', 'other']),
      value: foreignText('The value; for `other` its DER in hex.', 'jane.example'),
    }),
    { maxItems: 65_536, description: 'Names besides the subject. The signer of the cluster copies all of them.' },
  ),
  refusal: nullable(
    closed({
      reason: reasonOf('Stable.', 'SeveralCommonNames'),
      message: messageOf('The reason in words.', 'has two CNs'),
    }),
    'Why kubepass would not accept this request; null if it would.',
  ),
});

const ClusterCsrSchema = namedObject(
  'CertificateSigningRequest',
  'A CertificateSigningRequest object in a cluster, created by anybody.',
  {
    name: textOf('Its name.', 'csr-x7k2p', { maxLength: 253 }),
    uid: textOf('`metadata.uid`.', '3f0b5a0e-6f0c-4d55-9a53-0d6a3f1f8b52', { maxLength: 128 }),
    createdAt: instantOf('`metadata.creationTimestamp`.'),
    ageSeconds: integerOf('Measured by the clock of kubepass.', 42, { minimum: 0 }),
    labels: Type.Record(Type.String({ maxLength: 317 }), Type.String({ maxLength: 63 })),
    annotations: Type.Record(Type.String({ maxLength: 317 }), Type.String({ maxLength: 262_144 })),
    signerName: foreignText('The signer that is asked to sign.', 'kubernetes.io/kube-apiserver-client'),
    username: foreignText('The user who created the object.', 'kubernetes-admin'),
    groups: Type.Array(foreignText('A group of that user.', 'system:authenticated'), { maxItems: 65_536 }),
    usages: Type.Array(foreignText('A requested usage of the certificate.', 'client auth'), { maxItems: 65_536 }),
    expirationSeconds: nullable(integerOf('The requested lifetime.', 86400, { minimum: 0 })),
    status: textOf('As kubectl prints it.', 'Approved,Issued', { maxLength: 64 }),
    conditions: Type.Array(
      closed({
        type: foreignText('Approved, Denied or Failed.', 'Approved'),
        status: foreignText('True.', 'True'),
        reason: foreignText('TitleCase.', 'KubectlApprove'),
        message: foreignText('The reason in words.', 'This CSR was approved by kubectl certificate approve.'),
        lastUpdateTime: nullable(instantOf('When it last changed.')),
      }),
      { maxItems: 65_536 },
    ),
    request: DescribedRequest,
    certificate: nullable(
      closed({
        fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
        serialNumber: foreignText('Lower-case hex without colons.', '5f3a'),
        subject: foreignText('The subject as text.', 'CN=jane,O=team-a'),
        notBefore: instantOf('Start of validity.'),
        notAfter: instantOf('End of validity.'),
      }),
      'The signed certificate; null if there is none, or if it cannot be read.',
    ),
    ours: Type.Boolean({
      description:
        'Whether kubepass created it. Its key, its identity and the inventory tell; its labels do not count.',
    }),
    requestId: nullable(idOf('The certificate request that it belongs to.')),
  },
);
export type ClusterCsrBody = Static<typeof ClusterCsrSchema>;

const ClusterCsrListSchema = pageOf(ClusterCsrSchema, 'CSR objects of a cluster, sorted by name.');

const ClusterCsrParamsSchema = closed({
  name: clusterName,
  // RFC 1123 subdomain. This also keeps it a single path segment at the API server.
  csrName: textOf('The object’s name.', 'csr-x7k2p', {
    minLength: 1,
    maxLength: longestPathParameter,
    pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
  }),
});

const shown = viewOf(ClusterCsrSchema);
export const clusterCsrView = (csr: ClusterCsr) =>
  shown({
    ...csr,
    // The cluster's clock may be ahead.
    ageSeconds: Math.max(0, Math.floor((csr.seenAt.getTime() - csr.createdAt.getTime()) / 1000)),
    ours: csr.requestId !== null,
  });

const problemsOfTheCluster = [
  'not-permitted',
  'not-found',
  'cluster-not-connected',
  'cluster-refuses',
  'cluster-unavailable',
] as const;

const produces = ['application/json', 'text/plain'];

/** Shows what `kubectl get csr` and `kubectl describe csr` show, and the content of the requests. */
export function addClusterCsrs(app: App, context: Context): void {
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
            'application/json': ref(ClusterCsrListSchema),
            'text/plain': textBody('As `kubectl get csr` prints it.', null),
          },
          { description: 'A page.', headers: pageHeaders },
        ),
      },
      problems: [...problemsOfTheCluster],
    }),
    async (request, reply) => {
      const { limit, cursor } = pageQuery(request.query);
      const range = { limit, after: cursor === null ? null : nameIn(cursor) };
      const outcome = await listClusterCsrs(context, callerOf(request), request.params.name, range);
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
      params: ClusterCsrParamsSchema,
      response: {
        200: response(
          {
            'application/json': ref(ClusterCsrSchema),
            'text/plain': textBody('As `kubectl describe csr` prints it.', null),
          },
          { description: 'The object.' },
        ),
      },
      problems: [...problemsOfTheCluster],
    }),
    async (request, reply) => {
      const { name, csrName } = request.params;
      const csr = granted(await findClusterCsr(context, callerOf(request), name, csrName));
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
