import type { AuditEvent } from '../model/audit-event.js';
import type { Certificate } from '../model/certificate.js';
import type { IdempotencyScope, IdempotentAnswer } from '../model/idempotency.js';
import type { ColumnValue } from './columns.js';
import { quotaCount } from './tables/quotas.js';
import { apiTokenRow } from './tables/api-token-table.js';
import { auditEventRow } from './tables/audit-event-table.js';
import {
  attemptColumns,
  certificateRequestRow,
  failureColumns,
  publicKeyColumns,
} from './tables/certificate-request-table.js';
import { certificateGroupRows, certificateRow } from './tables/certificate-table.js';
import { clusterProbeRow } from './tables/cluster-tables.js';
import { answerColumns, idempotencyKeyRow } from './tables/idempotency-key-table.js';
import { unknownIdentityRow } from './rows/unknown-identity-row.js';
import { insertInto, insertSql, quoted, type Row, type SqlDialect, type Statement } from './statement.js';
import { webhookStatementsOf } from './webhook-statements-of.js';
import type { Conflict, MoveRequest, Operation, RequireQuota } from './step.js';

/**
 * An operation as the statements that do it, in order. What they need to know they find in the database themselves,
 * so that all of them can be sent before the first is answered.
 */
export function statementsOf(operation: Operation, dialect: SqlDialect): readonly Statement[] {
  switch (operation.op) {
    case 'insertRequest': {
      const { request } = operation;
      return [insertUnique('CertificateRequest', certificateRequestRow(request), { kind: 'request', id: request.id })];
    }
    case 'moveRequest':
      return [moveRequest(operation, dialect)];
    case 'requireQuota':
      return [requireQuota(operation, dialect)];
    case 'insertCertificate':
      return insertCertificate(operation.certificate);
    case 'rememberPolicySet':
      return [
        {
          sql: 'INSERT INTO "PolicySet" ("digest", "texts") VALUES (?, ?) ON CONFLICT ("digest") DO NOTHING',
          parameters: [operation.digest, operation.texts],
        },
      ];
    case 'insertApiToken': {
      const { token, secretSha256 } = operation;
      return [insertUnique('ApiToken', { ...apiTokenRow(token), secretSha256 }, { kind: 'apiToken', id: token.id })];
    }
    case 'revokeApiToken':
      return [
        {
          sql: 'UPDATE "ApiToken" SET "revokedAt" = ? WHERE "id" = ? AND "revokedAt" IS NULL',
          parameters: [operation.at, operation.id],
          unlessChanged: { kind: 'apiToken', id: operation.id },
        },
      ];
    case 'insertIdempotencyKey':
      return [insertUnique('IdempotencyKey', idempotencyKeyRow(operation.entry), { kind: 'idempotencyKey' })];
    case 'answerIdempotencyKey':
      return [answerIdempotencyKey(operation.scope, operation.answer)];
    case 'forgetIdempotencyKeys':
      return [
        {
          // A key whose request is still on its way is settled by recovery, not by time.
          sql: `DELETE FROM "IdempotencyKey" WHERE "createdAt" < ? AND ("answerStatus" IS NOT NULL OR "requestId" NOT IN
            (SELECT "id" FROM "CertificateRequest" WHERE "state" IN ('approved', 'issuing')))`,
          parameters: [operation.createdBefore],
        },
      ];
    case 'pinCertificateAuthority':
      return [
        {
          // The same pin once more changes nothing; another one matches no row.
          sql: `INSERT INTO "CertificateAuthorityPin" ("cluster", "spkiSha256") VALUES (?, ?) ON CONFLICT ("cluster")
            DO UPDATE SET "spkiSha256" = excluded."spkiSha256"
              WHERE "CertificateAuthorityPin"."spkiSha256" = excluded."spkiSha256"`,
          parameters: [operation.cluster, operation.spkiSha256],
          unlessChanged: { kind: 'certificateAuthority', cluster: operation.cluster },
        },
      ];
    case 'rememberProbe': {
      const { cluster, probedAt, result } = clusterProbeRow(operation.probe);
      return [
        {
          sql: `INSERT INTO "ClusterProbe" ("cluster", "probedAt", "result") VALUES (?, ?, ?) ON CONFLICT ("cluster")
            DO UPDATE SET "probedAt" = excluded."probedAt", "result" = excluded."result"
              WHERE "ClusterProbe"."probedAt" <= excluded."probedAt"`,
          parameters: [cluster, probedAt, result],
        },
      ];
    }
    case 'insertUnknownIdentity': {
      const taken: Conflict = { kind: 'unique', what: 'fingerprintSha256' };
      return [insertUnique('UnknownIdentity', unknownIdentityRow(operation.identity), taken)];
    }
    case 'enqueueWebhooks':
    case 'beginWebhookAttempt':
    case 'endWebhookAttempt':
    case 'abandonWebhook':
    case 'retryWebhook':
    case 'forgetWebhooks':
      return webhookStatementsOf(operation);
  }
}

