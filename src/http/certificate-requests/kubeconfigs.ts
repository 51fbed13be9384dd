import { Type } from 'typebox';
import type { Services } from '../server/services.js';
import { CertificateRequestSchema } from './schemas.js';
import * as examples from './examples.js';
import { kubeconfigYaml } from '../schemas/example-certificate.js';
import { answerOnce, idempotencyKeyHeader } from '../answers/idempotency.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { bodyProblems, json, problems } from '../answers/responses.js';
import { addSchemas, ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import {
  createdKubeconfigAnswer,
  kubeconfigForms,
  kubeconfigMediaTypes,
  kubeconfigResponse,
} from './kubeconfig-answer.js';
import * as schemas from './kubeconfig-schemas.js';

export function addKubeconfigs(app: App, { certificateRequests, idempotency, clock }: Services): void {
  addSchemas(app, schemas);

  app.post(
    '/kubeconfigs',
    {
      config: { action: 'request-certificates', produces: kubeconfigMediaTypes },
      schema: {
        operationId: 'createKubeconfig',
        tags: ['kubeconfigs'],
        summary: 'Request a certificate and get the complete kubeconfig, in one call',
        description:
          'The private key is in this answer and nowhere else: a repeat with the same `Idempotency-Key` is answered 409. ' +
          'A caller with a `csr` of their own asks at `/v1/certificate-requests`. ' +
          kubeconfigForms,
        headers: Type.Object(idempotencyKeyHeader),
        body: ref(schemas.NewKubeconfigSchema),
        response: {
          201: kubeconfigResponse('A kubeconfig with the private key in it.', kubeconfigYaml, {
            Location: 'The certificate request.',
          }),
          202: json(CertificateRequestSchema, {
            description: 'The request is recorded. A person must decide on it, or somebody else collects the key.',
            example: examples.pending,
            headers: { Location: 'The certificate request.', 'Retry-After': 'When to ask again, in seconds.' },
          }),
          ...problems(
            'not-permitted',
            'policy-denied',
            'state-conflict',
            'idempotency-key-in-flight',
            'idempotency-key-reused',
            'key-already-collected',
            'issuance-failed',
            'issuance-unavailable',
            ...bodyProblems,
          ),
        },
      },
    },
    (request, reply) =>
      answerOnce(idempotency, request, reply, async (claimed) => {
        const outcome = await certificateRequests.createKubeconfig(callerOf(request), request.body, {
          idempotency: claimed,
        });
        return createdKubeconfigAnswer(granted(outcome), request.answerType, clock());
      }),
  );
}
