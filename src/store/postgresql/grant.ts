import type { Prisma } from '../generated/postgresql/client.js';
import { migrationLock } from './connect.js';
import { connectedAtStart } from './connect-at-start.js';
import { judgedIn } from './migrate-postgresql.js';

type View = 'AuditEvent' | 'Certificate' | 'CertificateRequest' | 'CertificateRequestLabel';

/**
 * The rights that the service needs on each table and view. It can only add to the audit log, and prune what an archive
 * has. The missing rights protect the log even if somebody drops its triggers, as only an owner of the tables can.
 */
export const serviceRights: Readonly<Record<Prisma.ModelName | View, string>> = {
  AuditRecord: 'SELECT, INSERT',
  AuditArchive: 'SELECT',
  TimelineRecord: 'SELECT, INSERT',
  AuditEventRange: 'SELECT',
  AuditSubject: 'SELECT',
  AuditTile: 'SELECT, INSERT',
  Checkpoint: 'SELECT, INSERT, DELETE',
  CheckpointKey: 'SELECT, INSERT, UPDATE',
  CheckpointLease: 'SELECT, INSERT, UPDATE',
  Instance: 'SELECT, INSERT',
  ApiToken: 'SELECT, INSERT, UPDATE',
  CertificateRecord: 'SELECT, INSERT',
  ClusterIssuer: 'SELECT, INSERT, UPDATE',
  ClusterProbe: 'SELECT, INSERT, UPDATE',
  Decision: 'SELECT, INSERT',
  DirectoryCount: 'SELECT, INSERT, UPDATE',
  DirectoryEmail: 'SELECT, INSERT, DELETE',
  DirectoryGroup: 'SELECT, INSERT, UPDATE, DELETE',
  DirectoryLoss: 'SELECT, INSERT, DELETE',
  DirectoryMembership: 'SELECT, INSERT, DELETE',
  DirectoryUser: 'SELECT, INSERT, UPDATE',
  ExpiryNotice: 'SELECT, INSERT, DELETE',
  ExpiryProgress: 'SELECT, INSERT, UPDATE',
  GroupMembership: 'SELECT, INSERT',
  IdempotencyKey: 'SELECT, INSERT, UPDATE, DELETE',
  IdentityBlock: 'SELECT, INSERT, DELETE',
  Issuer: 'SELECT, INSERT',
  IssuerTally: 'SELECT, INSERT, UPDATE',
  LineageMember: 'SELECT, INSERT',
  NameSpelling: 'SELECT, INSERT',
  PolicySet: 'SELECT, INSERT',
  Restoration: 'SELECT, INSERT, UPDATE',
  Revocation: 'SELECT, INSERT',
  SchemaFloor: 'SELECT',
  Session: 'SELECT, INSERT, UPDATE, DELETE',
  Supersession: 'SELECT, INSERT, UPDATE',
  RequestDecision: 'SELECT, INSERT, UPDATE',
  RequestLabel: 'SELECT, INSERT',
  RequestRecord: 'SELECT, INSERT, UPDATE',
  UnknownIdentity: 'SELECT, INSERT',
  UsedProof: 'SELECT, INSERT, DELETE',
  WebhookDelivery: 'SELECT, INSERT, UPDATE, DELETE',
  WriterMark: 'SELECT, INSERT, UPDATE, DELETE',
  AuditEvent: 'SELECT',
  Certificate: 'SELECT',
  CertificateRequest: 'SELECT',
  CertificateRequestLabel: 'SELECT',
};

/**
 * Grants a role the rights that the service needs on the tables, and revokes all others. The URL must be that of the
 * role that owns the tables. Where a newer version made the schema, changes nothing, because its replicas need rights
 * that this version does not know, and answers `newer` of `judgeSchema`; else null. Pods that start together do it one
 * after the other. Throws as `judgeSchema`.
 */
export function grantServiceRights(databaseUrl: string, role: string): Promise<string | null> {
  return connectedAtStart(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    const { newer } = await judgedIn(client);
    if (newer !== null) return newer;
    const to = client.escapeIdentifier(role);
    await client.query('BEGIN');
    await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${to}`);
    await client.query(`GRANT USAGE ON SCHEMA public TO ${to}`);
    await client.query(`GRANT SELECT ON "_prisma_migrations" TO ${to}`);
    for (const [table, allowed] of Object.entries(serviceRights))
      await client.query(`GRANT ${allowed} ON "${table}" TO ${to}`);
    await client.query(`GRANT EXECUTE ON FUNCTION "AuditRecord_append" TO ${to}`);
    // It deletes records that an archive has, and no others.
    await client.query(`GRANT EXECUTE ON FUNCTION "AuditRecord_prune" TO ${to}`);
    await client.query('COMMIT');
    return null;
  });
}
