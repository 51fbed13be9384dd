import type { Prisma } from './generated/sqlite/client.js';

/** What a column may be given; objects and arrays are for JSON columns. */
export type ColumnValue = string | number | bigint | boolean | Date | Uint8Array | object | null;

/** One value for every column of a row as Prisma reads it: a column that is added or renamed fails to compile. */
export type Columns<Row> = { readonly [Column in keyof Row]: ColumnValue };

/** A JSON column read back as what was written. The ordered writer alone writes these columns, from this type. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast by another name, in one place
export const storedJson = <T>(value: Prisma.JsonValue): T => value as T;
