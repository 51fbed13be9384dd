/** The points where an issuance can be interrupted, in order. Objects are those of a cluster. */
export const crashPoints = [
  'before the intent is committed',
  'after the object is created, before the intent is committed',
  'after the intent is committed',
  'before the signature',
  'after the object is created',
  'after the object is approved',
  'after the signature',
  'before the outcome is committed',
  'after the outcome is committed',
  'after the answer is recorded',
] as const;

/** The points that an issuance by a local CA passes. */
export const localCrashPoints = crashPoints.filter((point) => !point.includes('object'));

/** The points where the announcement of a certificate's end can be interrupted. */
export const announcementCrashPoints = [
  'before the announcement is committed',
  'after the announcement is committed',
  'before it is remembered how far the announcements have come',
] as const;

/**
 * The points between the commit that changes a block or a revocation and the line about it in the list beside the
 * database.
 */
export const listCrashPoints = [
  'after a block is committed, before it is in the list',
  'after the end of a block is committed, before it is in the list',
  'after the end of a token is committed, before it is in the list',
] as const;

/** The points where an activation of an issuer can be interrupted. */
export const activationCrashPoints = [
  'before the activation is committed',
  'after the activation is committed',
] as const;

export type CrashPoint =
  | (typeof crashPoints)[number]
  | (typeof announcementCrashPoints)[number]
  | (typeof listCrashPoints)[number]
  | (typeof activationCrashPoints)[number];
