import { DerError, type DerElement, DerReader, onlyElement } from '../strict/der.js';
import type { EncodingNote } from './ber/encoding.js';
import { normalize } from './ber/normalize.js';

/** A value that stands in an OCTET STRING or BIT STRING, in an encoding of its own. */
export interface Contents<T> {
  /** Null where it is malformed. Values in BER are read, too. */
  readonly value: T | null;
  /** Why `value` is null. */
  readonly problem: string | null;
  /** How the encoding is not DER, and whether octets follow it. */
  readonly observations: readonly EncodingNote[];
  /** The value for readers that know no BER; null where these cannot read it. */
  readonly asWritten: T | null;
}

export type ContentsReader<T> = (element: DerElement) => T;

/** Reads the element that `octets` begin with. Where it is not DER, it is read a second time as it is written. */
export function readContents<T>(octets: Buffer, what: string, read: ContentsReader<T>): Contents<T> {
  const normalized = normalize(octets);
  const observations = normalized.ok ? normalized.observations : [];
  let value: T | null = null;
  let problem: string | null = normalized.ok ? null : normalized.problem;
  try {
    if (normalized.ok) value = read(onlyElement(normalized.der, what));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    problem = error.message;
  }
  const isDer = normalized.ok && (normalized.der === normalized.found || normalized.der.equals(normalized.found));
  return { value, problem, observations, asWritten: isDer ? value : readAsWritten(octets, read) };
}

function readAsWritten<T>(octets: Buffer, read: ContentsReader<T>): T | null {
  try {
    return read(new DerReader(octets).next());
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
