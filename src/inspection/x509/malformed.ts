import type { Decoded, Observation } from '../decoded.js';

/** What is built like something known and cannot be read. */
export const malformed = (
  bytes: number,
  what: string,
  problem: string,
  observations: readonly Observation[] = [],
): Decoded => ({
  content: { type: 'Unknown', bytes, resembles: what },
  material: null,
  observations: [{ code: 'MalformedObject', message: `${what} cannot be read: ${problem}` }, ...observations],
  pieces: [],
});
