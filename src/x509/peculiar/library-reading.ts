import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsagesExtension,
  X509Certificate,
} from '@peculiar/x509';
import { keyUsages } from '../strict/extension.js';
import { extensionId } from '../strict/object-identifiers.js';

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

/** The library's certificate, whose own parse tree is protected: only there do names keep their types and values. */
class OpenCertificate extends X509Certificate {
  get content() {
    return this.asn.tbsCertificate;
  }

  get signatureAlgorithmId(): string {
    return this.asn.signatureAlgorithm.algorithm;
  }
}

/** Reads a certificate with `@peculiar/x509`. Throws what the library throws where it cannot. */
export function readWithLibrary(der: Uint8Array<ArrayBuffer>): CertificateReading {
  const certificate = new OpenCertificate(der);
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages;
  return {
    subject: certificate.content.subject.map((rdn) =>
      rdn.map(({ type, value }) => [type, value.anyValue === undefined ? value.toString() : hex(value.anyValue)]),
    ),
    issuer: hex(certificate.issuerName.toArrayBuffer()),
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    subjectPublicKeyInfo: hex(certificate.publicKey.rawData),
    keyUsage: usages === undefined ? null : keyUsages.filter((_, bit) => (usages & (1 << bit)) !== 0),
    extKeyUsage: certificate.getExtension(ExtendedKeyUsageExtension)?.usages.map(String) ?? null,
    certificateAuthority: certificate.getExtension(BasicConstraintsExtension)?.ca ?? false,
    subjectAltNames: certificate.getExtension(extensionId.subjectAltName) !== null,
    signatureAlgorithm: certificate.signatureAlgorithmId,
  };
}

const hex = (octets: ArrayBuffer): string => Buffer.from(octets).toString('hex');
