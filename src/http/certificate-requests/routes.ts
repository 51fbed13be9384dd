import type { Services } from '../../services.js';
import { linkToNext, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import {
  CertificateRequestListSchema,
  CertificateRequestParams,
  CertificateRequestQuery,
  CertificateRequestSchema,
} from './schemas.js';
import { json, problems } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { certificateRequestView } from './views.js';

export function addReadCertificateRequests(app: App, { certificateRequests }: Services): void {
  app.get(
    '/certificate-requests',
    {
      schema: {
        operationId: 'listCertificateRequests',
        tags: ['certificate-requests'],
        summary: 'List the requests that the caller may read',
        querystring: CertificateRequestQuery,
        response: {
          200: json(CertificateRequestListSchema, {
            description: 'A page, newest first.',
            headers: { Link: '`rel="next"` where there is more.' },
          }),
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query;
      const page = await certificateRequests.list(callerOf(request), filter, pageQuery(request.query));
      linkToNext(request, reply, page.nextCursor);
      return { items: page.items.map(certificateRequestView), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/certificate-requests/:id',
    {
      schema: {
        operationId: 'getCertificateRequest',
        tags: ['certificate-requests'],
        summary: 'Read a request, its decision and its timeline',
        params: CertificateRequestParams,
        response: { 200: json(CertificateRequestSchema, { description: 'The request.' }), ...problems(404) },
      },
    },
    async (request, reply) => {
      const outcome = await certificateRequests.find(callerOf(request), request.params.id);
      return outcome.ok ? certificateRequestView(outcome.value) : sendRefusal(reply, outcome.refusal);
    },
  );
}
