import type { DerElement } from './der.js';
import {
  duplicateExtension,
  type Extension,
  extensionValue,
  readBasicConstraints,
  readExtensions,
  readExtKeyUsage,
  readSubjectKeyIdentifier,
} from './extension.js';
import { type KeyUsage, readKeyUsage } from './key-usage.js';
import { extensionId, keyPurpose } from './object-identifiers.js';
import { refuse, type Refused } from './refusal.js';

export type ExtensionRefusalReason =
  | 'DuplicateExtension'
  | 'SubjectAltNameNotAllowed'
  | 'CertificateAuthorityNotAllowed'
  | 'KeyUsageNotAllowed'
  | 'ExtKeyUsageNotAllowed'
  | 'ExtensionNotAllowed';

/**
 * Why the extensions that a CSR requests are not tolerated; null where they are. They never reach the certificate,
 * whose extensions are fixed; but a signer of the cluster's copies SANs, and a request for more than a client
 * certificate is a mistake worth telling. Throws `DerError`.
 */
export function refuseRequestedExtensions(element: DerElement): Refused<ExtensionRefusalReason> | null {
  const extensions = readExtensions(element);
  const duplicate = duplicateExtension(extensions);
  if (duplicate !== undefined) return refuse('DuplicateExtension', `the CSR requests extension ${duplicate} twice`);
  for (const extension of extensions) {
    const refused = refuseExtension(extension);
    if (refused !== null) return refused;
  }
  return null;
}

const clientKeyUsages: readonly KeyUsage[] = ['digitalSignature', 'keyEncipherment'];

function refuseExtension(extension: Extension): Refused<ExtensionRefusalReason> | null {
  switch (extension.id) {
    case extensionId.subjectAltName:
      return refuse('SubjectAltNameNotAllowed', 'the CSR requests subject alternative names');
    case extensionId.basicConstraints: {
      const { ca, pathLenConstraint } = readBasicConstraints(extensionValue(extension));
      if (ca) return refuse('CertificateAuthorityNotAllowed', 'the CSR requests a CA certificate');
      if (pathLenConstraint !== null) return refuse('ExtensionNotAllowed', 'the CSR requests a path length');
      return null;
    }
    case extensionId.keyUsage: {
      const other = readKeyUsage(extensionValue(extension)).find((usage) => !clientKeyUsages.includes(usage));
      if (other !== undefined) return refuse('KeyUsageNotAllowed', `the CSR requests key usage ${other}`);
      return null;
    }
    case extensionId.extKeyUsage: {
      const purposes = readExtKeyUsage(extensionValue(extension));
      if (purposes.length !== 1 || purposes[0] !== keyPurpose.clientAuth)
        return refuse('ExtKeyUsageNotAllowed', 'the CSR requests key purposes other than clientAuth');
      return null;
    }
    case extensionId.subjectKeyIdentifier:
      readSubjectKeyIdentifier(extensionValue(extension));
      return null;
    default:
      return refuse('ExtensionNotAllowed', `the CSR requests extension ${extension.id}`);
  }
}
