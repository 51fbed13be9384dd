import Database from 'better-sqlite3';
import type { InventoryReader, InventoryRecord } from '../../inspection/inventory.js';

const columns = `
  c."fingerprintSha256", c."requestId", c."cluster", c."requesterName", c."collector", c."orphan", r."state"
  FROM "Certificate" c JOIN "CertificateRequest" r ON r."id" = c."requestId"
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
    this.#statement = this.#database.prepare<[string], Row>(
      `SELECT ${columns} WHERE c."fingerprintSha256" IN (SELECT "value" FROM json_each(?))`,
    );
  }

  async find(fingerprintsSha256: readonly string[]): Promise<readonly InventoryRecord[]> {
    return this.#statement.all(JSON.stringify(fingerprintsSha256)).map((row) => ({
      fingerprintSha256: row.fingerprintSha256,
      requestId: row.requestId,
      state: row.state,
      cluster: row.cluster,
      requester: row.requesterName,
      collector: row.collector,
      orphan: row.orphan === 1,
    }));
  }

  close(): void {
    this.#database.close();
  }
}
