import { createPublicKey, type KeyObject } from 'node:crypto';
import { readSubjectPublicKeyInfo, signatureAlgorithmFor, type Signatures, signaturesHere } from '@kubepass/x509';
import { SignerUnavailableError } from '../../model/errors.js';
import type { KeyFailure, KeyKind } from '../../model/issuer.js';
import type { KeyMeasures } from '../../model/measures.js';

/** The key of a CA, wherever it lies. */
export interface CaKey {
  readonly kind: KeyKind;
  /** Null while an agent that is to find it by its label has not answered. */
  publicKey(): KeyObject | null;
  /**
   * Signs octets with the one algorithm that fits the key (`signatureAlgorithmFor`), and answers the signature as X.509
   * has it. Nobody has verified it yet. Throws `KeyUnavailableError`.
   */
  sign(data: Uint8Array): Promise<Buffer>;
  /** Tells it that a signature of it did not verify. */
  distrust(): void;
  /** Whether it could be used when it was last looked at. */
  availability(): KeyAvailability;
  /** Looks whether it can be used, without a signature. Never rejects. */
  check(): Promise<KeyAvailability>;
  close(): Promise<void> | void;
}

export interface KeyAvailability {
  readonly available: boolean;
  readonly checkedAt: Date;
  /** Why it could not be used, in words for an operator. */
  readonly problem?: string;
}

/** A key cannot sign now, and may be able to later. */
export class KeyUnavailableError extends SignerUnavailableError {
  constructor(
    readonly failure: KeyFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Says why a CA cannot use a public key; null where a CA can. An RSA key of a CA may have any size from 2048 bits up.
 * A CA's key of another kind must be acceptable as a user's key.
 */
export function whyUnfit(key: KeyObject): string | null {
  if (key.asymmetricKeyType === 'rsa')
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? null : 'the RSA key has fewer than 2048 bits';
  const reading = readSubjectPublicKeyInfo(key.export({ type: 'spki', format: 'der' }));
  return reading.ok ? null : reading.refusal.message;
}

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

/** A key whose signatures are timed, and whose failures are counted, as those of an issuer. */
export function measuredKey(key: CaKey, cluster: string, issuer: string, measures: KeyMeasures): CaKey {
  return {
    kind: key.kind,
    publicKey: () => key.publicKey(),
    async sign(data) {
      const began = performance.now();
      try {
        const signature = await key.sign(data);
        measures.signed(cluster, issuer, (performance.now() - began) / 1000);
        return signature;
      } catch (error) {
        if (error instanceof KeyUnavailableError) measures.failed(cluster, issuer, error.failure);
        throw error;
      }
    },
    distrust: () => {
      key.distrust();
    },
    availability: () => key.availability(),
    check: () => key.check(),
    close: () => key.close(),
  };
}
