import type { FastifyReply, FastifyRequest } from 'fastify';
import { statusOf, type Certificate } from '../../model/certificate.js';
import { certificateText } from '@kubepass/x509/openssl-text';
import { encodePem } from '@kubepass/x509';
import { jsonMediaType } from '../plugins/request-input.js';
import { certificateAsText, certificatePem } from '../schemas/example-certificate.js';
import { binaryBody, empty, response, textBody } from '../answers/responses.js';
import { ref } from '../schemas/schema-parts.js';
import { CertificateSchema, certificateView, plainCertificate } from './schemas.js';

/** Another text for each change of what the JSON tells besides the certificate. */
const stateTag = (certificate: Certificate, now: Date): string =>
  [statusOf(certificate, now), certificate.supersededBy?.slice(0, 16)].filter(Boolean).join('-');

/** The four forms of a certificate. PEM is the default. */
export const certificateMediaTypes = [
  'application/pem-certificate-chain',
  'application/json',
  'text/plain',
  'application/pkix-cert',
] as const;

/** A certificate in its four forms, and 304 for a caller who has it already. */
export const certificateResponses = {
  200: response(
    {
      'application/pem-certificate-chain': textBody('The certificate as PEM.', certificatePem),
      'application/json': ref(CertificateSchema),
      'text/plain': textBody('As `openssl x509 -noout -text` prints it.', certificateAsText),
      // RFC 2585 section 4.1
      'application/pkix-cert': binaryBody('The certificate as DER.'),
    },
    {
      description: 'The certificate.',
      example: plainCertificate,
      headers: { ETag: 'The fingerprint, the form, and for JSON the state.', 'Cache-Control': '`private, no-cache`' },
    },
  ),
  304: empty('The caller has it already: `If-None-Match` names its entity tag.'),
} as const;

interface Representation {
  readonly contentType: string;
  /** Makes the entity tags of the four forms differ, as RFC 9110 8.8.1 requires of strong ones. */
  readonly tagSuffix: (certificate: Certificate, now: Date) => string;
  readonly content: (certificate: Certificate, now: Date) => string | Buffer;
}

const representations: Readonly<Record<string, Representation>> = {
  'application/pem-certificate-chain': {
    contentType: 'application/pem-certificate-chain',
    tagSuffix: () => '',
    content: ({ der }) => encodePem('CERTIFICATE', der),
  },
  'application/json': {
    contentType: jsonMediaType,
    tagSuffix: (certificate, now) => `-json-${stateTag(certificate, now)}`,
    content: (certificate, now) => JSON.stringify(certificateView(certificate, now)),
  },
  'text/plain': {
    contentType: 'text/plain; charset=utf-8',
    tagSuffix: () => '-text',
    content: ({ der }) => certificateText(der),
  },
  'application/pkix-cert': {
    contentType: 'application/pkix-cert',
    tagSuffix: () => '-der',
    content: ({ der }) => Buffer.from(der),
  },
};

/**
 * Sends the certificate, or 304 to a caller who has it already. The certificate itself never changes; the JSON also tells what
 * became of it.
 */
export function sendCertificate(
  request: FastifyRequest,
  reply: FastifyReply,
  certificate: Certificate,
  now: Date,
): FastifyReply {
  const representation = representations[request.answerType];
  if (representation === undefined) throw new Error(`a certificate has no form ${request.answerType}`);
  const entityTag = `"${certificate.fingerprintSha256}${representation.tagSuffix(certificate, now)}"`;
  reply.headers({ etag: entityTag, 'cache-control': 'private, no-cache' });
  if (namesEntityTag(request.headers['if-none-match'], entityTag)) return reply.code(304).send();
  return reply.type(representation.contentType).send(representation.content(certificate, now));
}

/** Whether `If-None-Match` names this entity tag, compared weakly (RFC 9110 13.1.2); `*` names any. */
export function namesEntityTag(ifNoneMatch: string | undefined, entityTag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => tag.replace(/^W\//, '') === entityTag);
}
