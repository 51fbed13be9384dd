import Database from 'better-sqlite3';
import type { Certificate } from '../../model/certificate.js';
import type { ColumnValue } from '../columns.js';
import { apiTokenRow } from '../rows/api-token-row.js';
import {
  attemptColumns,
  certificateRequestRow,
  failureColumns,
  publicKeyColumns,
} from '../rows/certificate-request-row.js';
import { certificateGroupRows, type CertificateParties, certificateRow } from '../rows/certificate-row.js';
import { clusterProbeRow } from '../rows/cluster-probe-row.js';
import { answerColumns, idempotencyKeyRow } from '../rows/idempotency-key-row.js';
import { unknownIdentityRow } from '../rows/unknown-identity-row.js';
import type { Conflict, IdempotencyScope, IdempotentAnswer, MoveRequest, Operation, RequireQuota } from '../step.js';
import { applyWebhookOperation } from './apply-webhook-operation.js';
import { quotaCount } from './quota-count.js';
import { quoted, type Statements } from './statements.js';

/** Does one operation inside the open transaction; answers the conflict that stands against it, or null. */
export function applyOperation(statements: Statements, operation: Operation): Conflict | null {
  switch (operation.op) {
    case 'insertRequest':
      return insertUnique(statements, 'CertificateRequest', certificateRequestRow(operation.request), () => ({
        kind: 'request',
        id: operation.request.id,
      }));
    case 'moveRequest':
      return moveRequest(statements, operation);
    case 'requireQuota':
      return requireQuota(statements, operation);
    case 'insertCertificate':
      return insertCertificate(statements, operation.certificate);
    case 'rememberPolicySet':
      statements.run('INSERT INTO "PolicySet" ("digest", "texts") VALUES (?, ?) ON CONFLICT ("digest") DO NOTHING', [
        operation.digest,
        operation.texts,
      ]);
      return null;
    case 'insertApiToken': {
      const row = { ...apiTokenRow(operation.token), secretSha256: operation.secretSha256 };
      return insertUnique(statements, 'ApiToken', row, () => ({ kind: 'apiToken', id: operation.token.id }));
    }
    case 'revokeApiToken':
      return unless(
        statements.run('UPDATE "ApiToken" SET "revokedAt" = ? WHERE "id" = ? AND "revokedAt" IS NULL', [
          operation.at,
          operation.id,
        ]),
        { kind: 'apiToken', id: operation.id },
      );
    case 'insertIdempotencyKey':
      return insertUnique(statements, 'IdempotencyKey', idempotencyKeyRow(operation.entry), () => ({
        kind: 'idempotencyKey',
      }));
    case 'answerIdempotencyKey':
      return answerIdempotencyKey(statements, operation.scope, operation.answer);
    case 'forgetIdempotencyKeys':
      // A key whose request is still on its way is settled by recovery, not by time.
      statements.run(
        `DELETE FROM "IdempotencyKey" WHERE "createdAt" < ? AND ("answerStatus" IS NOT NULL OR "requestId" NOT IN
          (SELECT "id" FROM "CertificateRequest" WHERE "state" IN ('approved', 'issuing')))`,
        [operation.createdBefore],
      );
      return null;
    case 'pinCertificateAuthority':
      // The same pin once more changes nothing; another one matches no row.
      return unless(
        statements.run(
          `INSERT INTO "CertificateAuthorityPin" ("cluster", "spkiSha256") VALUES (?, ?) ON CONFLICT ("cluster")
            DO UPDATE SET "spkiSha256" = excluded."spkiSha256" WHERE "spkiSha256" = excluded."spkiSha256"`,
          [operation.cluster, operation.spkiSha256],
        ),
        { kind: 'certificateAuthority', cluster: operation.cluster },
      );
    case 'rememberProbe': {
      const { cluster, probedAt, result } = clusterProbeRow(operation.probe);
      statements.run(
        `INSERT INTO "ClusterProbe" ("cluster", "probedAt", "result") VALUES (?, ?, ?) ON CONFLICT ("cluster")
          DO UPDATE SET "probedAt" = excluded."probedAt", "result" = excluded."result"
            WHERE "probedAt" <= excluded."probedAt"`,
        [cluster, probedAt, result],
      );
      return null;
    }
    case 'insertUnknownIdentity':
      return insertUnique(statements, 'UnknownIdentity', unknownIdentityRow(operation.identity), () => ({
        kind: 'unique',
        what: 'fingerprintSha256',
      }));
    case 'enqueueWebhooks':
    case 'beginWebhookAttempt':
    case 'endWebhookAttempt':
    case 'abandonWebhook':
    case 'retryWebhook':
    case 'forgetWebhooks':
      return applyWebhookOperation(statements, operation);
  }
}

