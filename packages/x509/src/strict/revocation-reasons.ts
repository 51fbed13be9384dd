/** The reasons of a revocation with their codes: those of RFC 5280, section 5.3.1, that fit a user certificate. */
export const reasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;
export type RevocationReason = keyof typeof reasonCodes;
export const revocationReasons = Object.keys(reasonCodes) as readonly RevocationReason[];
