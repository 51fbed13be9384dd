import { randomBytes } from 'node:crypto';
import type { CaKey } from '../../../src/signing/keys/ca-key.js';
import {
  basicConstraintsExtension,
  der,
  encodePem,
  extensionId,
  keyUsageExtension,
  newSerialNumber,
  sealCertificate,
  sha256,
  signatureAlgorithmFor,
  Tag,
  writeExtension,
  writeSubject,
  writeTbsCertificate,
} from '@kubepass/x509';

/** PEM of a CA certificate that a key signs for itself, valid from now for a year. */
export async function selfSignedAuthority(key: CaKey, commonName: string): Promise<string> {
  await key.check();
  const publicKey = key.publicKey();
  if (publicKey === null) throw new Error(`the key of ${commonName} is not there`);
  const subjectPublicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const subject = writeSubject({ username: commonName, groups: [] });
  const signatureAlgorithm = signatureAlgorithmFor(publicKey);
  const keyIdentifier = Buffer.from(sha256(subjectPublicKeyInfo).slice(0, 40), 'hex');
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000 - 300_000);
  const tbs = writeTbsCertificate({
    serialNumber: newSerialNumber(new Date(), randomBytes),
    signatureAlgorithm,
    issuer: subject,
    subject,
    subjectPublicKeyInfo,
    notBefore,
    notAfter: new Date(notBefore.getTime() + 365 * 86_400_000),
    extensions: [
      keyUsageExtension(['digitalSignature', 'keyCertSign', 'cRLSign']),
      basicConstraintsExtension(true),
      writeExtension(extensionId.subjectKeyIdentifier, false, der(Tag.OCTET_STRING, keyIdentifier)),
    ],
  });
  return encodePem('CERTIFICATE', sealCertificate(tbs, signatureAlgorithm, await key.sign(tbs)));
}
