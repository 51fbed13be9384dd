import { hash } from 'node:crypto';

import type { CertificationRequestContent } from '../model/inspection.js';
import { refusalsOfCertificationRequest, requestAttribute } from '@kubepass/x509';
import {
  type CertificationRequestTree,
  extensionRequests,
  type Normalized,
  readCertificationRequestTree,
} from '@kubepass/x509/tree';
import { joined } from '../formats/text/quote.js';
import type { Decoded, Report, Signed } from '../model/decoded.js';
import type { DecodeContext } from '../model/budget.js';
import { type DescribedExtensions, describeExtensions, NO_EXTENSIONS, requestProfile } from './describe-extensions.js';
import { nameContent, observeSubject } from './describe-names.js';
import { describePublicKeyTree } from './describe-public-key.js';
import { kubernetesReading } from './kubernetes-role.js';
import { describeAlgorithm, observeBrokenHash, observeParameters, verifySigned } from './verify-signed.js';
import { decodeSigned, observeTrailing, signedOf, versionOf } from './decode-signed-object.js';

/** Decodes any certification request that OpenSSL or Go shows (RFC 2986 4) and reports its oddities. */
export const decodeCertificationRequest = (normalized: Normalized, context: DecodeContext): Decoded =>
  decodeSigned(normalized, 'a certification request', (report) => {
    const request = readCertificationRequestTree(normalized.der);
    const { subject, publicKey, algorithm } = request;
    const signed = signedOf(request, normalized, report);
    const version = versionOf(request.version);
    // RFC 2986 4.1: there is one version, v1, and it is 0.
    if (version !== 1) report('VersionContradictory', 'its version is not 0, which stands for the only one there is');
    observeTrailing(request, ['the attributes'], report);
    const publicKeyDescription = describePublicKeyTree(publicKey, report);
    const { extensions, others } = describeAttributes(request.attributes ?? [], report);
    observeSubject(subject, extensions.facts.basicConstraints?.ca === true, report);
    if (subject.rdns.length === 0 && extensions.facts.subjectAltNames === null)
      report('EmptySubject', 'the subject is empty, and no subject alternative name is asked for');
    observeBrokenHash(algorithm, report);
    observeParameters(algorithm, report);
    // RFC 2986 4.1: no OPTIONAL stands there.
    if (request.attributes === null) report('NotLoadable', 'the attributes are left out, even an empty list of them');
    const signatureValid = verifyOwn(signed, request, context, report);
    const refusals = refusalsOfCertificationRequest(normalized.found);
    if (refusals.length > 0)
      report('RequestNotAcceptable', joined(refusals.map(({ message, reason }) => `${message} (${reason})`)));

    const content: CertificationRequestContent = {
      type: 'CertificationRequest',
      version,
      subject: nameContent(subject),
      publicKey: publicKeyDescription,
      extensions: extensions.contents,
      attributes: others,
      signatureAlgorithm: describeAlgorithm(algorithm),
      signatureValid,
      fingerprintSha256: hash('sha256', normalized.found, 'hex'),
      kubernetes: kubernetesReading(subject, extensions.facts),
    };
    return { content, material: { kind: 'request', tree: request } };
  });

interface DescribedAttributes {
  readonly extensions: DescribedExtensions;
  /** The other attributes, dotted, each once. */
  readonly others: readonly string[];
}

function describeAttributes(
  attributes: NonNullable<CertificationRequestTree['attributes']>,
  report: Report,
): DescribedAttributes {
  const others = new Set<string>();
  let described: DescribedExtensions | null = null;
  for (const { type, values, hasTrailingData, extensions, problem } of attributes) {
    if (hasTrailingData) report('TrailingData', `something follows the values of the attribute ${type}`);
    if (!extensionRequests.includes(type)) {
      others.add(type);
      if (type === requestAttribute.challengePassword)
        report('ChallengePassword', 'a challenge password stands in the request, for everyone to read');
    } else if (described !== null) report('DuplicateExtension', 'it asks for extensions in more than one place');
    else if (extensions !== null) described = describeExtensions(extensions, requestProfile, report);
    else if (values.length > 0) {
      report('MalformedExtension', `the extensions that it asks for cannot be read: ${problem ?? ''}`);
      described = NO_EXTENSIONS;
    }
  }
  return { extensions: described ?? NO_EXTENSIONS, others: [...others] };
}

/** Whether the request is signed by its own key; null where that cannot be checked. */
function verifyOwn(
  signed: Signed,
  { publicKey }: CertificationRequestTree,
  { budget }: DecodeContext,
  report: Report,
): boolean | null {
  const verdict = budget.mayVerify() ? verifySigned(signed, publicKey) : 'unsupported';
  if (verdict === 'unsupported') return null;
  if (verdict === 'invalid') report('SignatureInvalid', 'the request is not signed by the key that it names');
  return verdict === 'valid';
}
