import type { Access } from '../kubernetes/cluster-error.js';
import type { ApprovedRequest } from '../model/approved-request.js';
import type { SigningIntent } from '../model/certificate-request.js';
import type { Validity } from '@kubepass/x509';
import type { CertifiedIssuer } from './cluster-issuers.js';

/** Turns approved requests into certificates. Use cases ask what a signer needs, never which one it is. */
export interface Signer {
  /** Whether it signs a PKCS#10: then one is made for each key that kubepass generates. */
  readonly needsCertificationRequest: boolean;
  /**
   * Whether it signs through the cluster's API server, which may be out of reach and may sign nothing: such a signer is
   * probed, and its requests are recovered without anybody waiting for them.
   */
  readonly needsCluster: boolean;
  /**
   * Whether another process can go on with an attempt. Then the certificate belongs to the process that took over;
   * otherwise each process that signs makes a certificate of its own.
   */
  readonly mayBeResumed: boolean;
  /** The access rights that signing takes in the cluster, and no more. */
  readonly requiredAccess: readonly NeededAccess[];
  /** Works out what will be signed, for whom and until when, without signing. */
  prepare(request: ApprovedRequest, now: Date): PreparedSigning;
  /**
   * Goes on with an attempt whose process died after its intent was recorded; null where nothing of it can be found.
   */
  resume(request: ApprovedRequest, intent: SigningIntent): PreparedSigning | null;
  /** Makes sure that nothing more gets signed for an attempt. Throws `SignerUnavailableError` where that must wait. */
  giveUp(intent: SigningIntent): Promise<GivenUp>;
}

/** A signing that is worked out but not done: `intent` is recorded before `sign` is called. */
export interface PreparedSigning {
  readonly intent: SigningIntent;
  /**
   * Begins while the intent is being recorded, as far as that gives nobody a certificate; `sign` goes on with it.
   * Returns how to undo it, for an intent that was not recorded. Neither throws.
   */
  begin(): () => Promise<void>;
  /**
   * Signs; answers the certificate by `deadline` at the latest. Throws `SignerUnavailableError` where nothing was
   * signed and trying again may help, `SigningRefusedError` where it will not, and `SigningUndeterminedError` where
   * something may still get signed.
   */
  sign(deadline: Date): Promise<SignedCertificate>;
  /** Called once the outcome is on record: removes what the signing left behind, if it can. Never throws. */
  cleanUp(): Promise<void>;
}

/** For signings that begin with nothing before their intent is recorded. */
export const nothingToUndo = (): Promise<void> => Promise.resolve();

/**
 * A certificate from a signer: one that kubepass itself assembled, or another party's, about which nothing is known
 * until its DER has been read.
 */
export type SignedCertificate = AssembledCertificate | { readonly kind: 'written-elsewhere'; readonly der: Uint8Array };

/**
 * A TBSCertificate that the signer assembled from the approved request when it prepared the signing, and the signature
 * over it. Its fields are known, so only the signature and the TBSCertificate's hash in the intent are left to check.
 */
export interface AssembledCertificate extends Validity {
  readonly kind: 'assembled';
  readonly tbsCertificate: Uint8Array;
  /** Nobody has verified it yet. */
  readonly signature: Uint8Array;
  /** Lower-case hex. */
  readonly serialNumber: string;
  /** The issuer that signed, and the display form of its subject. */
  readonly issuedBy: CertifiedIssuer;
  readonly issuer: string;
}

/** The result of giving an attempt up: nothing more gets signed for it. */
export interface GivenUp {
  /** DER of the certificate that was signed meanwhile; null: none was. */
  readonly certificate: Uint8Array | null;
  /** As in `PreparedSigning`. */
  cleanUp(): Promise<void>;
}

/** An access right in a cluster that kubepass needs. */
export interface NeededAccess {
  readonly access: Access;
  /** The use that kubepass makes of it. */
  readonly purpose: string;
  /** Whether nothing can be issued without it. */
  readonly required: boolean;
}

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

/** It is not known whether something was or will be signed: the attempt stays open until that is known. */
export class SigningUndeterminedError extends Error {
  override readonly name = 'SigningUndeterminedError';
}
