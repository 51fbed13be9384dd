import type { FastifyReply, FastifyRequest } from 'fastify';
import { certificateText } from '../x509/openssl-text/certificate-text.js';
import type { Certificate } from '../model/certificate.js';
import { jsonMediaType } from './answer.js';
import { namesEntityTag } from './entity-tag.js';
import { encodePem } from '../x509/strict/pem.js';
import { certificateView } from './views/certificate-view.js';

/** The four forms of a certificate; PEM where the caller does not care. */
export const certificateMediaTypes = [
  'application/pem-certificate-chain',
  'application/json',
  'text/plain',
  'application/pkix-cert',
] as const;

interface Representation {
  readonly contentType: string;
  /** RFC 9110 8.8.1: a strong entity tag tells the representations apart; the fingerprint alone is the PEM's. */
  readonly tagSuffix: string;
  readonly content: (certificate: Certificate) => string | Buffer;
}

const representations: Readonly<Record<string, Representation>> = {
  'application/pem-certificate-chain': {
    contentType: 'application/pem-certificate-chain',
    tagSuffix: '',
    content: ({ der }) => encodePem('CERTIFICATE', der),
  },
  'application/json': {
    contentType: jsonMediaType,
    tagSuffix: '-json',
    content: (certificate) => JSON.stringify(certificateView(certificate)),
  },
  'text/plain': {
    contentType: 'text/plain; charset=utf-8',
    tagSuffix: '-text',
    content: ({ der }) => certificateText(der),
  },
  'application/pkix-cert': {
    contentType: 'application/pkix-cert',
    tagSuffix: '-der',
    content: ({ der }) => Buffer.from(der),
  },
};

/** A certificate never changes, so a caller who has it is told so: `If-None-Match` and 304. */
export function sendCertificate(request: FastifyRequest, reply: FastifyReply, certificate: Certificate): FastifyReply {
  const representation = representations[request.answerType];
  if (representation === undefined) throw new Error(`a certificate has no form ${request.answerType}`);
  const entityTag = `"${certificate.fingerprintSha256}${representation.tagSuffix}"`;
  reply.headers({ etag: entityTag, 'cache-control': 'private, no-cache' });
  if (namesEntityTag(request.headers['if-none-match'], entityTag)) return reply.code(304).send();
  return reply.type(representation.contentType).send(representation.content(certificate));
}
