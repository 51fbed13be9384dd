import type { Services } from '../server/services.js';
import { certificateText } from '@kubepass/x509/openssl-text';
import { certificateAsText, certificatePem } from '../schemas/example-certificate.js';
import { ListQuerySchema, pageBody, pageOfList, pageQuery, pageResponse } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { granted, RefusalError } from '../problems/refusal-to-problem.js';
import { bodyProblems, json, problems, response, textBody } from '../answers/responses.js';
import { addSchemas, ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as examples from './examples.js';
import * as schemas from './schemas.js';
import { certificateAuthoritiesView, clusterView } from './schemas.js';

export function addClusters(app: App, { clusters }: Services): void {
  addSchemas(app, schemas);

  app.get(
    '/clusters',
    {
      schema: {
        operationId: 'listClusters',
        tags: ['clusters'],
        summary: 'List the configured clusters',
        description: 'In the order of the configuration, each with the result of its last probe.',
        querystring: ListQuerySchema,
        response: { 200: pageResponse(schemas.ClusterListSchema, 'A page.', examples.neverProbed), ...problems() },
      },
    },
    async (request, reply) => {
      const all = clusters.list(callerOf(request));
      const page = pageOfList(all, pageQuery(request.query), ({ cluster }) => cluster.name);
      return pageBody(request, reply, page, clusterView);
    },
  );

  app.get(
    '/clusters/:name',
    {
      schema: {
        operationId: 'getCluster',
        tags: ['clusters'],
        summary: 'Read a cluster',
        description: 'The answer includes the result of the last probe.',
        params: schemas.ClusterParamsSchema,
        response: {
          200: json(schemas.ClusterSchema, { description: 'The cluster.', example: examples.neverProbed }),
          ...problems('not-found'),
        },
      },
    },
    async (request) => clusterView(granted(clusters.find(callerOf(request), request.params.name))),
  );

  app.post(
    '/clusters/:name/probe',
    {
      config: { action: 'probe-clusters', optionalBody: true },
      schema: {
        operationId: 'probeCluster',
        tags: ['clusters'],
        summary: 'Probe a cluster to find out what it is able to do',
        description:
          'Connects to the API server, checks what kubepass may do there, and requests a certificate for the identity ' +
          '`kubepass-probe`, valid for ten minutes, without groups. It is recorded like any request, marked `probe`. ' +
          'Takes as long as signing takes: up to a minute if the cluster does not sign. With `verifyRevocation` it then ' +
          'revokes the certificate and uses it until the cluster refuses it, for up to 45 seconds. Only one probe runs at a ' +
          'time; a call during a probe gets the answer of that probe.',
        params: schemas.ClusterParamsSchema,
        body: ref(schemas.ProbeOptionsSchema),
        response: {
          200: json(schemas.ClusterSchema, {
            description: 'The cluster, with the result of the probe.',
            example: examples.probed,
          }),
          ...problems('not-permitted', 'not-found', ...bodyProblems),
        },
      },
    },
    async (request) => {
      const { measureLifetimeCap = false, verifyRevocation = false } = request.body;
      const options = { measureLifetimeCap, verifyRevocation };
      return clusterView(granted(await clusters.probe(callerOf(request), request.params.name, options)));
    },
  );

  app.get(
    '/clusters/:name/certificate-authority',
    {
      config: { produces: ['application/pem-certificate-chain', 'application/json', 'text/plain'] },
      schema: {
        operationId: 'getCertificateAuthority',
        tags: ['clusters'],
        summary: 'Read a cluster’s CA',
        description: 'PEM and text contain the CA of `role`, JSON contains both.',
        params: schemas.ClusterParamsSchema,
        querystring: schemas.CertificateAuthorityQuerySchema,
        response: {
          200: response(
            {
              'application/pem-certificate-chain': textBody('The bundle as PEM.', certificatePem),
              'application/json': ref(schemas.CertificateAuthoritiesSchema),
              'text/plain': textBody('Each certificate as `openssl x509 -noout -text` prints it.', certificateAsText),
            },
            { description: 'The CA.' },
          ),
          ...problems('not-found'),
        },
      },
    },
    async (request, reply) => {
      const authorities = granted(await clusters.certificateAuthorities(callerOf(request), request.params.name));
      if (request.answerType === 'application/json') return certificateAuthoritiesView(authorities);

      const authority = authorities[request.query.role ?? 'serving'];
      if (authority === null) throw new RefusalError({ kind: 'not-found' });
      return request.answerType === 'text/plain'
        ? reply
            .type('text/plain; charset=utf-8')
            .send(authority.certificates.map(({ der }) => certificateText(der)).join(''))
        : reply.type(request.answerType).send(authority.pem);
    },
  );
}
