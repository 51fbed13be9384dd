import type { ParsedCertificate } from '../x509/strict/certificate-reader.js';
import { DerError, Tag } from '../x509/strict/der.js';
import { extensionValue } from '../x509/strict/extension.js';
import { attributeType, extensionId } from '../x509/strict/object-identifiers.js';
import { readUris } from '../x509/strict/subject-alt-names.js';

export type CertificateName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly reason: string; readonly message: string };

/**
 * The name in a certificate, as it is written: the one URI among the alternative names, or the one common name. Refused where
 * two readers could find two names.
 */
export const nameInCertificate = (certificate: ParsedCertificate, identity: 'uri' | 'commonName'): CertificateName =>
  identity === 'uri' ? uriIn(certificate) : commonNameIn(certificate);

function uriIn({ extensions }: ParsedCertificate): CertificateName {
  const alternatives = extensions.find(({ id }) => id === extensionId.subjectAltName);
  let uris: readonly string[] = [];
  try {
    if (alternatives !== undefined) uris = readUris(extensionValue(alternatives));
  } catch (error) {
    if (error instanceof DerError)
      return refused('CertificateMalformed', 'the alternative names of the certificate cannot be read');
    throw error;
  }
  const [uri] = uris;
  if (uri === undefined) return refused('NameMissing', 'the certificate has no URI among its alternative names');
  // The SPIFFE X.509-SVID standard, section 2, has the same rule.
  return uris.length > 1
    ? refused('NameAmbiguous', `the certificate has ${uris.length} URIs among its alternative names`)
    : { ok: true, name: uri };
}

function commonNameIn({ subject }: ParsedCertificate): CertificateName {
  if (subject.rdns.some((rdn) => rdn.length > 1))
    return refused('NameAmbiguous', 'an RDN in the subject of the certificate has several values');
  const names = subject.rdns.flat().filter(({ type }) => type === attributeType.commonName);
  const [name] = names;
  if (name === undefined) return refused('NameMissing', 'the subject of the certificate has no CN');
  // Parsers disagree about which one counts: Go takes the last, others the first.
  if (names.length > 1) return refused('NameAmbiguous', `the subject of the certificate has ${names.length} CNs`);
  if (name.valueTag !== Tag.UTF8_STRING && name.valueTag !== Tag.PRINTABLE_STRING)
    return refused('CertificateMalformed', 'the CN is neither a UTF8String nor a PrintableString');
  return name.text === null
    ? refused('CertificateMalformed', 'the CN has octets that its string type does not allow')
    : { ok: true, name: name.text };
}

const refused = (reason: string, message: string): CertificateName => ({ ok: false, reason, message });
