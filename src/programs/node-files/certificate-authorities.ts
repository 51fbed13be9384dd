import { X509Certificate } from 'node:crypto';
import { readLoadableCertificate } from '@kubepass/inspect/loadable';
import { decodePemBundle, messageOf, type ParsedCertificate } from '@kubepass/x509';

/** A CA certificate of a file for `--client-ca-file`. */
export type AuthorityCertificate = Pick<ParsedCertificate, 'der' | 'fingerprintSha256'>;

/**
 * Reads PEM that an API server is to take as its client CAs, more strictly than the API server does: it takes a file
 * that was cut off as far as it goes, and does not start with one that it cannot read. Therefore every block is a
 * certificate of a CA, nothing looks like the beginning of another block, and there is at least one. Explanatory text
 * around the blocks is allowed (RFC 7468 section 2). `source` names the text. Throws an `Error` that says what is
 * wrong.
 */
export function readAuthorityCertificates(pem: string, source: string): readonly AuthorityCertificate[] {
  const bundle = decodePemBundle(pem, 'CERTIFICATE');
  if (!bundle.ok) throw new Error(`${source} cannot be read: ${bundle.refusal.message}`);
  if (/^-|-----(BEGIN|END)/m.test(pem.replace(wholeBlock, '')))
    throw new Error(`${source} cannot be read: there is a part of a PEM block, as in a file that was cut off`);
  return bundle.ders.map((der, index) => readAuthority(der, `certificate ${index + 1} of ${source}`));
}

const wholeBlock = /^-----BEGIN CERTIFICATE-----[^-]*\n-----END CERTIFICATE-----/gm;

function readAuthority(der: Buffer, name: string): AuthorityCertificate {
  let certificate: ParsedCertificate;
  try {
    certificate = readLoadableCertificate(der);
    // Throws where OpenSSL does not know such a public key.
    new X509Certificate(der).publicKey.export({ format: 'der', type: 'spki' });
  } catch (error) {
    throw new Error(`${name} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const { basicConstraints, keyUsage } = certificate;
  if (basicConstraints?.ca !== true) throw new Error(`${name} is not a CA: basicConstraints does not say CA:TRUE`);
  if (keyUsage !== null && !keyUsage.includes('keyCertSign'))
    throw new Error(`${name} may not sign certificates: its keyUsage lacks keyCertSign`);
  return certificate;
}
