import { certificateText } from '../../x509/openssl-text/certificate-text.js';
import type { Services } from '../../services.js';
import { linkToNext, pageOfList, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import {
  CertificateAuthoritiesSchema,
  CertificateAuthorityQuery,
  ClusterListSchema,
  ClusterParams,
  ClusterSchema,
  ListQuery,
  ProbeOptionsSchema,
} from './schemas.js';
import { ref } from '../field-schemas.js';
import { bodyProblems, json, problems, response, textOf } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { certificateAuthorityView, clusterView } from './views.js';

export function addClusters(app: App, { clusters }: Services): void {
  app.get(
    '/clusters',
    {
      schema: {
        operationId: 'listClusters',
        tags: ['clusters'],
        summary: 'List the configured clusters',
        querystring: ListQuery,
        response: {
          200: json(ClusterListSchema, {
            description: 'A page.',
            headers: { Link: '`rel="next"` where there is more.' },
          }),
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const page = pageOfList(
        clusters.list(callerOf(request)),
        pageQuery(request.query),
        ({ cluster }) => cluster.name,
      );
      linkToNext(request, reply, page.nextCursor);
      return { items: page.items.map(clusterView), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/clusters/:name',
    {
      schema: {
        operationId: 'getCluster',
        tags: ['clusters'],
        summary: 'Read a cluster',
        params: ClusterParams,
        response: { 200: json(ClusterSchema, { description: 'The cluster.' }), ...problems(404) },
      },
    },
    async (request, reply) => {
      const outcome = clusters.find(callerOf(request), request.params.name);
      return outcome.ok ? clusterView(outcome.value) : sendRefusal(reply, outcome.refusal);
    },
  );

  app.post(
    '/clusters/:name/probe',
    {
      config: { optionalBody: true },
      schema: {
        operationId: 'probeCluster',
        tags: ['clusters'],
        summary: 'Find out what a cluster is able to do',
        description:
          'Reaches the API server, looks at what kubepass may do there, and has a certificate signed for the ' +
          'identity `kubepass-probe`, valid for ten minutes, without groups. Everything is on record as with any ' +
          'request, marked `probe`. Takes as long as signing takes: up to a minute where the cluster does not sign. ' +
          'One probe at a time: whoever asks meanwhile gets the answer of the one that is under way.',
        params: ClusterParams,
        body: ref(ProbeOptionsSchema),
        response: {
          200: json(ClusterSchema, { description: 'The cluster, with what was found.' }),
          ...problems(403, 404, ...bodyProblems),
        },
      },
    },
    async (request, reply) => {
      const { measureLifetimeCap = false } = request.body;
      const outcome = await clusters.probe(callerOf(request), request.params.name, { measureLifetimeCap });
      return outcome.ok ? clusterView(outcome.value) : sendRefusal(reply, outcome.refusal);
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
        description: 'PEM and text have the CA of `role`, JSON has both.',
        params: ClusterParams,
        querystring: CertificateAuthorityQuery,
        response: {
          200: response(
            {
              'application/pem-certificate-chain': textOf('The bundle as PEM.'),
              'application/json': ref(CertificateAuthoritiesSchema),
              'text/plain': textOf('Each certificate as `openssl x509 -noout -text` prints it.'),
            },
            { description: 'The CA.' },
          ),
          ...problems(404),
        },
      },
    },
    async (request, reply) => {
      const outcome = await clusters.certificateAuthorities(callerOf(request), request.params.name);
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      const { serving, client } = outcome.value;
      if (request.answerType === 'application/json')
        return { serving: certificateAuthorityView(serving), client: client && certificateAuthorityView(client) };

      const authority = request.query.role === 'client' ? client : serving;
      if (authority === null) return sendRefusal(reply, { kind: 'not-found' });
      return request.answerType === 'text/plain'
        ? reply
            .type('text/plain; charset=utf-8')
            .send(authority.certificates.map(({ der }) => certificateText(der)).join(''))
        : reply.type(request.answerType).send(authority.pem);
    },
  );
}
