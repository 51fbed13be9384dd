/** The key algorithms that kubepass generates and accepts. */
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
