import { Type } from 'typebox';
import { namedObject, nullable, oneOf, reasonOf, textOf } from './schema-parts.js';

export const ProbedAddressSchema = namedObject('ProbedAddress', 'Whether one API server accepts an issuer.', {
  address: textOf('The API server.', 'https://10.0.0.1:6443', { maxLength: 2048 }),
  accepts: oneOf(['yes', 'no', 'unknown'], 'Whether it accepts a certificate that the issuer signed.'),
  acceptedAs: nullable(
    Type.String({ maxLength: 1024, examples: ['kubepass-probe'] }),
    'The username that the holder of that certificate has there.',
  ),
  reason: nullable(reasonOf('Why it is not `yes`.', 'CertificateNotAccepted'), 'Null if it is.'),
});
