import Database from 'better-sqlite3';

/** How many records a database has, whichever version of kubepass made it. */
export interface RecordCounts {
  readonly requests: number;
  readonly certificates: number;
  readonly revocations: number;
  /** The number of the last event. */
  readonly events: number;
}

/** Counts without the help of the schema of this version. Throws where the file is no database of kubepass. */
export function countRecords(file: string): RecordCounts {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    // While records are moved to their new tables, the old ones have all of them.
    return {
      requests: numberIn(database, 'COUNT(*)', ['MovedCertificateRequest', 'RequestRecord', 'CertificateRequest']),
      certificates: numberIn(database, 'COUNT(*)', ['MovedCertificate', 'CertificateRecord', 'Certificate']),
      revocations: has(database, 'Revocation') ? numberIn(database, 'COUNT(*)', ['Revocation']) : 0,
      events: has(database, 'MovedAuditEvent')
        ? numberIn(database, 'MAX("seq")', ['MovedAuditEvent'])
        : has(database, 'AuditRecord')
          ? numberIn(database, 'MAX("lastSeq")', ['AuditRecord'])
          : numberIn(database, 'MAX("seq")', ['AuditEvent']),
    };
  } finally {
    database.close();
  }
}

const has = (database: Database.Database, name: string): boolean =>
  database.prepare<[string], object>('SELECT 1 FROM "sqlite_master" WHERE "name" = ?').get(name) !== undefined;

/** The number in the first of these tables that the database has. */
function numberIn(database: Database.Database, what: string, names: readonly string[]): number {
  const name = names.find((one) => has(database, one));
  if (name === undefined) throw new Error(`the database has no ${names.join(' and no ')}: it is none of kubepass`);
  return database.prepare<[], { found: number | null }>(`SELECT ${what} AS "found" FROM "${name}"`).get()?.found ?? 0;
}
