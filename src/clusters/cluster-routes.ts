import { hash } from 'node:crypto';
import { probeForAnswer } from './probe-cluster.js';
import { findCluster, findExecKubeconfig, listClusters, readCertificateAuthorities } from './read-clusters.js';
import { certificateText } from '@kubepass/x509/openssl-text';
import { certificateListPem, certificatePem } from '../http/schemas/example-certificate.js';
import { ListQuerySchema, pageBody, pageOfList, pageQuery, pageResponse } from '../http/answers/page-schemas.js';
import { documentMediaTypes, documentResponse, sendDocument } from '../http/answers/kubernetes-documents.js';
import { callerOf, listeningAddress } from '../http/hooks/authentication.js';
import { granted, RefusalError } from '../http/problems/refusal-to-problem.js';
import {
  derBody,
  empty,
  json,
  longest,
  operation,
  response,
  textBody,
  namesEntityTag,
} from '../http/answers/responses.js';
import { ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import * as schemas from './cluster-schemas.js';
import { certificateAuthoritiesView, clusterView } from './cluster-schemas.js';
import { renderExecKubeconfig } from '../kubernetes/render-kubeconfig.js';
import type { Context } from '../context/context.js';
import type { CertificateLists } from '../access/build-crls.js';
import { ClusterParamsSchema } from '../http/schemas/cluster-parts.js';

const unchanged = 'The caller has it already: `If-None-Match` names its entity tag.';

export function addClusters(app: App, context: Context): void {
  app.get(
    '/clusters',
    operation({
      operationId: 'listClusters',
      tags: ['clusters'],
      summary: 'List the configured clusters',
      description: 'In the order of the configuration, each with the result of its last probe.',
      querystring: ListQuerySchema,
      response: { 200: pageResponse(schemas.ClusterListSchema, 'A page.') },
    }),
    async (request, reply) => {
      const all = listClusters(context, callerOf(request));
      const page = pageOfList(all, pageQuery(request.query), ({ cluster }) => cluster.name);
      return pageBody(request, reply, page, clusterView);
    },
  );

  app.get(
    '/clusters/:name',
    operation({
      operationId: 'getCluster',
      tags: ['clusters'],
      summary: 'Read a cluster',
      description: 'The answer includes the result of the last probe.',
      params: ClusterParamsSchema,
      response: { 200: json(schemas.ClusterSchema, { description: 'The cluster.' }) },
      problems: ['not-found'],
    }),
    async (request) => clusterView(granted(await findCluster(context, callerOf(request), request.params.name))),
  );

  app.post(
    '/clusters/:name/probe',
    operation({
      config: { action: 'probe-clusters', optionalBody: true, budgetUse: 'writing' },
      operationId: 'probeCluster',
      tags: ['clusters'],
      summary: 'Probe a cluster to find out what it is able to do',
      description:
        'Connects to the API server, checks what kubepass may do there, and requests a certificate for `kubepass-probe`, ' +
        'valid for ten minutes, without groups; it is recorded, marked `probe`. With `verifyRevocation` it revokes the ' +
        'certificate and uses it until the cluster refuses it, for up to 45 seconds. After 20 seconds the answer is 202, and ' +
        'the probe goes on until `probedAt` is later than `probeStartedAt` was. A call during a probe that finds out the same ' +
        'gets the answer of that probe.',
      params: ClusterParamsSchema,
      body: ref(schemas.ProbeOptionsSchema),
      response: {
        200: json(schemas.ClusterSchema, {
          description: 'The cluster, with the result of the probe.',
        }),
        202: json(schemas.ClusterSchema, {
          description: 'The cluster, as the probe before left it. The probe goes on.',
          headers: { Location: 'The cluster.', 'Retry-After': 'When to ask again, in seconds.' },
        }),
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const { name } = request.params;
      const { measureLifetimeCap = false, verifyRevocation = false } = request.body;
      const options = { measureLifetimeCap, verifyRevocation };
      const { view, ended } = granted(await probeForAnswer(context, callerOf(request), name, options));
      if (!ended) reply.code(202).headers({ location: `/v1/clusters/${name}`, 'retry-after': '5' });
      return clusterView(view);
    },
  );

  app.get(
    '/clusters/:name/certificate-authority',
    operation({
      config: {
        produces: ['application/json', 'application/pem-certificate-chain', 'text/plain'],
        forReviewers: true,
      },
      operationId: 'getCertificateAuthority',
      tags: ['clusters'],
      summary: 'Read a cluster’s CA',
      description:
        'PEM and text contain the CA of `role`, JSON contains both. The role `reviewer` reads those of its cluster.',
      params: ClusterParamsSchema,
      querystring: schemas.CertificateAuthorityQuerySchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.CertificateAuthoritiesSchema),
            'application/pem-certificate-chain': textBody('The bundle as PEM.', certificatePem),
            'text/plain': textBody('Each certificate as `openssl x509 -noout -text` prints it.', null),
          },
          { description: 'The CA.', headers: { ETag: 'The content and the form.', 'Cache-Control': '`no-cache`' } },
        ),
        304: empty(unchanged),
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const isJson = request.answerType === 'application/json';
      const isClient = request.query.role === 'client';
      const { name } = request.params;
      const asked = { client: isJson || isClient };
      const authorities = granted(await readCertificateAuthorities(context, callerOf(request), name, asked));
      const { serving, client } = authorities;
      const authority = isClient ? client : serving;
      if (authority === null && !isJson) throw new RefusalError({ kind: 'not-found' });
      const pems = isJson ? [serving.pem, client?.pem ?? null] : [authority?.pem];
      const content = hash('sha256', JSON.stringify([request.answerType, ...pems]), 'base64url');
      const entityTag = `"${content}"`;
      reply.headers({ etag: entityTag, 'cache-control': 'no-cache' });
      if (namesEntityTag(request.headers['if-none-match'], entityTag)) return reply.code(304).send();
      if (authority === null || isJson) return certificateAuthoritiesView(authorities);
      return request.answerType === 'text/plain'
        ? reply
            .type('text/plain; charset=utf-8')
            .send(authority.certificates.map(({ der }) => certificateText(der)).join(''))
        : reply.type(request.answerType).send(authority.pem);
    },
  );
}

/** The kubeconfig of a cluster for the kubectl plugin. */
export function addExecKubeconfig(app: App, context: Context): void {
  app.get(
    '/clusters/:name/kubeconfig',
    operation({
      config: { produces: documentMediaTypes },
      operationId: 'getClusterKubeconfig',
      tags: ['clusters'],
      summary: 'Read a kubeconfig for the kubectl plugin',
      description:
        'It holds no secret, so that everybody can have the same one: kubectl runs `kubectl-kubepass`, which gets a ' +
        'certificate when one is needed and renews it. The address of kubepass in it is that of `publicAddress`, else the ' +
        'one at which this call arrives.',
      params: ClusterParamsSchema,
      response: {
        200: documentResponse('A kubeconfig with an exec user.'),
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const { cluster, publicAddress } = granted(findExecKubeconfig(context, callerOf(request), request.params.name));
      const server = publicAddress?.url ?? listeningAddress(request.raw.socket);
      const certificateAuthority = publicAddress?.certificateAuthority ?? null;
      return sendDocument(request, reply, renderExecKubeconfig({ cluster, server, certificateAuthority }));
    },
  );
}

/**
 * RFC 2585 section 4.2, and PEM. There is no JSON, because programs fetch a list from its distribution point without
 * `Accept` (RFC 5280 section 4.2.1.13).
 */
const mediaTypes = ['application/pkix-crl', 'application/x-pem-file'] as const;

export interface CertificateListsContext {
  /** The CRLs, which are public. */
  readonly certificateLists: Pick<CertificateLists, 'of' | 'all'>;
}

/** The CRLs of a cluster's CAs. They are public, like every CRL: whoever checks one has no token. */
export function addCertificateList(app: App, { certificateLists }: CertificateListsContext): void {
  app.get(
    '/clusters/:name/crl',
    operation({
      config: { produces: mediaTypes },
      operationId: 'getCertificateRevocationList',
      tags: ['clusters'],
      summary: 'Read the certificate revocation list (CRL) of a cluster’s CA',
      description:
        'Needs no authentication. Kubernetes itself checks no CRL: it is for proxies and others that do. It is there for a ' +
        'CA whose key kubepass uses, if the key usage of its certificate has cRLSign. A list has every revoked certificate of ' +
        'its issuer that has not expired, is valid for a day, and has a higher number each time that it changes. DER is the ' +
        'list of the active issuer; PEM has the lists of all issuers that are active or retiring.',
      security: [],
      params: ClusterParamsSchema,
      querystring: schemas.CertificateListQuerySchema,
      response: {
        200: response(
          {
            'application/pkix-crl': derBody('The list as DER.', certificateListPem, longest.whole),
            'application/x-pem-file': textBody('The lists as PEM.', certificateListPem, longest.whole),
          },
          {
            description: 'The list.',
            headers: { ETag: 'The numbers of the lists and the form.', 'Cache-Control': '`no-cache`' },
          },
        ),
        304: empty(unchanged),
      },
      problems: ['not-found', 'state-conflict'],
    }),
    async (request, reply) => {
      const { name } = request.params;
      const { issuer } = request.query;
      const isPem = request.answerType === 'application/x-pem-file';
      const lists =
        isPem && issuer === undefined
          ? granted(await certificateLists.all(name))
          : [granted(await certificateLists.of(name, issuer))];
      const entityTag = `"${lists.map(({ number }) => number).join('.')}${isPem ? '-pem' : ''}"`;
      reply.headers({ etag: entityTag, 'cache-control': 'no-cache' });
      if (namesEntityTag(request.headers['if-none-match'], entityTag)) return reply.code(304).send();
      const content = isPem ? lists.map(({ pem }) => pem).join('') : Buffer.concat(lists.map(({ der }) => der));
      return reply.type(request.answerType).send(content);
    },
  );
}
