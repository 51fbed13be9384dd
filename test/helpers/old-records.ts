import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type pg from 'pg';
import { genesis } from '../../src/audit/chain.js';
import type { AuditEvent, UnchainedEvent } from '../../src/model/audit-event.js';
import type { Certificate } from '../../src/model/certificate.js';
import type { CertificateRequest } from '../../src/model/certificate-request.js';
import type { Row } from '../../src/store/steps/statement.js';
import { chainedEvent } from './chained-event.js';

/** The first migration of the lean records. */
export const leanRecords = '20261126000000_lean_records';

/**
 * Copies the migrations of a database before the lean records to `directory`; `until`: the last one (default: none).
 */
export function copyOldMigrations(provider: 'sqlite' | 'postgresql', directory: string, until = ''): void {
  const shipped = `prisma/migrations/${provider}`;
  for (const name of readdirSync(shipped))
    if (name < leanRecords || name <= until) cpSync(join(shipped, name), join(directory, name), { recursive: true });
}

/** Copies the migrations of a database to `directory`, up to the last one that an older version had. */
export function copyMigrations(provider: 'sqlite' | 'postgresql', directory: string, last: string): void {
  const shipped = `prisma/migrations/${provider}`;
  for (const name of readdirSync(shipped))
    if (name <= last) cpSync(join(shipped, name), join(directory, name), { recursive: true });
}

/** Rows in the form that they had before the lean records. The tables are in an order in which they can be filled. */
export type OldRows = readonly (readonly [table: string, row: Row])[];

export function oldRequestRow(request: CertificateRequest): Row {
  const { requester, publicKey, attempt, failure, labels: _, renewal: _renewal, waitsUntil, ...same } = request;
  return {
    ...same,
    expiresAt: waitsUntil,
    publicKeyAlgorithm: publicKey?.algorithm ?? null,
    spkiSha256: publicKey?.spkiSha256 ?? null,
    requesterName: requester.name,
    requesterGroups: requester.groups,
    requesterRoles: requester.roles,
    attemptNumber: attempt?.number ?? null,
    attemptOwner: attempt?.owner ?? null,
    attemptLeaseUntil: attempt?.leaseUntil ?? null,
    attemptStartedAt: attempt?.startedAt ?? null,
    attemptSpkiSha256: attempt?.spkiSha256 ?? null,
    attemptIntent: attempt?.intent ?? null,
    failureReason: failure?.reason ?? null,
    failureMessage: failure?.message ?? null,
  };
}

/** A certificate with its groups. */
export function oldCertificateRows(certificate: Certificate, request: CertificateRequest): OldRows {
  const {
    publicKey,
    requester: _requester,
    renewal: _,
    supersededBy: _by,
    revocation: _revocation,
    ...same
  } = certificate;
  const { fingerprintSha256, issuedAt, cluster, notAfter, issuerFingerprintSha256, issuer, groups } = certificate;
  const row = {
    ...same,
    publicKeyAlgorithm: publicKey.algorithm,
    spkiSha256: publicKey.spkiSha256,
    issuerIdentity: issuerFingerprintSha256 ?? `${cluster} ${issuer}`,
    requesterName: request.requester.name,
    collector: request.collector,
  };
  return [
    ['Certificate', row],
    ...[...new Set(groups)].map(
      (name) => ['CertificateGroup', { name, issuedAt, fingerprintSha256, cluster, notAfter }] as const,
    ),
  ];
}

export function oldEventRow({ details: _, ...columns }: AuditEvent): Row {
  return columns;
}

/** The events as one chain. */
export function chainOf(events: readonly UnchainedEvent[]): readonly AuditEvent[] {
  const chain: AuditEvent[] = [];
  for (const event of events) chain.push(chainedEvent(chain.at(-1) ?? genesis, event));
  return chain;
}

export function insertIntoOldSqlite(database: Database.Database, rows: OldRows): void {
  const statements = new Map<string, Database.Statement>();
  database.transaction(() => {
    for (const [table, row] of rows) {
      const sql = insertSql(table, row, () => '?');
      const statement = statements.get(sql) ?? database.prepare(sql);
      statements.set(sql, statement);
      statement.run(
        ...Object.values(row).map((value) =>
          value instanceof Date ? `${value.toISOString().slice(0, -1)}+00:00` : simple(value),
        ),
      );
    }
  })();
}

export async function insertIntoOldPostgresql(client: pg.Client, rows: OldRows): Promise<void> {
  for (const [table, row] of rows)
    await client.query(
      insertSql(table, row, (i) => `$${String(i + 1)}`),
      Object.values(row).map((value) => {
        if (value instanceof Date) return value.toISOString().slice(0, -1);
        const bound = simple(value);
        return typeof bound === 'string' ? bound.replaceAll('\0', '\ufffd') : bound;
      }),
    );
}

function insertSql(table: string, row: Row, parameter: (i: number) => string): string {
  const columns = Object.keys(row);
  return `INSERT INTO "${table}" (${columns.map((column) => `"${column}"`).join()}) VALUES (${columns.map((_, i) => parameter(i)).join()})`;
}

function simple(value: Row[string]): string | number | bigint | Uint8Array | null {
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
