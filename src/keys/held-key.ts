import { createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyKind } from '../model/issuer.js';
import { signatureAlgorithmFor, type Signatures, signaturesHere } from '@kubepass/x509';
import type { CaKey, KeyAvailability } from './ca-key.js';

/** The key of a CA in the memory of this process, where it came from a file. It can always be used. */
export function heldKey(
  kind: Exclude<KeyKind, 'agent'>,
  privateKey: KeyObject,
  clock: () => Date,
  signatures: Pick<Signatures, 'sign'> = signaturesHere,
): CaKey {
  const publicKey = createPublicKey(privateKey);
  const algorithm = signatureAlgorithmFor(privateKey);
  const availability = (): KeyAvailability => ({ available: true, checkedAt: clock() });
  return {
    kind,
    publicKey: () => publicKey,
    sign: (data) => signatures.sign(algorithm, data, privateKey),
    distrust() {},
    availability,
    check: () => Promise.resolve(availability()),
    close() {},
  };
}
