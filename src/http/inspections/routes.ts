import { styleSource } from '../../inspection/report/html/style-sheet.js';
import type { InspectionFormat, Upload } from '../../model/inspection.js';
import type { Services } from '../../services.js';
import { jsonMediaType } from '../answer.js';
import { callerOf } from '../plugins/authentication.js';
import { readUploads } from './upload-bodies.js';
import { ref } from '../field-schemas.js';
import { InspectionSchema, uploadBodies } from './schemas.js';
import { bodyProblems, problems, response, textOf } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { maxBodyOctets } from './upload-limits.js';

const contentTypes: Readonly<Record<InspectionFormat, string>> = {
  'application/json': jsonMediaType,
  'text/plain': 'text/plain; charset=utf-8',
  'text/html': 'text/html; charset=utf-8',
};

const formats = Object.keys(contentTypes) as readonly InspectionFormat[];

/** A page brings one style sheet with it, and nothing else: what an upload says of itself is never more than text. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src ${styleSource}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const nothing: Upload = { parts: [], password: null };

export function addInspections(app: App, { inspections }: Services): void {
  app.register(async (scope) => {
    await readUploads(scope);
    scope.post(
      '/inspections',
      {
        bodyLimit: maxBodyOctets,
        // Below this level the multipart parser logs the request's headers.
        logLevel: 'info',
        config: { produces: formats, uploads: uploadBodies },
        schema: {
          operationId: 'inspect',
          tags: ['inspections'],
          summary: 'Put anything in, learn what it is and what is wrong with it',
          description:
            'Certificates, requests, keys, revocation lists, PKCS#7 and PKCS#12, as PEM, DER or base64; kubeconfigs ' +
            'and manifests; tar archives of a PKI folder: recognised by content. At most 1 MiB, 200 objects and 2 s ' +
            'of work. Nothing of it is kept, run or fetched, and of a private key only its public key is told.',
          response: {
            200: response(
              {
                'application/json': ref(InspectionSchema),
                'text/plain': textOf('A report, with a summary on top.'),
                'text/html': textOf('The same as a page, without scripts.'),
              },
              { description: 'What was found.', headers: { 'Cache-Control': '`no-store`' } },
            ),
            ...problems(422, ...bodyProblems),
          },
        },
      },
      async (request, reply) => {
        const format = formats.find((offered) => offered === request.answerType) ?? 'application/json';
        const outcome = await inspections.inspect(callerOf(request), request.upload ?? nothing, format);
        if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
        reply.header('content-type', contentTypes[format]);
        if (format === 'text/html') reply.header('content-security-policy', contentSecurityPolicy);
        return reply.send(outcome.value);
      },
    );
  });
}
