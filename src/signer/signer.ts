import type { ApprovedRequest } from '../model/approved-request.js';
import type { SigningIntent } from '../model/certificate-request.js';

/** A signing that has been thought through but not done: `intent` is recorded before `sign` is called. */
export interface PreparedSigning {
  readonly intent: SigningIntent;
  /** Signs; answers the certificate as DER. Throws `SignerUnavailableError` where trying again may help. */
  sign(): Promise<Uint8Array>;
}

/** The thing that turns an approved request into a certificate. */
export interface Signer {
  readonly kind: SigningIntent['signer'];
  /** Works out what will be signed, for whom and until when, without signing. Throws `SigningRefusedError`. */
  prepare(request: ApprovedRequest, now: Date): PreparedSigning;
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