/** The statement that appends an event to the audit log. */
export const insertAuditEvent = (event: AuditEvent): Statement => insertInto('AuditEvent', auditEventRow(event));

/** Where the audit chain ends; no row where there is no event yet. */
export const selectChainHead: Statement = {
  sql: 'SELECT "seq", "hash" FROM "AuditEvent" ORDER BY "seq" DESC LIMIT 1',
  parameters: [],
};

function moveRequest({ id, from, to }: MoveRequest, dialect: SqlDialect): Statement {
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
    ...(typeof from.attempt === 'number' ? [['"attemptNumber" = ?', from.attempt] as const] : []),
    ...(from.leaseEndedBefore !== undefined ? [['"attemptLeaseUntil" < ?', from.leaseEndedBefore] as const] : []),
    ...(from.approvals !== undefined
      ? [[`${dialect.jsonArrayLength('"approvals"')} = ?`, from.approvals] as const]
      : []),
  ];
  const noAttempt = from.attempt === null ? ' AND "attemptNumber" IS NULL' : '';
  const assignments = Object.keys(changed).map((column) => `${quoted(column)} = ?`);
  return {
    sql: `UPDATE "CertificateRequest" SET ${assignments.join(', ')} WHERE ${conditions.map(([c]) => c).join(' AND ')}${noAttempt}`,
    parameters: [...Object.values(changed), ...conditions.map(([, value]) => value)],
    unlessChanged: { kind: 'request', id },
  };
}

function requireQuota({ limit, atMost, exceptRequest, now }: RequireQuota, dialect: SqlDialect): Statement {
  return {
    ...quotaCount(limit, exceptRequest, now, atMost, dialect),
    ifFound(row) {
      const found = Number(row['found']);
      return found >= atMost ? { kind: 'quota', limit, found } : null;
    },
  };
}

/** Its parties are those of the request that it came from, as the database has them. */
function insertCertificate(certificate: Certificate): readonly Statement[] {
  const row = certificateRow(certificate);
  const columns = Object.keys(row);
  return [
    {
      sql: insertSql(
        'Certificate',
        [...columns, 'requesterName', 'collector'],
        () => `SELECT ${columns.map(() => '?').join(', ')}, "requesterName", "collector"
          FROM "CertificateRequest" WHERE "id" = ?`,
      ),
      parameters: [...Object.values(row), certificate.requestId],
      unlessChanged: { kind: 'request', id: certificate.requestId },
      ifTaken: (constraint) => ({
        kind: 'unique',
        what: constraint.includes('serialNumber') ? 'serialNumber' : 'fingerprintSha256',
      }),
    },
    ...certificateGroupRows(certificate).map((group) => insertInto('CertificateGroup', group)),
  ];
}

function answerIdempotencyKey({ principal, method, path, key }: IdempotencyScope, answer: IdempotentAnswer): Statement {
  const { answerStatus, answerHeaders, answerBody } = answerColumns(answer);
  return {
    // The first answer stays.
    sql: `UPDATE "IdempotencyKey" SET "answerStatus" = ?, "answerHeaders" = ?, "answerBody" = ?
      WHERE "principal" = ? AND "method" = ? AND "path" = ? AND "key" = ? AND "answerStatus" IS NULL`,
    parameters: [answerStatus, answerHeaders, answerBody, principal, method, path, key],
    unlessChanged: { kind: 'idempotencyKey' },
  };
}

const insertUnique = (table: string, row: Row, taken: Conflict): Statement => ({
  ...insertInto(table, row),
  ifTaken: () => taken,
});
