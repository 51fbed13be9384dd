/** A certificate's place in its lineage: the certificates that were renewed one from the other. */
export interface Renewal {
  /** The fingerprint of the certificate that is renewed, lower-case hex. */
  readonly of: string;
  /** The fingerprint of the first certificate of the lineage, which renews none. */
  readonly lineage: string;
  /** 1 for the first renewal. */
  readonly generation: number;
}
