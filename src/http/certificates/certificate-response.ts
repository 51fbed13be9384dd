import { CertificateSchema } from './schemas.js';
import { ref } from '../field-schemas.js';
import { empty, response, textOf } from '../responses.js';

/** A certificate in its four forms, and 304 for a caller who has it. */
export const certificateResponses = {
  200: response(
    {
      'application/pem-certificate-chain': textOf('The certificate as PEM.'),
      'application/json': ref(CertificateSchema),
      'text/plain': textOf('As `openssl x509 -noout -text` prints it.'),
      // RFC 2585 section 4.1; OpenAPI 3.1 describes binary content by its media type alone.
      'application/pkix-cert': textOf('The certificate as DER.'),
    },
    {
      description: 'The certificate.',
      headers: { ETag: 'The fingerprint, and which form it is.', 'Cache-Control': '`private, no-cache`' },
    },
  ),
  304: empty('The caller has it: `If-None-Match` names its entity tag.'),
} as const;
