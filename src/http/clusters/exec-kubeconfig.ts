import { renderExecKubeconfig } from '../../formats/kubeconfig/render-kubeconfig.js';
import type { Services } from '../server/services.js';
import { certificatePem } from '../schemas/example-certificate.js';
import { callerOf, listeningAddress } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { problems, response, textBody } from '../answers/responses.js';
import type { App } from '../server/types.js';
import { ClusterParamsSchema } from './schemas.js';

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
