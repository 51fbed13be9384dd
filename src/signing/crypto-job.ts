import type { KeyObject } from 'node:crypto';

/** The kinds of jobs for the crypto thread; all of them with ECDSA and SHA-256. */
export const JobKind = { sign: 1, verify: 2, verifyProof: 3 } as const;

/** A job is four fields of a message: its kind, its key, the data, and the signature that is verified. */
export const fieldsOfJob = 4;

/**
 * A message to the thread: a key, or jobs. A job's key is the number of a key that the thread was given, or for a proof
 * the key itself as DER. The answer to jobs has one field for each of them.
 */
export type CryptoMessage = { readonly id: number; readonly key: KeyObject } | ArrayBuffer;

/** The answers to a job that verifies. */
export const SignatureAnswer = { bad: 0, good: 1 } as const;

/** Octet fields in one transferable buffer: each is its length in four octets, then itself. */
export function packFields(fields: readonly Uint8Array[]): ArrayBuffer {
  let length = 0;
  for (const field of fields) length += 4 + field.length;
  const packed = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const field of fields) {
    packed.writeUInt32LE(field.length, at);
    packed.set(field, at + 4);
    at += 4 + field.length;
  }
  return packed.buffer;
}

/** The fields of a buffer, as views of it. Throws `RangeError` where they do not fill it exactly. */
export function unpackFields(buffer: ArrayBuffer): Buffer[] {
  const packed = Buffer.from(buffer);
  const fields: Buffer[] = [];
  let at = 0;
  while (at < packed.length) {
    const end = at + 4 + packed.readUInt32LE(at);
    if (end > packed.length) throw new RangeError('a field is longer than its buffer');
    fields.push(packed.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
