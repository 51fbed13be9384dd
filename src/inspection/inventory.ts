import type { InventoryEntry } from '../model/inspection.js';

/** A certificate of the inventory, as far as an inspection tells of it, and who besides its requester may read it. */
export interface InventoryRecord extends InventoryEntry {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  readonly collector: string;
}

export interface InventoryReader {
  /** Those of the fingerprints that are known, in no particular order. */
  find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]>;
}
