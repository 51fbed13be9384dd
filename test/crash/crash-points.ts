/** Where an issuance can be interrupted, in the order in which it passes them. */
export const crashPoints = [
  'before the intent is committed',
  'after the intent is committed',
  'before the signature',
  'after the signature',
  'before the outcome is committed',
  'after the outcome is committed',
  'after the answer is recorded',
] as const;

export type CrashPoint = (typeof crashPoints)[number];
