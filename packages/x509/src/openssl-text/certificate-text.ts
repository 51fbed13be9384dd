import { DerError, type DerElement } from '../strict/der.js';
import { type CertificateTree, readCertificateTree } from '../tree/certificate.js';
import { type BitString, clearedOctets, magnitudeOf, signedMagnitude } from '../tree/values.js';
import { extensionListText } from './extension-text.js';
import { distinguishedNameText } from './name-text.js';
import { objectNames as names } from './object-names.js';
import { decodeOctets, hexBlock, hexPairs } from './octets.js';
import { publicKeyText } from './public-key-text.js';
import { signatureAlgorithmText, signatureText } from './signature-text.js';
import { timeText } from './time-text.js';

/**
 * A certificate as `openssl x509 -noout -text` of OpenSSL 3.5 shows it.
 *
 * `docs/inspection.md` lists the known differences.
 *
 * @throws DerError when the bytes are not one DER certificate (RFC 5280 4.1).
 */
export const certificateText = (der: Uint8Array): string =>
  certificateTreeText(readCertificateTree(Buffer.from(der.buffer, der.byteOffset, der.byteLength)));

/**
 * The same for a certificate that has been read.
 *
 * @throws DerError when OpenSSL does not load it.
 */
export function certificateTreeText(certificate: CertificateTree): string {
  // OpenSSL does not see what follows these two.
  const trailing = certificate.trailing.find((part) => part !== 'the version' && part !== 'the extensions');
  if (trailing !== undefined) throw new DerError(`${trailing} has trailing data`, 0);
  const { extensions } = certificate;
  return decodeOctets(
    'Certificate:\n    Data:\n' +
      certificateVersionText(certificate.version) +
      serialNumberText(certificate.serialNumber) +
      signatureAlgorithmText(certificate.innerAlgorithm, names) +
      `        Issuer: ${distinguishedNameText(certificate.issuer, names)}\n` +
      '        Validity\n' +
      `            Not Before: ${timeText(certificate.notBefore)}\n` +
      `            Not After : ${timeText(certificate.notAfter)}\n` +
      `        Subject: ${distinguishedNameText(certificate.subject, names)}\n` +
      publicKeyText(certificate.publicKey, names) +
      uniqueIdText('Issuer', certificate.issuerUniqueId) +
      uniqueIdText('Subject', certificate.subjectUniqueId) +
      (extensions?.length ? `        X509v3 extensions:\n${extensionListText(extensions, names, 12)}` : '') +
      signatureText(certificate, names),
  );
}

/** RFC 5280 4.1.2.1: v1 is 0 and the default. */
const certificateVersionText = (version: DerElement | null): string => versionText(version, 2n);

/** A version up to `highest`, as it is encoded. */
export function versionText(element: DerElement | null, highest: bigint): string {
  const { negative, octets } = element ? signedMagnitude(element) : { negative: false, octets: Buffer.of(0) };
  // OpenSSL prints -1 for a number that a C long cannot hold.
  const version = octets.length > 8 ? -1n : (negative ? -1n : 1n) * magnitudeOf(octets);
  return version >= 0n && version <= highest
    ? `        Version: ${version + 1n} (0x${version.toString(16)})\n`
    : `        Version: Unknown (${version})\n`;
}

/** A number that fits a signed 64-bit integer stands beside the label, in decimal too; any other stands below it. */
function serialNumberText(element: DerElement): string {
  const { negative, octets } = signedMagnitude(element);
  const magnitude = magnitudeOf(octets);
  if (magnitude < 1n << 63n || (negative && magnitude === 1n << 63n)) {
    const sign = negative ? '-' : '';
    return `        Serial Number: ${sign}${magnitude} (${sign}0x${magnitude.toString(16)})\n`;
  }
  return `        Serial Number:\n            ${negative ? ' (Negative)' : ''}${hexPairs(octets)}\n`;
}

const uniqueIdText = (whose: string, bits: BitString | null): string =>
  bits ? `        ${whose} Unique ID: ${hexBlock(clearedOctets(bits), 12, 18)}\n` : '';
