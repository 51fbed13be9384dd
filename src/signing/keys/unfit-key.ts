import type { KeyObject } from 'node:crypto';
import { readSubjectPublicKeyInfo } from '@kubepass/x509';

/**
 * Says why a public key is none of a CA; null where it is. A CA's RSA key may have any size from 2048 bits up. Other
 * keys must be acceptable as users' keys.
 */
export function whyUnfit(key: KeyObject): string | null {
  if (key.asymmetricKeyType === 'rsa')
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? null : 'the RSA key has fewer than 2048 bits';
  const reading = readSubjectPublicKeyInfo(key.export({ type: 'spki', format: 'der' }));
  return reading.ok ? null : reading.refusal.message;
}
