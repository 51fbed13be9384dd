import type { ListedCertificate } from '../model/certificate.js';
import { revokeCertificate } from './revoke-certificate.js';
import { exportCertificates, findCertificate, listCertificates } from './read-certificates.js';
import { instantInQuery, invalidInQuery } from '../http/hooks/request-input.js';
import { pageBody, pageHeaders, pageQuery } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { json, longest, operation, response, textBody } from '../http/answers/responses.js';
import { ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { sendExport } from '../http/answers/exports.js';
import * as schemas from './certificate-schemas.js';
import { certificateView, exportForms, shownListed, showingNow } from './certificate-schemas.js';
import { certificateMediaTypes, certificateResponses, sendCertificate } from './send-certificate.js';
import type { Context } from '../context/context.js';

export function addCertificates(app: App, context: Context): void {
  const { clock } = context;
  app.get(
    '/certificates',
    operation({
      config: { produces: ['application/json', ...Object.keys(exportForms)], withoutRole: true },
      operationId: 'listCertificates',
      tags: ['certificates'],
      summary: 'List or export the issued certificates that you may read',
      description:
        'Auditors and admins read all certificates. Everybody else reads those that they requested or may collect. Filters ' +
        'are combined with AND. As JSON the list is read page by page. `text/csv` and `application/x-ndjson` export every certificate that ' +
        'matches, and ignore `limit` and `cursor`. An export that breaks off says so in its last line: in NDJSON an ' +
        'object with `problem` alone, in CSV a record that begins with `ERROR` and has one field too many.',
      querystring: schemas.CertificateQuerySchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.CertificateListSchema),
            'text/csv': textBody(
              'A record with the names of the columns, and one for each certificate (RFC 4180). `groups` has a `;` ' +
                'between groups. An apostrophe stands before a value that a spreadsheet would take for a formula.',
              null,
              longest.streamed,
            ),
            'application/x-ndjson': textBody('One certificate on each line, as in the list.', null, longest.streamed),
          },
          {
            description:
              'Newest first; with a filter on expiry, with `issuer`, or with a `status` other than `revoked`, soonest expiring ' +
              'first; else with `usernamePrefix`, by username.',
            headers: pageHeaders,
          },
        ),
      },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, notAfterBefore, notAfterAfter, ...plain } = request.query;
      // Its length tells a fingerprint from a name.
      if (plain.issuer !== undefined && plain.issuer.length < 64 && plain.cluster === undefined)
        throw invalidInQuery('issuer', 'is the name of an issuer of a cluster: send `cluster` too, or a fingerprint');
      const filter = {
        ...plain,
        ...(notAfterBefore !== undefined && { notAfterBefore: instantInQuery('notAfterBefore', notAfterBefore) }),
        ...(notAfterAfter !== undefined && { notAfterAfter: instantInQuery('notAfterAfter', notAfterAfter) }),
      };
      const form = exportForms[request.answerType];
      const view = (certificate: ListedCertificate) => certificateView(shownListed(certificate, clock()));
      if (form) return sendExport(request, reply, form, exportCertificates(context, callerOf(request), filter), view);
      const page = await listCertificates(context, callerOf(request), filter, pageQuery(request.query));
      return pageBody(request, reply, page, view);
    },
  );

  app.get(
    '/certificates/:fingerprintSha256',
    operation({
      config: { produces: certificateMediaTypes, withoutRole: true },
      operationId: 'getCertificate',
      tags: ['certificates'],
      summary: 'Read an issued certificate',
      description:
        'Send its `ETag` as `If-None-Match` to be answered 304. The JSON changes when the certificate expires, is renewed or ' +
        'is revoked. JSON and PEM change when a CA behind the certificate does; text and DER never do.',
      params: schemas.FingerprintParamsSchema,
      response: certificateResponses,
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const certificate = granted(await findCertificate(context, callerOf(request), request.params.fingerprintSha256));
      return sendCertificate(request, reply, certificate, showingNow(context));
    },
  );

  app.post(
    '/certificates/:fingerprintSha256/revoke',
    operation({
      config: { withoutRole: true, budgetUse: 'endingAccess' },
      operationId: 'revokeCertificate',
      tags: ['certificates'],
      summary: 'Revoke a certificate',
      description:
        'The requester and the collector may revoke the certificate; provisioners and admins may revoke any. A revocation is ' +
        'never taken back: a certificate that is revoked already is answered as it is. `enforcement` says how its cluster ' +
        'refuses the certificate, and what goes on all the same.',
      params: schemas.FingerprintParamsSchema,
      body: ref(schemas.RevokeSchema),
      response: {
        200: json(schemas.CertificateSchema, { description: 'It is revoked.' }),
      },
      problems: ['not-found', 'state-conflict'],
    }),
    async (request) => {
      const ask = { comment: null, ...request.body };
      const { certificate, enforcement } = granted(
        await revokeCertificate(context, callerOf(request), request.params.fingerprintSha256, ask),
      );
      return certificateView({ ...shownListed(certificate, clock()), enforcement });
    },
  );
}
