import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusOf, type Certificate } from '../model/certificate.js';
import { certificateText } from '@kubepass/x509/openssl-text';
import { jsonMediaType } from '../http/hooks/request-input.js';
import { certificatePem } from '../http/schemas/example-certificate.js';
import { derBody, empty, namesEntityTag, response, textBody } from '../http/answers/responses.js';
import { ref } from '../http/schemas/schema-parts.js';
import { CertificateSchema, certificateView, pemOf, shownCertificate, type Showing } from './certificate-schemas.js';

/** Another text for each change of what the JSON tells besides the certificate. */
const stateTag = (certificate: Certificate, now: Date): string =>
  [statusOf(certificate, now), certificate.supersededBy?.slice(0, 16)].filter(Boolean).join('-');

/** The four forms of a certificate. */
export const certificateMediaTypes = [
  'application/json',
  'application/pem-certificate-chain',
  'text/plain',
  'application/pkix-cert',
] as const;

/** A certificate in its four forms, and 304 for a caller who has it already. */
export const certificateResponses = {
  200: response(
    {
      'application/json': ref(CertificateSchema),
      'application/pem-certificate-chain': textBody(
        'The certificate as PEM, then the CAs between it and what its API servers trust, if there are any.',
        certificatePem,
      ),
      'text/plain': textBody('As `openssl x509 -noout -text` prints it.', null),
      // RFC 2585 section 4.1
      'application/pkix-cert': derBody('The certificate as DER.', certificatePem),
    },
    {
      description: 'The certificate.',
      headers: {
        ETag: 'The fingerprint, the form, for JSON the state, and the chain.',
        'Cache-Control': '`private, no-cache`',
      },
    },
  ),
  304: empty('The caller has it already: `If-None-Match` names its entity tag.'),
} as const;

/**
 * The media type, the content, and the end of the entity tag, which differs for each form, as RFC 9110 8.8.1 requires.
 */
type Form = readonly [contentType: string, content: () => string | Buffer, tagSuffix: string];

function formOf(certificate: Certificate, mediaType: string, showing: Showing): Form {
  const { der } = certificate;
  const { now, chainOf } = showing;
  // The chain is another one where a CA of it was renewed.
  const chainTag = chainOf(certificate)
    .map(({ fingerprintSha256 }) => `-${fingerprintSha256.slice(0, 16)}`)
    .join('');
  switch (mediaType) {
    case 'application/json':
      return [
        jsonMediaType,
        () => JSON.stringify(certificateView(shownCertificate(certificate, showing))),
        `-json-${stateTag(certificate, now)}${chainTag}`,
      ];
    case 'text/plain':
      return ['text/plain; charset=utf-8', () => certificateText(der), '-text'];
    case 'application/pkix-cert':
      return [mediaType, () => Buffer.from(der), '-der'];
    default:
      return ['application/pem-certificate-chain', () => pemOf(certificate, showing), chainTag];
  }
}

/**
 * Sends the certificate, or 304 to a caller who has it already. The certificate itself never changes; JSON and PEM also
 * have its chain, and the JSON tells what became of it.
 */
export function sendCertificate(
  request: FastifyRequest,
  reply: FastifyReply,
  certificate: Certificate,
  showing: Showing,
): FastifyReply {
  const [contentType, content, tagSuffix] = formOf(certificate, request.answerType, showing);
  const entityTag = `"${certificate.fingerprintSha256}${tagSuffix}"`;
  reply.headers({ etag: entityTag, 'cache-control': 'private, no-cache' });
  if (namesEntityTag(request.headers['if-none-match'], entityTag)) return reply.code(304).send();
  return reply.type(contentType).send(content());
}
