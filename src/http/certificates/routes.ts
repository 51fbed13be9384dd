import type { Services } from '../../services.js';
import { instant } from '../instant.js';
import { linkToNext, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { CertificateListSchema, CertificateQuery, FingerprintParams } from './schemas.js';
import { certificateResponses } from './certificate-response.js';
import { json, problems } from '../responses.js';
import { certificateMediaTypes, sendCertificate } from './send-certificate.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { certificateView } from './certificate-view.js';

export function addCertificates(app: App, { certificates }: Services): void {
  app.get(
    '/certificates',
    {
      schema: {
        operationId: 'listCertificates',
        tags: ['certificates'],
        summary: 'List the issued identities that the caller may read',
        querystring: CertificateQuery,
        response: {
          200: json(CertificateListSchema, {
            description: 'A page, newest first; with a filter on expiry, soonest expiring first.',
            headers: { Link: '`rel="next"` where there is more.' },
          }),
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, expiresBefore, expiresAfter, ...plain } = request.query;
      const filter = {
        ...plain,
        ...(expiresBefore !== undefined && { expiresBefore: instant('expiresBefore', expiresBefore) }),
        ...(expiresAfter !== undefined && { expiresAfter: instant('expiresAfter', expiresAfter) }),
      };
      const page = await certificates.list(callerOf(request), filter, pageQuery(request.query));
      linkToNext(request, reply, page.nextCursor);
      return { items: page.items.map(certificateView), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/certificates/:fingerprintSha256',
    {
      config: { produces: certificateMediaTypes },
      schema: {
        operationId: 'getCertificate',
        tags: ['certificates'],
        summary: 'Read an issued certificate',
        params: FingerprintParams,
        response: { ...certificateResponses, ...problems(404) },
      },
    },
    async (request, reply) => {
      const outcome = await certificates.find(callerOf(request), request.params.fingerprintSha256);
      return outcome.ok ? sendCertificate(request, reply, outcome.value) : sendRefusal(reply, outcome.refusal);
    },
  );
}
