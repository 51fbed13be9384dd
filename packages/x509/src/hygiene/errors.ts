/** The message of what was thrown. */
// eslint-disable-next-line no-restricted-syntax -- all others call this one
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of an error of Node.js or of a database, such as `ENOENT`; undefined where it has none. */
export const codeOf = (error: unknown): string | undefined =>
  // eslint-disable-next-line no-restricted-syntax -- as above
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
