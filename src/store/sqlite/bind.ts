import type { ColumnValue } from '../columns.js';

/** What better-sqlite3 takes as a parameter. */
export type SqlParameter = string | number | bigint | Uint8Array | null;

/** A column's value as Prisma's adapter would bind it, so that what it reads and compares is what was written. */
export function bind(value: ColumnValue): SqlParameter {
  if (value instanceof Date) return sqlInstant(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) return JSON.stringify(value);
  return value;
}

/** The adapter's text form of an instant: RFC 3339 with milliseconds and a numeric offset; it sorts by time. */
export function sqlInstant(instant: Date): string {
  const time = instant.getTime();
  const slot = time & (recent.length - 1);
  const last = recent[slot];
  if (last?.time === time) return last.text;
  const text = `${instant.toISOString().slice(0, -1)}+00:00`;
  recent[slot] = { time, text };
  return text;
}

/** One step writes the same few instants into many columns, and to write one out takes a microsecond. By their last bits. */
const recent = new Array<{ readonly time: number; readonly text: string } | undefined>(256);
