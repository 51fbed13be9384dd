import 'reflect-metadata';
import { createHash, KeyObject, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { BACKDATE_SECONDS, encodePem, newSerialNumber } from '@kubepass/x509';

const LIFETIME_YEARS = 10;

const rsa2048 = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
} as const;

/**
 * Generates a self-signed CA: RSA-2048, as kubeadm makes it, for ten years from `now`, backdated by five minutes.
 * `random` answers that many random octets for the serial number.
 */
export async function generateCertificateAuthority(options: {
  readonly commonName: string;
  readonly now: Date;
  readonly random: (size: number) => Uint8Array;
}): Promise<{ readonly certificatePem: string; readonly privateKeyPem: string }> {
  const { commonName, now, random } = options;
  const keys = await webcrypto.subtle.generateKey(rsa2048, true, ['sign', 'verify']);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + LIFETIME_YEARS);
  // Every field is stated: the library's own choice is a year and no extension.
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // A value without its string type would be unquoted and unescaped.
    name: new Name([{ CN: [stringOf(commonName)] }]),
    serialNumber: Buffer.from(newSerialNumber(now, random)).toString('hex'),
    notBefore: new Date(now.getTime() - BACKDATE_SECONDS * 1000),
    notAfter,
    keys,
    signingAlgorithm: rsa2048,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      // It signs end entities alone, so no certificate that it signed by mistake is a CA (RFC 5280 4.2.1.9).
      new BasicConstraintsExtension(true, 0, true),
      new SubjectKeyIdentifierExtension(keyIdentifierOf(KeyObject.from(keys.publicKey)), false),
    ],
  });
  return {
    certificatePem: encodePem('CERTIFICATE', new Uint8Array(certificate.rawData)),
    privateKeyPem: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** PrintableString where its alphabet allows, else UTF8String (RFC 5280 4.1.2.4). */
const stringOf = (text: string) => (Name.isPrintableString(text) ? { printableString: text } : { utf8String: text });

/** RFC 7093 2, method 1: the leftmost 160 bits of the SHA-256 over the public key's bits, in hex. */
const keyIdentifierOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'pkcs1', format: 'der' }))
    .digest('hex')
    .slice(0, 40);
