import Database from 'better-sqlite3';
import type { InventoryReader, InventoryRecord } from '../../inspections/inventory.js';
import { hexText, octetsIn, uuidOf } from '../steps/octets.js';
import type { ReadRows } from '../steps/statement.js';
import { Statements } from './sqlite-statements.js';

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
