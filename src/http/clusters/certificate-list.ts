import type { Services } from '../server/services.js';
import { granted } from '../problems/refusal-to-problem.js';
import { binaryBody, empty, longest, onlyProblems, response, textBody } from '../answers/responses.js';
import { namesEntityTag } from '../certificates/send-certificate.js';
import type { App } from '../server/types.js';
import { ClusterParamsSchema } from './schemas.js';

/** RFC 2585 section 4.2, and PEM. */
const mediaTypes = ['application/pkix-crl', 'application/x-pem-file'] as const;

/** The CRL of a cluster's CA. It is public, like every CRL: whoever checks one has no token. */
export function addCertificateList(app: App, { clusters }: Services): void {
  app.get(
    '/clusters/:name/crl',
    {
      config: { produces: mediaTypes },
      schema: {
        operationId: 'getCertificateRevocationList',
        tags: ['clusters'],
        summary: 'Read the certificate revocation list (CRL) of a cluster’s CA',
        description:
          'Needs no authentication. Kubernetes itself checks no CRL: it is for proxies and others that do. It is there for a ' +
          'CA whose key kubepass holds, if the key usage of its certificate has cRLSign. The list has every revoked certificate ' +
          'that has not expired, is valid for a day, and has a higher number each time that it changes.',
        security: [],
        params: ClusterParamsSchema,
        response: {
          200: response(
            {
              'application/pkix-crl': binaryBody('The list as DER.', longest.whole),
              'application/x-pem-file': textBody(
                'The list as PEM.',
                '-----BEGIN X509 CRL-----\nMIIBzDCBtQIBATANBgkqhkiG9w0BAQsFADAb…\n-----END X509 CRL-----\n',
                longest.whole,
              ),
            },
            {
              description: 'The list.',
              headers: { ETag: 'The number of the list and the form.', 'Cache-Control': '`no-cache`' },
            },
          ),
          304: empty('The caller has it already: `If-None-Match` names its entity tag.'),
          ...onlyProblems(
            'invalid-request',
            'not-found',
            'not-acceptable',
            'state-conflict',
            'internal-error',
            'service-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { der, pem, number } = granted(await clusters.certificateList(request.params.name));
      const isPem = request.answerType === 'application/x-pem-file';
      const entityTag = `"${number}${isPem ? '-pem' : ''}"`;
      reply.headers({ etag: entityTag, 'cache-control': 'no-cache' });
      if (namesEntityTag(request.headers['if-none-match'], entityTag)) return reply.code(304).send();
      return reply.type(request.answerType).send(isPem ? pem : Buffer.from(der));
    },
  );
}
