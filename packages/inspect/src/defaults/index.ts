/**
 * The lifetimes, in seconds, on which an inspection remarks unless the configuration sets others. It imports nothing.
 */
export const inspectionDefaults = {
  expiresWithinSeconds: 2_592_000,
  maxValiditySeconds: 31_622_400,
  // Ten years with three leap days: the lifetime of a generated CA.
  maxCaValiditySeconds: 315_619_200,
} as const;
