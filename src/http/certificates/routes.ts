import type { Services } from '../../services.js';
import { instantInQuery } from '../instant.js';
import { pageBody, pageQuery, pageResponse } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { sendRefusal } from '../problems/refusal-to-problem.js';
import { problems } from '../responses.js';
import { addSchemas } from '../schema-parts.js';
import type { App } from '../types.js';
import * as schemas from './schemas.js';
import { certificateView } from './schemas.js';
import { certificateMediaTypes, certificateResponses, sendCertificate } from './send-certificate.js';

export function addCertificates(app: App, { certificates }: Services): void {
  addSchemas(app, schemas);

  app.get(
    '/certificates',
    {
      schema: {
        operationId: 'listCertificates',
        tags: ['certificates'],
        summary: 'List the issued certificates that you may read',
        description:
          'Requesters and collectors read their own; approvers read those of requests, auditors and admins all. Filters ' +
          'are combined with AND.',
        querystring: schemas.CertificateQuerySchema,
        response: {
          200: pageResponse(
            schemas.CertificateListSchema,
            'A page, newest first; with a filter on expiry, soonest expiring first.',
          ),
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, expiresBefore, expiresAfter, ...plain } = request.query;
      const filter = {
        ...plain,
        ...(expiresBefore !== undefined && { expiresBefore: instantInQuery('expiresBefore', expiresBefore) }),
        ...(expiresAfter !== undefined && { expiresAfter: instantInQuery('expiresAfter', expiresAfter) }),
      };
      const page = await certificates.list(callerOf(request), filter, pageQuery(request.query));
      return pageBody(request, reply, page, certificateView);
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
        description: 'A certificate never changes: send its `ETag` as `If-None-Match` to be answered 304.',
        params: schemas.FingerprintParamsSchema,
        response: { ...certificateResponses, ...problems('not-found') },
      },
    },
    async (request, reply) => {
      const outcome = await certificates.find(callerOf(request), request.params.fingerprintSha256);
      return outcome.ok ? sendCertificate(request, reply, outcome.value) : sendRefusal(reply, outcome.refusal);
    },
  );
}
