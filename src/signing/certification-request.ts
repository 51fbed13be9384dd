import { writeAuthorityCertificationRequest } from '@kubepass/x509';
import { KeyUnavailableError } from './keys/ca-key.js';
import type { LoadedIssuer } from './cluster-issuers.js';
import { signVerified, type SigningSurroundings } from './sign-verified.js';

/**
 * The certification request (PKCS#10, DER) of an issuer, signed by its key, and verified. It has the subject of the
 * configuration, else that of its certificate; null where there is neither. Throws `KeyUnavailableError` where its key
 * cannot be used now.
 */
export async function certificationRequestOf(
  cluster: string,
  { name, key, certified, requestedSubject }: LoadedIssuer,
  surroundings: SigningSurroundings,
): Promise<Buffer | null> {
  const subject = requestedSubject ?? certified?.authority.subjectRaw ?? null;
  if (subject === null) return null;
  const publicKey = key.publicKey();
  if (publicKey === null) throw new KeyUnavailableError('missing', 'the agent has not told the key yet');
  const subjectKeyIdentifier = certified?.authority.subjectKeyIdentifier ?? null;
  return writeAuthorityCertificationRequest({ subject, publicKey, subjectKeyIdentifier }, (octets) =>
    signVerified({ cluster, issuer: name, key, publicKey }, octets, surroundings),
  );
}
