import { AsnConvert } from '@peculiar/asn1-schema';
import { BasicConstraints, Certificate, ExtendedKeyUsage, KeyUsage } from '@peculiar/asn1-x509';
import { extensionId, keyUsages } from '@kubepass/x509';

/** The fields of a certificate on which two readers must agree, in a form that compares. */
export interface CertificateReading {
  /** RDN by RDN: attribute types, dotted, and values as text; a value that is not a string is its DER in hex. */
  readonly subject: readonly (readonly (readonly string[])[])[];
  /** DER in hex, as `subjectPublicKeyInfo`. */
  readonly issuer: string;
  /** Lower-case hex. */
  readonly serialNumber: string;
  /** RFC 3339, as `notAfter`. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly subjectPublicKeyInfo: string;
  /** In the order of their bits; null where the extension is absent. */
  readonly keyUsage: readonly string[] | null;
  /** Dotted, in the certificate's order; null where the extension is absent. */
  readonly extKeyUsage: readonly string[] | null;
  readonly certificateAuthority: boolean;
  /** Whether there are any. */
  readonly subjectAltNames: boolean;
  /** Dotted. */
  readonly signatureAlgorithm: string;
}

/** Reads a certificate with `@peculiar/asn1-x509`. Throws what the library throws where it cannot. */
export function readWithLibrary(der: Uint8Array<ArrayBuffer>): CertificateReading {
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate);
  const { subject, issuer, serialNumber, validity, subjectPublicKeyInfo, extensions } = tbsCertificate;
  const extension = (id: string) => extensions?.find(({ extnID }) => extnID === id)?.extnValue.buffer;
  const read = <T>(id: string, type: new () => T): T | null => {
    const value = extension(id);
    return value === undefined ? null : AsnConvert.parse(value, type);
  };
  const usages = read(extensionId.keyUsage, KeyUsage)?.toNumber();
  return {
    subject: subject.map((rdn) =>
      rdn.map(({ type, value }) => [type, value.anyValue === undefined ? value.toString() : hex(value.anyValue)]),
    ),
    issuer: hex(AsnConvert.serialize(issuer)),
    // A zero in front of the first bit only says that the number is not negative (X.690 8.3.3).
    serialNumber: hex(serialNumber).replace(/^00(?=[89a-f])/, ''),
    notBefore: validity.notBefore.getTime().toISOString(),
    notAfter: validity.notAfter.getTime().toISOString(),
    subjectPublicKeyInfo: hex(AsnConvert.serialize(subjectPublicKeyInfo)),
    keyUsage: usages === undefined ? null : keyUsages.filter((_, bit) => (usages & (1 << bit)) !== 0),
    extKeyUsage: read(extensionId.extKeyUsage, ExtendedKeyUsage)?.map(String) ?? null,
    certificateAuthority: read(extensionId.basicConstraints, BasicConstraints)?.cA ?? false,
    subjectAltNames: extension(extensionId.subjectAltName) !== undefined,
    signatureAlgorithm: signatureAlgorithm.algorithm,
  };
}

const hex = (octets: ArrayBuffer): string => Buffer.from(octets).toString('hex');
