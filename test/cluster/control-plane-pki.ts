import { randomBytes, createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';
import {
  assembleTbsCertificate,
  authorityKeyIdentifierExtension,
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
  userCertificateValidity,
  writeExtension,
  writeSubject,
  writeTbsCertificate,
} from '@kubepass/x509';
import { loadSigningAuthority, type TestSigningAuthority } from '../helpers/signing-authority.js';

/** A certificate with its key, both PEM. */
export interface Credentials {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** The files with the keys and certificates of a control plane, as kubeadm arranges them, and a way to make more. */
export interface ControlPlanePki {
  readonly caPem: string;
  readonly caFile: string;
  readonly clientCaPem: string;
  readonly clientCaFile: string;
  readonly clientCaKeyFile: string;
  readonly servingCertificateFile: string;
  readonly servingKeyFile: string;
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicKeyFile: string;
  /** A client certificate of the client CA, for a day. */
  clientCredentials(username: string, groups: readonly string[]): Promise<Credentials>;
}

const EXPIRATION_SECONDS = 86_400;

/**
 * Makes the keys and certificates of a control plane in a directory. One CA serves servers and clients, as with
 * kubeadm; with `separateClientCa` there are two, as with k3s. The serving certificate is for localhost, 127.0.0.1 and
 * `servingNames`.
 */
export async function makeControlPlanePki(
  directory: string,
  options: { readonly separateClientCa: boolean; readonly servingNames?: readonly string[] },
): Promise<ControlPlanePki> {
  const write = (name: string, pem: string): string => {
    const file = join(directory, name);
    writeFileSync(file, pem, { mode: 0o600 });
    return file;
  };
  const ca = await generateCa('kubernetes');
  const clientCa = options.separateClientCa ? await generateCa('kubernetes-client') : ca;
  const serving = await servingCredentials(authorityOf(ca), options.servingNames ?? []);
  const serviceAccount = await generateKeyPair('RSA-2048');
  const serviceAccountPublicKey = createPublicKey(serviceAccount.privateKey).export({ type: 'spki', format: 'pem' });
  return {
    caPem: ca.certificatePem,
    caFile: write('ca.crt', ca.certificatePem),
    clientCaPem: clientCa.certificatePem,
    clientCaFile: write('client-ca.crt', clientCa.certificatePem),
    clientCaKeyFile: write('client-ca.key', clientCa.privateKeyPem),
    servingCertificateFile: write('apiserver.crt', serving.certificatePem),
    servingKeyFile: write('apiserver.key', serving.privateKeyPem),
    serviceAccountKeyFile: write('sa.key', serviceAccount.privateKeyPem),
    serviceAccountPublicKeyFile: write('sa.pub', serviceAccountPublicKey.toString()),
    clientCredentials: (username, groups) => clientCredentials(authorityOf(clientCa), username, groups),
  };
}

const generateCa = (commonName: string): Promise<Credentials> =>
  generateCertificateAuthority({ commonName, now: new Date(), random: randomBytes });

const authorityOf = (ca: Credentials): TestSigningAuthority =>
  loadSigningAuthority(ca.certificatePem, ca.privateKeyPem);

async function clientCredentials(
  ca: TestSigningAuthority,
  username: string,
  groups: readonly string[],
): Promise<Credentials> {
  const keyPair = await generateKeyPair('ECDSA-P256');
  const tbs = assembleTbsCertificate({
    ...commonFields(ca),
    authorityKeyIdentifierExtension:
      ca.subjectKeyIdentifier && authorityKeyIdentifierExtension(ca.subjectKeyIdentifier),
    username,
    groups,
    subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
    keyAlgorithm: 'ECDSA-P256',
  });
  return { certificatePem: await seal(tbs, ca), privateKeyPem: keyPair.privateKeyPem };
}

async function servingCredentials(ca: TestSigningAuthority, names: readonly string[]): Promise<Credentials> {
  const keyPair = await generateKeyPair('ECDSA-P256');
  const tbs = writeTbsCertificate({
    ...commonFields(ca),
    subject: writeSubject({ username: 'kube-apiserver', groups: [] }),
    subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
    extensions: [
      keyUsageExtension(['digitalSignature']),
      extKeyUsageExtension([keyPurpose.serverAuth]),
      basicConstraintsExtension(false),
      writeExtension(
        extensionId.subjectAltName,
        false,
        sequence(...['localhost', ...names].map(dnsName), ipAddress(127, 0, 0, 1)),
      ),
    ],
  });
  return { certificatePem: await seal(tbs, ca), privateKeyPem: keyPair.privateKeyPem };
}

const commonFields = (ca: TestSigningAuthority) => ({
  ...userCertificateValidity(new Date(), EXPIRATION_SECONDS, ca.notAfter),
  serialNumber: newSerialNumber(new Date(), randomBytes),
  issuer: ca.subjectRaw,
  signatureAlgorithm: ca.signatureAlgorithm,
});

async function seal(tbs: Buffer, ca: TestSigningAuthority): Promise<string> {
  const signature = await sign(ca.signatureAlgorithm, tbs, ca.privateKey);
  return encodePem('CERTIFICATE', sealCertificate(tbs, ca.signatureAlgorithm, signature));
}

// RFC 5280 4.2.1.6: GeneralName.
const dnsName = (name: string): Buffer => der(contextPrimitive(2), Buffer.from(name, 'latin1'));
const ipAddress = (...octets: readonly number[]): Buffer => der(contextPrimitive(7), Buffer.from(octets));
