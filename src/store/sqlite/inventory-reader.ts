import Database from 'better-sqlite3';
import type { InventoryReader, InventoryRecord } from '../../inspection/inventory.js';

const select = `
  SELECT c."fingerprintSha256", c."requestId", c."cluster", c."requesterName", c."collector", c."orphan", r."state"
  FROM "Certificate" c JOIN "CertificateRequest" r ON r."id" = c."requestId"
  WHERE c."fingerprintSha256" = ?
`;

interface Row {
  readonly fingerprintSha256: string;
  readonly requestId: string;
  readonly cluster: string;
  readonly requesterName: string;
  readonly collector: string;
  readonly orphan: number;
  readonly state: string;
}

/**
 * Looks certificates up by fingerprint with one prepared statement: inspections come by the thousand a second, and
 * Prisma would take more time for each than all the rest of it.
 */
export class SqliteInventoryReader implements InventoryReader {
  readonly #database: Database.Database;
  readonly #statement: Database.Statement<[string], Row>;

  constructor(file: string, busyTimeoutMs: number) {
    this.#database = new Database(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    this.#statement = this.#database.prepare<[string], Row>(select);
  }

  async find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]> {
    // Each is a few microseconds: no more than it takes to put them into one statement.
    return fingerprintsSha256.flatMap((fingerprint) => {
      const row = this.#statement.get(fingerprint);
      return row === undefined ? [] : [recordOf(row)];
    });
  }

  close(): void {
    this.#database.close();
  }
}

function recordOf(row: Row): InventoryRecord {
  return {
    fingerprintSha256: row.fingerprintSha256,
    requestId: row.requestId,
    state: row.state,
    cluster: row.cluster,
    requester: row.requesterName,
    collector: row.collector,
    orphan: row.orphan === 1,
  };
}
