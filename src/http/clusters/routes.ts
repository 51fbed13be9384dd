import type { Services } from '../services.js';
import { certificateText } from '../../x509/openssl-text/certificate-text.js';
import { certificateAsText, certificatePem } from '../example-certificate.js';
import { ListQuerySchema, pageBody, pageOfList, pageQuery, pageResponse } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { granted, RefusalError } from '../problems/refusal-to-problem.js';
import { bodyProblems, json, problems, response, textBody } from '../responses.js';
import { addSchemas, ref } from '../schema-parts.js';
import type { App } from '../types.js';
import * as schemas from './schemas.js';
import { certificateAuthorityView, ClusterParamsSchema, clusterView } from './schemas.js';
import { renderExecKubeconfig } from '../../formats/kubeconfig/render-kubeconfig.js';
import { listeningAddress } from '../plugins/credential.js';

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
        response: { 200: pageResponse(schemas.ClusterListSchema, 'A page.', neverProbed), ...problems() },
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
          200: json(schemas.ClusterSchema, { description: 'The cluster.', example: neverProbed }),
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
            example: probed,
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
      const { serving, client } = granted(
        await clusters.certificateAuthorities(callerOf(request), request.params.name),
      );
      if (request.answerType === 'application/json')
        return { serving: certificateAuthorityView(serving), client: client && certificateAuthorityView(client) };

      const authority = request.query.role === 'client' ? client : serving;
      if (authority === null) throw new RefusalError({ kind: 'not-found' });
      return request.answerType === 'text/plain'
        ? reply
            .type('text/plain; charset=utf-8')
            .send(authority.certificates.map(({ der }) => certificateText(der)).join(''))
        : reply.type(request.answerType).send(authority.pem);
    },
  );
}

// Clusters for the OpenAPI document: the members in which they differ from the examples of the schema.

/** As the quickstart's cluster is at first. */
const neverProbed = {
  signer: 'localCA',
  allowPrivilegedGroups: [],
  readsRoleBindings: false,
  revocation: {
    mode: 'none',
    verifiedAt: null,
    delaySeconds: null,
    continues: ['everything, until the certificate expires or its bindings are removed'],
  },
  probedAt: null,
  probe: null,
};

/** A cluster that signs certificates itself. */
const probed = {
  name: 'dev-eu',
  signer: 'kubernetes',
  allowPrivilegedGroups: [],
  probe: {
    missingPermissions: [],
    signs: 'yes',
    accepts: 'yes',
    reason: null,
    message: null,
    advice: null,
    lifetimeCap: null,
    revocation: { mode: 'webhook', verified: true, delaySeconds: 0, reason: null, message: null },
  },
};

const yaml = 'application/yaml';

/** The kubeconfig of a cluster for the kubectl plugin. */
export function addExecKubeconfig(app: App, { clusters }: Services): void {
  app.get(
    '/clusters/:name/kubeconfig',
    {
      config: { produces: [yaml] },
      schema: {
        operationId: 'getClusterKubeconfig',
        tags: ['clusters'],
        summary: 'Read a kubeconfig for the kubectl plugin',
        description:
          'It holds no secret, so that everybody can have the same one: kubectl runs `kubectl-kubepass`, which gets a ' +
          'certificate when one is needed and renews it. The address of kubepass in it is that of `publicAddress`, else the ' +
          'one at which this call arrives.',
        params: ClusterParamsSchema,
        response: {
          200: response(
            {
              [yaml]: textBody(
                'A kubeconfig with an exec user.',
                renderExecKubeconfig({
                  cluster: {
                    name: 'demo',
                    server: 'https://10.0.0.1:6443',
                    tlsServerName: null,
                    servingCertificateAuthority: certificatePem,
                  },
                  server: 'https://kubepass.example',
                  certificateAuthority: null,
                }),
              ),
            },
            { description: 'The kubeconfig.' },
          ),
          ...problems('not-found'),
        },
      },
    },
    async (request, reply) => {
      const { cluster, publicAddress } = granted(clusters.execKubeconfig(callerOf(request), request.params.name));
      const server = publicAddress?.url ?? listeningAddress(request.raw.socket);
      const certificateAuthority = publicAddress?.certificateAuthority ?? null;
      return reply.type(yaml).send(renderExecKubeconfig({ cluster, server, certificateAuthority }));
    },
  );
}
