import type { ApprovedRequest } from '../model/approved-request.js';
import type { SigningIntent } from '../model/certificate-request.js';

/** A signing that has been thought through but not done: `intent` is recorded before `sign` is called. */
export interface PreparedSigning {
  readonly intent: SigningIntent;
  /**
   * Signs; answers the certificate as DER, by `deadline` at the latest. Throws `SignerUnavailableError` where nothing
   * was signed and trying again may help, `SigningRefusedError` where it will not, and `SigningUndeterminedError`
   * where something may still get signed.
   */
  sign(deadline: Date): Promise<Uint8Array>;
  /** Called once the outcome is on record: removes what the signing left behind, if it can. Never throws. */
  cleanUp(): Promise<void>;
}

/** What an attempt that is given up has led to: nothing more gets signed for it. */
export interface GivenUp {
  /** DER of the certificate that was signed meanwhile; null: none was. */
  readonly certificate: Uint8Array | null;
  /** As in `PreparedSigning`. */
  cleanUp(): Promise<void>;
}

/** The thing that turns an approved request into a certificate. */
export interface Signer {
  readonly kind: SigningIntent['signer'];
  /** Works out what will be signed, for whom and until when, without signing. */
  prepare(request: ApprovedRequest, now: Date): PreparedSigning;
  /** Goes on with an attempt whose process died after its intent was recorded; null where nothing of it can be found. */
  resume(request: ApprovedRequest, intent: SigningIntent): PreparedSigning | null;
  /** Makes sure that nothing more gets signed for an attempt. Throws `SignerUnavailableError` where that must wait. */
  giveUp(intent: SigningIntent): Promise<GivenUp>;
}

export { SignerUnavailableError } from '../model/errors.js';

/** The signer will not sign this, now or later; `reason` is the request's failure reason. */
export class SigningRefusedError extends Error {
  override readonly name = 'SigningRefusedError';
  constructor(
    readonly reason: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** It is not known whether something was or will be signed: the attempt stays open until that can be found out. */
export class SigningUndeterminedError extends Error {
  override readonly name = 'SigningUndeterminedError';
}
