export const keyAlgorithms = [
  'ECDSA-P256',
  'ECDSA-P384',
  'ECDSA-P521',
  'Ed25519',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

/** RFC 5280 section 5.3.1, as kubepass takes them. */
export const revocationReasons: readonly string[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
];
