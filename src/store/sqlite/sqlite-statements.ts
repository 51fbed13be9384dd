import Database from 'better-sqlite3';
import {
  type ColumnValue,
  hexText,
  octetsIn,
  type ReadRows,
  type ReadStatement,
  type SqlDialect,
  uuidOf,
} from '../steps/statement.js';
import type { InventoryReader, InventoryRecord } from '../../inspections/inventory.js';

export const sqliteDialect: SqlDialect = {
  jsonArrayLength: (column) => `json_array_length(${column})`,
  hexText: (column) => `CASE WHEN ${column} IS NOT NULL THEN lower(hex(${column})) END`,
  jsonArrayHolds: (column) => `EXISTS (SELECT 1 FROM json_each(${column}) WHERE "value" = ?)`,
  deleteAuditRecords: 'DELETE FROM "AuditRecord" WHERE "lastSeq" > ? AND "lastSeq" <= ?',
  jsonTexts: () => '(SELECT "value" FROM json_each(?))',
  commaSeparated: (column) => `group_concat(${column}, ',')`,
  numbersIn: (column) => `json_each('[' || ${column} || ']') AS "given"`,
  isAmong: (select) => `IN (${select})`,
  asciiLowerCase: (column) => `lower(${column})`,
  indexedBy: (index) => ` INDEXED BY "${index}"`,
  // Behind an equal column, SQLite enters an index at the first column of the bound.
  indexRange: (value, columns, sign, bound) => ({
    sql: [
      ...(value === null ? [] : [`${value.column} = ?`]),
      ...(columns.length === 1 ? [] : [`${columns[0] ?? ''} ${sign.slice(0, 1)}= ?`]),
      `(${columns.join(', ')}) ${sign} (${columns.map(() => '?').join(', ')})`,
    ].join(' AND '),
    parameters: [
      ...(value === null ? [] : [value.parameter]),
      ...(columns.length === 1 ? [] : bound.slice(0, 1)),
      ...bound,
    ],
  }),
};

/** The values that better-sqlite3 accepts as parameters. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** Prepared statements of one connection, each prepared when it is first needed. */
export class Statements {
  readonly #prepared = new Map<string, Database.Statement<SqlValue[]>>();

  constructor(private readonly database: Database.Database) {}

  of(sql: string): Database.Statement<SqlValue[]> {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.database.prepare<SqlValue[]>(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  all({ sql, parameters }: ReadStatement): readonly unknown[] {
    return this.of(sql).all(...parameters.map(bind));
  }
}

/**
 * Binds a column's value as Prisma's adapter would, so that Prisma reads and compares the value that was written. An
 * instant is in milliseconds since 1970.
 */
export function bind(value: ColumnValue): SqlValue {
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' ? Number(value) : value;
  if (value instanceof Uint8Array) return value;
  return value instanceof Date ? value.getTime() : JSON.stringify(value);
}

const selectInventory = `
  SELECT c."fingerprintSha256", r."id", c."cluster", c."requesterName", c."collector", c."orphan", r."state",
    v."reason", v."revokedAt"
  FROM "CertificateRecord" c JOIN "RequestRecord" r ON r."n" = c."requestN"
    LEFT JOIN "Revocation" v ON v."certificateN" = c."n"
  WHERE c."fingerprintSha256" = ?
`;

interface InventoryRow {
  readonly fingerprintSha256: Uint8Array;
  readonly id: Uint8Array;
  readonly cluster: string;
  readonly requesterName: string;
  readonly collector: string;
  readonly orphan: number;
  readonly state: string;
  readonly reason: string | null;
  readonly revokedAt: number | null;
}

/**
 * Reads with prepared statements on a read-only connection of its own. Inspections look certificates up by the thousand a
 * second, and Prisma would take more time for each look-up than the rest of the inspection.
 */
export class ReadConnection implements InventoryReader {
  readonly #database: Database.Database;
  readonly #statements: Statements;
  readonly #inventory: Database.Statement<[Uint8Array], InventoryRow>;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    this.#statements = new Statements(this.#database);
    this.#inventory = this.#database.prepare<[Uint8Array], InventoryRow>(selectInventory);
  }

  readonly readRows: ReadRows = async (selection) => this.#statements.all(selection);

  async find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]> {
    // One look-up takes a few microseconds, as long as it would take to put the fingerprint into one common statement.
    return fingerprintsSha256.flatMap((fingerprint) => {
      const octets = octetsIn(fingerprint);
      const row = octets === null ? undefined : this.#inventory.get(octets);
      return row === undefined ? [] : [recordOf(row)];
    });
  }

  close(): void {
    this.#database.close();
  }
}

function recordOf(row: InventoryRow): InventoryRecord {
  return {
    fingerprintSha256: hexText(row.fingerprintSha256),
    requestId: uuidOf(row.id),
    state: row.state,
    cluster: row.cluster,
    requester: row.requesterName,
    collector: row.collector,
    orphan: row.orphan === 1,
    revocation:
      row.reason === null || row.revokedAt === null
        ? null
        : { reason: row.reason, revokedAt: new Date(row.revokedAt).toISOString() },
  };
}
