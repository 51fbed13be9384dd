import type { Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Restoration } from '../model/restoration.js';

/** Tells that the database was put back from a backup, and of what may be unknown therefore. */
export interface RestoredService {
  /** For auditors and admins. */
  read(principal: Principal): Promise<Outcome<RestoredState>>;
  /** An admin knows: `restored` is false from now on. Acknowledging what is acknowledged changes nothing. */
  acknowledge(principal: Principal): Promise<Outcome<RestoredState>>;
}

export interface RestoredState {
  /** Whether it was put back and no admin has acknowledged that. */
  readonly restored: boolean;
  /** Oldest first. */
  readonly restorations: readonly Restoration[];
  /** Sentences about what may not be known; none where it is acknowledged. */
  readonly mayBeUnknown: readonly string[];
  /** Certificates that were signed for this log and that the database does not know, oldest first, at most 500. */
  readonly certificates: readonly LostCertificate[];
}

/** A certificate that a cluster signed after the backup was made. */
export interface LostCertificate {
  readonly cluster: string;
  readonly fingerprintSha256: string;
  readonly serialNumber: string | null;
  readonly username: string | null;
  readonly notAfter: string | null;
}
