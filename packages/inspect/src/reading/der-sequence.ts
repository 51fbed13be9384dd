/** The end of the SEQUENCE at the start of `bytes`, as its length states it; null where there is none. */
function sequenceEnd(bytes: Buffer): number | 'indefinite' | null {
  if (bytes[0] !== 0x30) return null;
  const first = bytes[1];
  if (first === undefined) return null;
  if (first < 0x80) return 2 + first;
  if (first === 0x80) return 'indefinite';
  const octets = first & 0x7f;
  if (octets > 8 || bytes.length < 2 + octets) return null;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[2 + i] ?? 0);
  return 2 + octets + length;
}

/** Whether `bytes` are one SEQUENCE and nothing else. */
export const isWholeSequence = (bytes: Buffer): boolean => sequenceEnd(bytes) === bytes.length;

/**
 * Whether `bytes`, which are no text, begin with a SEQUENCE. It may be cut off or have something behind it, but must not
 * state a length far beyond the bytes.
 */
export function looksLikeSequence(bytes: Buffer): boolean {
  const end = sequenceEnd(bytes);
  if (end === null || end === 0) return false;
  return end === 'indefinite' || end <= Math.max(4 * bytes.length, 4096);
}
