/** The reasons of RFC 7644 3.12 (`scimType`) that we give; null: the protocol has none. */
export type ScimErrorType =
  | 'invalidFilter'
  | 'uniqueness'
  | 'tooMany'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers';

/** Something in a call over SCIM that cannot be done. `message` never repeats a whole value of the caller. */
export class ScimInputError extends Error {
  override readonly name = 'ScimInputError';
  constructor(
    readonly scimType: ScimErrorType,
    message: string,
  ) {
    super(message);
  }
}

/** The beginning of a caller's text, for a message. */
export const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
