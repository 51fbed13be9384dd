import { pathStem } from '../../reading/paths.js';
import type { ObjectCheck } from './check.js';

/** Whether the certificate in a CertificateSigningRequest is for the request in it. */
export const checkCertificateSigningRequest: ObjectCheck = (object, { relations, report }) => {
  const children = relations.childrenOf(object.path);
  const request = children.find(({ content }) => content.type === 'CertificationRequest')?.content;
  const certificate = children.find(
    ({ path, content }) => content.type === 'Certificate' && pathStem(path).endsWith('status.certificate'),
  )?.content;
  if (request?.type !== 'CertificationRequest' || certificate?.type !== 'Certificate') return;
  if (request.publicKey.spkiSha256 !== certificate.publicKey.spkiSha256)
    report('CertificateNotForRequest', 'the certificate has another key than the request');
  // Signers may order a subject anew, so the identity that Kubernetes reads is compared.
  const asked = identity(request.kubernetes);
  const given = identity(certificate.kubernetes);
  if (asked !== null && given !== null && asked !== given)
    report('CertificateNotForRequest', 'the certificate is for another username or other groups than the request');
};

interface Identity {
  readonly username: string;
  readonly groups: readonly string[];
}

const identity = (reading: Identity | null): string | null =>
  reading && JSON.stringify([reading.username, [...reading.groups].sort()]);
