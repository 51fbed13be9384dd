import type { CertificateRequest, RequestState } from './certificate-request.js';
import type { ProbedAddress, ServedCertificates } from './issuer.js';
import type { Violation } from './decision.js';
import type { UploadRefusalReason } from '@kubepass/inspect';

/** Why a use case refuses: expected, so a value. Only `http/` turns it into a status. */
export type Refusal =
  | { readonly kind: 'invalid-request'; readonly errors: readonly FieldError[] }
  | { readonly kind: 'unacceptable-csr'; readonly reason: string; readonly message: string }
  /** The upload as a whole is not inspected. */
  | { readonly kind: 'unacceptable-upload'; readonly reason: UploadRefusalReason; readonly message: string }
  /** Policies that came with the request are not valid, or take too much work. `errors`: where they are not valid. */
  | {
      readonly kind: 'unacceptable-policies';
      readonly reason: 'Invalid' | 'TooMuchWork';
      readonly message: string;
      readonly errors: readonly FieldError[];
    }
  /** The denial is recorded with the request. `isAgain`: policy permitted it once, and was asked again. */
  | {
      readonly kind: 'policy-denied';
      readonly request: CertificateRequest;
      readonly violations: readonly Violation[];
      readonly isAgain?: true;
    }
  | { readonly kind: 'not-permitted'; readonly message: string }
  | { readonly kind: 'not-found' }
  | {
      readonly kind: 'state-conflict';
      readonly state: RequestState;
      readonly message: string;
      readonly requestId: string;
    }
  /** The certificate, or the CA, does not allow this as it is. `requestId`: that of the certificate's request. */
  | { readonly kind: 'certificate-conflict'; readonly message: string; readonly requestId: string | null }
  /** Not every API server is known to accept what the issuer signs. */
  | { readonly kind: 'issuer-not-accepted'; readonly message: string; readonly addresses: readonly ProbedAddress[] }
  /** The issuer has certificates that still work, or signs one. */
  | { readonly kind: 'issuer-in-use'; readonly message: string; readonly served: ServedCertificates }
  /** The cluster's API server cannot be asked now. */
  | { readonly kind: 'cluster-unavailable' }
  /** The cluster's API server does not let kubepass do this. */
  | { readonly kind: 'cluster-refuses' }
  /** kubepass has no connection to the cluster's API server. */
  | { readonly kind: 'cluster-not-connected'; readonly message: string }
  /** The cluster cannot be made to refuse revoked certificates in this way. */
  | { readonly kind: 'enforcement-unavailable'; readonly message: string }
  /** The webhook of the delivery is no longer in the configuration. */
  | { readonly kind: 'webhook-not-configured'; readonly message: string }
  /** The same Idempotency-Key came with another body. */
  | { readonly kind: 'idempotency-key-reused' }
  /** The first request with this Idempotency-Key is still being answered. */
  | { readonly kind: 'idempotency-key-in-flight'; readonly requestId: string | null }
  /** The key that this request generated was handed out once and cannot be handed out again. */
  | { readonly kind: 'key-already-collected'; readonly requestId: string }
  /** The request was recorded but the signing ended in failure or must be tried again. */
  | { readonly kind: 'issuance-failed'; readonly request: CertificateRequest }
  | { readonly kind: 'issuance-unavailable'; readonly request: CertificateRequest };

export interface FieldError {
  /** JSON pointer into the body, or into `/query` … for parameters. */
  readonly pointer: string;
  readonly message: string;
}

export type Outcome<T, R = Refusal> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: R };

/** An outcome that is a refusal, whatever was asked for. */
export type Refused = Outcome<never> & { readonly ok: false };

export const done = <T>(value: T): Outcome<T, never> => ({ ok: true, value });
export const refused = (refusal: Refusal): Refused => ({ ok: false, refusal });

/** Why a change of the directory was not made. */
export type DirectoryRefusal =
  | { readonly why: 'not-permitted'; readonly message: string }
  | { readonly why: 'not-found' }
  /** The name is that of another user or group. */
  | { readonly why: 'name-taken'; readonly message: string }
  /** The resource has another version than the caller knows. */
  | { readonly why: 'other-version' };

export type DirectoryOutcome<T> = Outcome<T, DirectoryRefusal>;

export const refuseChange = (refusal: DirectoryRefusal): DirectoryOutcome<never> => ({ ok: false, refusal });

/** The part of a list to read. */
export interface PageQuery {
  /** 1 … 500. */
  readonly limit: number;
  /** Opaque; from the previous page's `nextCursor`. */
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null where nothing follows. */
  readonly nextCursor: string | null;
}

/** Narrows a list to the records that one principal takes part in. */
export interface Visibility {
  /** Only records whose request somebody of this name asked for or collects (see `isParty`); absent: all records. */
  readonly visibleTo?: string;
}
