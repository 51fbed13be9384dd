import { extensionId, messageOf, type ParsedCertificate } from '@kubepass/x509';
import type { CertificateReading } from './library-reading.js';

/** Reads a certificate independently of the strict reader. Throws where it cannot. */
export type SecondReader = (der: Uint8Array<ArrayBuffer>) => CertificateReading | Promise<CertificateReading>;

let library: Promise<{ readonly readWithLibrary: SecondReader }> | undefined;
/** Each `import` looks for the file again. */
const loaded = () => (library ??= import('./library-reading.js'));

/** Loads `@peculiar/asn1-x509` before its first use, which would wait for it. A failure is told at that use. */
export function loadSecondReader(): void {
  loaded().catch(() => undefined);
}

/** Loads `@peculiar/asn1-x509` at its first use: a service that never needs it does not pay for it at its start. */
export const secondReader: SecondReader = async (der) => (await loaded()).readWithLibrary(der);

/**
 * Reads a certificate that was read strictly once more. Answers the fields in which the two readings differ, as
 * sentences without a full stop: a certificate with two readings is not one that anybody has approved.
 */
export async function disagreements(certificate: ParsedCertificate, read: SecondReader): Promise<string[]> {
  let theirs: CertificateReading;
  try {
    theirs = await read(Uint8Array.from(certificate.der));
  } catch (error) {
    return [`a second reader cannot read it: ${messageOf(error)}`];
  }
  const ours = strictReading(certificate);
  return (Object.keys(ours) as (keyof CertificateReading)[])
    .filter((field) => JSON.stringify(ours[field]) !== JSON.stringify(theirs[field]))
    .map((field) => `a second reader reads another ${field}`);
}

function strictReading(certificate: ParsedCertificate): CertificateReading {
  const { subject, keyUsage, extKeyUsage, extensions } = certificate;
  return {
    subject: subject.rdns.map((rdn) => rdn.map(({ type, text, valueRaw }) => [type, text ?? valueRaw.toString('hex')])),
    issuer: certificate.issuer.raw.toString('hex'),
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    subjectPublicKeyInfo: certificate.subjectPublicKeyInfo.toString('hex'),
    keyUsage,
    extKeyUsage,
    certificateAuthority: certificate.basicConstraints?.ca ?? false,
    subjectAltNames: extensions.some(({ id }) => id === extensionId.subjectAltName),
    signatureAlgorithm: certificate.signatureAlgorithm.id,
  };
}
