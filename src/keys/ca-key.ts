import type { KeyObject } from 'node:crypto';
import { SignerUnavailableError } from '../model/errors.js';
import type { KeyFailure, KeyKind } from '../model/issuer.js';

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