function moveRequest(statements: Statements, { id, from, to }: MoveRequest): Conflict | null {
  const changed: Record<string, ColumnValue> = {
    state: to.state,
    ...(to.expiresAt !== undefined && { expiresAt: to.expiresAt }),
    ...(to.approvals !== undefined && { approvals: to.approvals }),
    ...(to.attempt !== undefined && attemptColumns(to.attempt)),
    ...(to.publicKey !== undefined && publicKeyColumns(to.publicKey)),
    ...(to.fingerprintSha256 !== undefined && { fingerprintSha256: to.fingerprintSha256 }),
    ...(to.failure !== undefined && failureColumns(to.failure)),
  };
  const conditions: readonly (readonly [string, ColumnValue])[] = [
    ['"id" = ?', id],
    ['"state" = ?', from.state],
    ...(from.owner !== undefined ? [['"attemptOwner" = ?', from.owner] as const] : []),
    ...(from.attempt !== undefined ? [['"attemptNumber" = ?', from.attempt] as const] : []),
    ...(from.leaseEndedBefore !== undefined ? [['"attemptLeaseUntil" < ?', from.leaseEndedBefore] as const] : []),
    ...(from.approvals !== undefined ? [['json_array_length("approvals") = ?', from.approvals] as const] : []),
  ];
  const assignments = Object.keys(changed).map((column) => `${quoted(column)} = ?`);
  const sql = `UPDATE "CertificateRequest" SET ${assignments.join(', ')} WHERE ${conditions.map(([c]) => c).join(' AND ')}`;
  const changes = statements.run(sql, [...Object.values(changed), ...conditions.map(([, value]) => value)]);
  return unless(changes, { kind: 'request', id });
}

function requireQuota(statements: Statements, { limit, atMost, exceptRequest, now }: RequireQuota): Conflict | null {
  const { sql, parameters } = quotaCount(limit, exceptRequest, now, atMost);
  const { found } = statements.first(sql, parameters) as { readonly found: number };
  return found >= atMost ? { kind: 'quota', limit, found } : null;
}

function insertCertificate(statements: Statements, certificate: Certificate): Conflict | null {
  const parties = statements.first('SELECT "requesterName", "collector" FROM "CertificateRequest" WHERE "id" = ?', [
    certificate.requestId,
  ]) as CertificateParties | undefined;
  if (!parties) return { kind: 'request', id: certificate.requestId };
  const conflict = insertUnique(statements, 'Certificate', certificateRow(certificate, parties), (message) => ({
    kind: 'unique',
    what: message.includes('serialNumber') ? 'serialNumber' : 'fingerprintSha256',
  }));
  if (conflict) return conflict;
  for (const row of certificateGroupRows(certificate)) statements.insert('CertificateGroup', row);
  return null;
}

function answerIdempotencyKey(
  statements: Statements,
  { principal, method, path, key }: IdempotencyScope,
  answer: IdempotentAnswer,
): Conflict | null {
  const { answerStatus, answerHeaders, answerBody } = answerColumns(answer);
  // The first answer stays.
  const changes = statements.run(
    `UPDATE "IdempotencyKey" SET "answerStatus" = ?, "answerHeaders" = ?, "answerBody" = ?
      WHERE "principal" = ? AND "method" = ? AND "path" = ? AND "key" = ? AND "answerStatus" IS NULL`,
    [answerStatus, answerHeaders, answerBody, principal, method, path, key],
  );
  return unless(changes, { kind: 'idempotencyKey' });
}

function insertUnique(
  statements: Statements,
  table: string,
  row: Readonly<Record<string, ColumnValue>>,
  conflictOf: (message: string) => Conflict,
): Conflict | null {
  try {
    statements.insert(table, row);
    return null;
  } catch (error) {
    if (error instanceof Database.SqliteError && uniqueCodes.has(error.code)) return conflictOf(error.message);
    throw error;
  }
}

const uniqueCodes = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE']);

const unless = (changes: number, conflict: Conflict): Conflict | null => (changes > 0 ? null : conflict);
