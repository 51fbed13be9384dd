import type { InventoryEntry } from '@kubepass/inspect';

/** A certificate of the inventory as an inspection shows it, and the collector, who may read it like its requester. */
export interface InventoryRecord extends InventoryEntry {
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprintSha256: string;
  readonly collector: string;
}

export interface InventoryReader {
  /** The records with these fingerprints, in no particular order. */
  find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]>;
}
