import type { Services } from '../../services.js';
import { callerOf } from '../plugins/authentication.js';
import { CertificateRequestParams, KubeconfigQuery, NothingSchema } from './schemas.js';
import { ref } from '../field-schemas.js';
import { bodyProblems, problems, response, textOf } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';

const yaml = 'application/yaml';
const noStore = { headers: { 'Cache-Control': '`no-store`' } };

export function addRequestKubeconfig(app: App, { certificateRequests }: Services): void {
  app.get(
    '/certificate-requests/:id/kubeconfig',
    {
      config: { produces: [yaml] },
      schema: {
        operationId: 'getKubeconfig',
        tags: ['certificate-requests'],
        summary: 'Read a kubeconfig that points at the caller’s own key',
        params: CertificateRequestParams,
        querystring: KubeconfigQuery,
        response: {
          200: response({ [yaml]: textOf('With `client-key: <path>`.') }, { description: 'A kubeconfig.', ...noStore }),
          ...problems(403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const clientKeyPath = request.query.clientKeyPath ?? 'client.key';
      const outcome = await certificateRequests.kubeconfig(callerOf(request), request.params.id, clientKeyPath);
      return outcome.ok ? reply.type(yaml).send(outcome.value.yaml) : sendRefusal(reply, outcome.refusal);
    },
  );

  app.post(
    '/certificate-requests/:id/kubeconfig',
    {
      config: { produces: [yaml], optionalBody: true },
      schema: {
        operationId: 'collectKubeconfig',
        tags: ['certificate-requests'],
        summary: 'Collect: generate the key, issue, and return the complete kubeconfig',
        description: 'The private key is in this response and nowhere else. Only the collector may do this, and once.',
        params: CertificateRequestParams,
        body: ref(NothingSchema),
        response: {
          200: response(
            { [yaml]: textOf('With the private key in it.') },
            { description: 'A complete kubeconfig.', ...noStore },
          ),
          ...problems(403, 404, 409, 502, ...bodyProblems),
        },
      },
    },
    async (request, reply) => {
      const outcome = await certificateRequests.collect(callerOf(request), request.params.id);
      return outcome.ok ? reply.type(yaml).send(outcome.value.yaml) : sendRefusal(reply, outcome.refusal);
    },
  );
}
