import type { Services } from '../../services.js';
import { jsonAnswer } from '../answer.js';
import { answerOnce } from '../idempotency.js';
import { callerOf } from '../plugins/authentication.js';
import { preferredWait } from './prefer.js';
import { requestLocation } from '../problems/refusal-to-problem.js';
import { CertificateRequestSchema, NewCertificateRequestSchema } from './schemas.js';
import { ref } from '../field-schemas.js';
import { CreateRequestHeaders } from './request-headers.js';
import { bodyProblems, json, problems } from '../responses.js';
import type { App } from '../types.js';
import { certificateRequestView } from './views.js';

export function addCreateCertificateRequest(app: App, { certificateRequests, idempotency }: Services): void {
  app.post(
    '/certificate-requests',
    {
      schema: {
        operationId: 'createCertificateRequest',
        tags: ['certificate-requests'],
        summary: 'Ask for a certificate',
        description:
          'With `csr` the caller keeps the key; without, a key is generated when the kubeconfig is collected. ' +
          'What policy denies is recorded and answered 403 with every violation.',
        headers: CreateRequestHeaders,
        body: ref(NewCertificateRequestSchema),
        response: {
          201: json(CertificateRequestSchema, {
            description: 'Recorded.',
            headers: {
              Location: 'The request.',
              'Preference-Applied': 'The `wait=N` that was honoured.',
            },
          }),
          ...problems(403, 409, 422, ...bodyProblems),
        },
      },
    },
    (request, reply) => {
      const wait = preferredWait(request.raw.headers['prefer']?.toString());
      return answerOnce(idempotency, request, reply, async (token) => {
        const options = { waitSeconds: wait ?? 0, idempotency: token };
        const outcome = await certificateRequests.create(callerOf(request), request.body, options);
        if (!outcome.ok) return { refusal: outcome.refusal };
        const answer = jsonAnswer(201, certificateRequestView(outcome.value), {
          location: requestLocation(outcome.value.request.id),
          ...(wait !== null && { 'preference-applied': `wait=${wait}` }),
        });
        return { answer, holdsPrivateKey: false };
      });
    },
  );
}
