import { Type } from 'typebox';
import { type InspectionFormat, styleSource, type Upload } from '@kubepass/inspect';
import { inspectUpload, type InspectingContext } from './inspect-upload.js';
import { callerOf } from '../http/hooks/authentication.js';
import { jsonMediaType } from '../http/hooks/request-input.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { operation, response, textBody } from '../http/answers/responses.js';
import type { App } from '../http/server/types.js';
import { readUploads, uploadBodies, maxBodyOctets } from './upload-bodies.js';

/** The schemas are in scripts/openapi: only the document needs them. */
const documented = (name: string) => Type.Unsafe<object>({ $ref: `${name}#` });

const exampleText = 'Inspected 1 object: 1 certificate\n…\n';

const examplePage = '<!doctype html>\n<html lang="en">…</html>\n';

const contentTypes: Readonly<Record<InspectionFormat, string>> = {
  'application/json': jsonMediaType,
  'application/sarif+json': 'application/sarif+json; charset=utf-8',
  'text/plain': 'text/plain; charset=utf-8',
  'text/html': 'text/html; charset=utf-8',
};

const formats = Object.keys(contentTypes) as readonly InspectionFormat[];

/** A page may use its own style sheet and nothing else, so that text from an upload can never act. */
const contentSecurityPolicy = (framedBy: string) =>
  [
    "default-src 'none'",
    `style-src ${styleSource}`,
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${framedBy}`,
  ].join('; ');

const nothing: Upload = { parts: [], password: null };

export function addInspections(app: App, context: InspectingContext): void {
  const policyOfPage = contentSecurityPolicy(app.hasConsole ? "'self'" : "'none'");
  app.register(async (scope) => {
    await readUploads(scope);
    // The console shows in a frame what a browser is answered: the page, or the problem why there is no page. The frame
    // is sandboxed and has no origin, so an agent cluster for one is not asked for: Chromium would complain.
    scope.addHook('onRequest', (request, reply, done) => {
      if (app.hasConsole && request.answerType === 'text/html')
        reply
          .headers({ 'content-security-policy': policyOfPage, 'x-frame-options': 'SAMEORIGIN' })
          .removeHeader('origin-agent-cluster');
      done();
    });
    scope.post(
      '/inspections',
      {
        bodyLimit: maxBodyOctets,
        // At lower levels the multipart parser logs the headers of the request.
        logLevel: 'info',
        ...operation({
          config: { produces: formats, uploads: uploadBodies, budgetUse: 'inspecting' },
          operationId: 'inspect',
          tags: ['inspections'],
          summary: 'Inspect files: find out what they are and what is wrong with them',
          description:
            'Reads certificates, requests, keys, revocation lists, PKCS#7 and PKCS#12, as PEM, DER or base64; ' +
            'kubeconfigs and manifests; tar archives of a PKI folder. Recognises them by content. At most 1 MiB, 200 ' +
            'objects and 2 s of work. Nothing is kept, run or fetched. Of a private key only its public key is shown.',
          response: {
            200: response(
              {
                'application/json': documented('Inspection'),
                'application/sarif+json': documented('SarifLog'),
                'text/plain': textBody('A report that begins with a summary.', exampleText),
                'text/html': textBody('The same report as a page, without scripts.', examplePage),
              },
              {
                description: 'The result of the inspection.',
                headers: { 'Cache-Control': '`no-store`' },
              },
            ),
          },
          problems: ['unacceptable-upload'],
        }),
      },
      async (request, reply) => {
        const format = formats.find((offered) => offered === request.answerType) ?? 'application/json';
        const report = granted(await inspectUpload(context, callerOf(request), request.upload ?? nothing, format));
        reply.header('content-type', contentTypes[format]);
        if (format === 'text/html') reply.header('content-security-policy', policyOfPage);
        return reply.send(report);
      },
    );
  });
}
