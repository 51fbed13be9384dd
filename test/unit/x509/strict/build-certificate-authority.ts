import { randomBytes } from 'node:crypto';
import {
  writeTbsCertificate,
  sealCertificate,
  type TbsCertificateFields,
} from '../../../../src/x509/strict/certificate-writer.js';
import { writeDistinguishedName } from '../../../../src/x509/strict/distinguished-name.js';
import {
  basicConstraintsExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from '../../../../src/x509/strict/extension.js';
import type { KeyPair } from '../../../../src/x509/strict/key-pair.js';
import { encodePem } from '../../../../src/x509/strict/pem.js';
import { newSerialNumber } from '../../../../src/x509/strict/serial-number.js';
import { sign, signatureAlgorithmFor } from '../../../../src/x509/strict/signature-algorithm.js';

export const caNotBefore = new Date('2020-01-01T00:00:00Z');
export const caNotAfter = new Date('2060-01-01T00:00:00Z');

export const caExtensions = {
  keyUsage: keyUsageExtension(['keyCertSign', 'cRLSign']),
  basicConstraints: basicConstraintsExtension(true),
  subjectKeyIdentifier: subjectKeyIdentifierExtension(randomBytes(20)),
};

/** A self-signed CA certificate for any key, as PEM; every field may be another. */
export async function buildCertificateAuthority(
  keyPair: KeyPair,
  fields: Partial<TbsCertificateFields> = {},
): Promise<string> {
  const signatureAlgorithm = signatureAlgorithmFor(keyPair.privateKey);
  const name = writeDistinguishedName([{ O: ['corp'] }, { CN: ['clients@corp.example'] }]);
  const tbsCertificate = writeTbsCertificate({
    serialNumber: newSerialNumber(caNotBefore, randomBytes),
    signatureAlgorithm,
    issuer: name,
    subject: name,
    notBefore: caNotBefore,
    notAfter: caNotAfter,
    subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
    extensions: Object.values(caExtensions),
    ...fields,
  });
  const signature = await sign(signatureAlgorithm, tbsCertificate, keyPair.privateKey);
  return encodePem('CERTIFICATE', sealCertificate(tbsCertificate, signatureAlgorithm, signature));
}
