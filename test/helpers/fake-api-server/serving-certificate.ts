import { randomBytes } from 'node:crypto';
import { generateCertificateAuthority } from '../../../src/signing/generate-certificate-authority.js';
import {
  basicConstraintsExtension,
  contextPrimitive,
  der,
  encodePem,
  extensionId,
  extKeyUsageExtension,
  generateKeyPair,
  keyPurpose,
  keyUsageExtension,
  newSerialNumber,
  sealCertificate,
  sequence,
  sign,
  writeDistinguishedName,
  writeExtension,
  writeTbsCertificate,
} from '@kubepass/x509';
import { loadSigningAuthority, type TestSigningAuthority } from '../signing-authority.js';

export interface TestAuthority {
  readonly authority: TestSigningAuthority;
  readonly pem: string;
}

/** By common name, one for all tests of a file, because generating an RSA key is slow. */
const made = new Map<string, Promise<TestAuthority>>();

export function makeAuthority(commonName: string): Promise<TestAuthority> {
  const known = made.get(commonName);
  if (known !== undefined) return known;
  const authority = generateAuthority(commonName);
  made.set(commonName, authority);
  return authority;
}

async function generateAuthority(commonName: string): Promise<TestAuthority> {
  const { certificatePem, privateKeyPem } = await generateCertificateAuthority({
    commonName,
    now: new Date(),
    random: randomBytes,
  });
  return { authority: loadSigningAuthority(certificatePem, privateKeyPem), pem: certificatePem };
}

/** A certificate and key for one day, for a server on 127.0.0.1 or for a client. */
export async function issue(
  { authority }: TestAuthority,
  subject: { readonly username: string; readonly groups?: readonly string[] },
  purpose: 'serverAuth' | 'clientAuth',
): Promise<{ readonly certificatePem: string; readonly privateKeyPem: string }> {
  const keyPair = await generateKeyPair('ECDSA-P256');
  const now = Date.now();
  const loopback = sequence(der(contextPrimitive(7), Buffer.of(127, 0, 0, 1)));
  const groups = subject.groups ?? [];
  const tbs = writeTbsCertificate({
    serialNumber: newSerialNumber(new Date(now), randomBytes),
    signatureAlgorithm: authority.signatureAlgorithm,
    issuer: authority.subjectRaw,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 86_400_000),
    subject: writeDistinguishedName([...(groups.length === 0 ? [] : [{ O: groups }]), { CN: [subject.username] }]),
    subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
    extensions: [
      keyUsageExtension(['digitalSignature']),
      extKeyUsageExtension([keyPurpose[purpose]]),
      basicConstraintsExtension(false),
      ...(purpose === 'serverAuth' ? [writeExtension(extensionId.subjectAltName, false, loopback)] : []),
    ],
  });
  const signature = await sign(authority.signatureAlgorithm, tbs, authority.privateKey);
  const certificate = sealCertificate(tbs, authority.signatureAlgorithm, signature);
  return { certificatePem: encodePem('CERTIFICATE', certificate), privateKeyPem: keyPair.privateKeyPem };
}
