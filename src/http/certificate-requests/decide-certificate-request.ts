import type { Services } from '../../services.js';
import { callerOf } from '../plugins/authentication.js';
import { CertificateRequestParams, CertificateRequestSchema, CommentSchema } from './schemas.js';
import { ref } from '../field-schemas.js';
import { bodyProblems, json, problems } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { certificateRequestView } from './views.js';

const decisions = {
  approve: 'Approve a pending request',
  deny: 'Deny a pending request',
  cancel: 'Cancel a request that is not issued yet',
} as const;

/** A person's decision, with what they have to say about it. */
export function addDecideCertificateRequest(app: App, { certificateRequests }: Services): void {
  for (const decision of ['approve', 'deny', 'cancel'] as const) {
    app.post(
      `/certificate-requests/:id/${decision}`,
      {
        config: { optionalBody: true },
        schema: {
          operationId: `${decision}CertificateRequest`,
          tags: ['certificate-requests'],
          summary: decisions[decision],
          params: CertificateRequestParams,
          body: ref(CommentSchema),
          response: {
            200: json(CertificateRequestSchema, { description: 'The request as it is now.' }),
            ...problems(403, 404, 409, ...bodyProblems),
          },
        },
      },
      async (request, reply) => {
        const { comment } = request.body;
        const outcome = await certificateRequests[decision](callerOf(request), request.params.id, comment ?? null);
        return outcome.ok ? certificateRequestView(outcome.value) : sendRefusal(reply, outcome.refusal);
      },
    );
  }
}
