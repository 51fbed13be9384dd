import { Type } from 'typebox';
import { issuerStates, keyKinds } from '../../model/issuer.js';
import { pageOf } from '../../http/answers/page-schemas.js';
import { BundledCertificateSchema } from '../cluster-schemas.js';
import { clusterName } from '../../http/schemas/cluster-parts.js';
import { certificationRequestPem } from '../../http/schemas/example-certificate.js';
import { ProbedAddressSchema } from '../../http/schemas/probed-address.js';
import {
  closed,
  dnsLabelOf,
  instantOf,
  messageOf,
  namedObject,
  nullable,
  objectOf,
  oneOf,
  ref,
  sha256Of,
  textOf,
  viewOf,
  writtenTextOf,
} from '../../http/schemas/schema-parts.js';

const bundle = (description: string) => Type.Array(ref(BundledCertificateSchema), { maxItems: 1000, description });

export const IssuerSchema = namedObject('Issuer', 'A CA of a cluster, whose key kubepass uses.', {
  name: dnsLabelOf('Its name.', 'users-2027'),
  state: oneOf(issuerStates, 'What it signs: `next` probes alone, `active` certificates, `retiring` CRLs alone.'),
  since: nullable(instantOf('An instant.'), 'When it came into this state; null while its key is not known.'),
  fingerprintSha256: nullable(sha256Of('SHA-256 of its certificate'), 'Null while it has none.'),
  spkiSha256: nullable(sha256Of('SHA-256 of its SubjectPublicKeyInfo'), 'Null until its agent tells its key.'),
  subject: nullable(messageOf('As text.', 'CN=users 2027'), 'Null if the configuration does not have its certificate.'),
  notBefore: nullable(instantOf('An instant.'), 'Start of validity of the whole chain.'),
  notAfter: nullable(instantOf('An instant.'), 'End of validity of the whole chain.'),
  chain: bundle('The CAs that go out behind a certificate, its own first; empty if it is its own anchor.'),
  anchors: bundle('What the API servers trust for it.'),
  key: nullable(
    objectOf('Its key.', {
      kind: oneOf(keyKinds, 'Where it lies.'),
      algorithm: nullable(textOf('As that of users’ keys.', 'RSA-2048', { maxLength: 64 }), 'Null: not known yet.'),
      available: Type.Boolean({ description: 'Whether it could be used when it was last looked at.' }),
      checkedAt: instantOf('When it was last looked at.'),
    }),
    'Null if the configuration does not have it any more.',
  ),
  certificates: objectOf('Its certificates that still work.', {
    live: Type.Integer({ minimum: 0, description: 'How many there are.' }),
    latestNotAfter: nullable(instantOf('An instant.'), 'When the last of them ends; null if there is none.'),
  }),
  probe: nullable(
    objectOf('The last probe.', {
      at: instantOf('When it was made.'),
      addresses: Type.Array(ref(ProbedAddressSchema), { maxItems: 100, description: 'In the order of `apiServers`.' }),
    }),
    'Null if it was never probed.',
  ),
  note: Type.Optional(messageOf('Only if it was retired now: what that leaves.', 'the ConfigMap only grows')),
});

export const issuerView = viewOf(IssuerSchema);

export const IssuerListSchema = pageOf(IssuerSchema, 'The issuers of a cluster.');

/** Not a DNS label, so that every other name is one that does not exist. */
export const IssuerParamsSchema = closed({
  name: clusterName,
  issuer: textOf('The issuer’s name.', 'users-2027', { minLength: 1, maxLength: 63 }),
});

const comment = Type.Optional(writtenTextOf('Kept in the audit log.', 'the yearly rotation'));

export const IssuerActivationSchema = namedObject('IssuerActivation', 'May be left out.', {
  comment,
  withoutProbe: Type.Optional(
    Type.Boolean({ description: 'Do not ask the API servers; needs `comment`.', examples: [false] }),
  ),
});

export const IssuerRetirementSchema = namedObject('IssuerRetirement', 'May be left out.', {
  comment,
  abandonLive: Type.Optional(
    Type.Boolean({ description: 'Retire it whatever it still serves; needs `comment`.', examples: [false] }),
  ),
});

export const IssuerRequestSchema = namedObject('IssuerCertificationRequest', 'PKCS#10 (RFC 2986) of an issuer.', {
  pem: textOf('PEM.', certificationRequestPem, { maxLength: 65536 }),
});
