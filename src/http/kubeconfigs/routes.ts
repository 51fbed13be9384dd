import type { Services } from '../../services.js';
import { jsonAnswer } from '../answer.js';
import { answerOnce } from '../idempotency.js';
import { callerOf } from '../plugins/authentication.js';
import { requestLocation } from '../problems/refusal-to-problem.js';
import { CertificateRequestSchema, NewCertificateRequestSchema } from '../certificate-requests/schemas.js';
import { ref } from '../field-schemas.js';
import { IdempotencyHeaders } from '../certificate-requests/request-headers.js';
import { bodyProblems, json, problems, response, textOf } from '../responses.js';
import type { App } from '../types.js';
import { certificateRequestView } from '../certificate-requests/views.js';

const yaml = 'application/yaml';

/** After which a caller may look again whether a person has decided. */
const lookAgainSeconds = 15;

export function addCreateKubeconfig(app: App, { certificateRequests, idempotency }: Services): void {
  app.post(
    '/kubeconfigs',
    {
      config: { produces: [yaml] },
      schema: {
        operationId: 'createKubeconfig',
        tags: ['kubeconfigs'],
        summary: 'Ask, have it decided and issued, and get the kubeconfig, all at once',
        description:
          'The same body as a certificate request, without `csr`. The private key is in this response and nowhere ' +
          'else: repeating an `Idempotency-Key` whose answer held one ends in 409.',
        headers: IdempotencyHeaders,
        body: ref(NewCertificateRequestSchema),
        response: {
          201: response(
            { [yaml]: textOf('With the private key in it.') },
            {
              description: 'A complete kubeconfig.',
              headers: { Location: 'The request that it came from.', 'Cache-Control': '`no-store`' },
            },
          ),
          202: json(CertificateRequestSchema, {
            description: 'Recorded; a person must decide, or somebody else collects the key.',
            headers: { Location: 'The request.', 'Retry-After': 'When to look again, in seconds.' },
          }),
          ...problems(403, 409, 422, 502, ...bodyProblems),
        },
      },
    },
    (request, reply) =>
      answerOnce(idempotency, request, reply, async (token) => {
        const outcome = await certificateRequests.createKubeconfig(callerOf(request), request.body, {
          idempotency: token,
        });
        if (!outcome.ok) return { refusal: outcome.refusal };
        if (outcome.value.kind === 'awaiting') {
          const asked = outcome.value.request;
          const answer = jsonAnswer(202, certificateRequestView({ request: asked, certificate: null }), {
            location: requestLocation(asked.id),
            'retry-after': String(lookAgainSeconds),
          });
          return { answer, holdsPrivateKey: false };
        }
        const { kubeconfig } = outcome.value;
        const headers = { 'content-type': yaml, location: requestLocation(kubeconfig.request.id) };
        return { answer: { status: 201, headers, body: kubeconfig.yaml }, holdsPrivateKey: true };
      }),
  );
}
