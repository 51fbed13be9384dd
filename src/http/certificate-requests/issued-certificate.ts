import type { Services } from '../../services.js';
import { callerOf } from '../plugins/authentication.js';
import { CertificateRequestParams } from './schemas.js';
import { certificateResponses } from '../certificates/certificate-response.js';
import { problems } from '../responses.js';
import { certificateMediaTypes, sendCertificate } from '../certificates/send-certificate.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';

export function addIssuedCertificate(app: App, { certificateRequests }: Services): void {
  app.get(
    '/certificate-requests/:id/certificate',
    {
      config: { produces: certificateMediaTypes },
      schema: {
        operationId: 'getIssuedCertificate',
        tags: ['certificate-requests'],
        summary: 'Read the certificate that was issued for a request',
        params: CertificateRequestParams,
        response: { ...certificateResponses, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const outcome = await certificateRequests.certificate(callerOf(request), request.params.id);
      return outcome.ok ? sendCertificate(request, reply, outcome.value) : sendRefusal(reply, outcome.refusal);
    },
  );
}
