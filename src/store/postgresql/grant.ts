import type { Prisma } from '../generated/postgresql/client.js';
import { clientConfig, connect } from './connect.js';

/**
 * The rights that the service needs on each table. It can only add to the audit log. The missing rights protect the log even
 * if somebody drops its triggers, which only an owner of the tables can do.
 */
const rights: Readonly<Record<Prisma.ModelName, string>> = {
  AuditEvent: 'SELECT, INSERT',
  AuditEventRange: 'SELECT',
  ApiToken: 'SELECT, INSERT, UPDATE',
  Certificate: 'SELECT, INSERT',
  CertificateAuthorityPin: 'SELECT, INSERT, UPDATE',
  CertificateGroup: 'SELECT, INSERT',
  CertificateRequest: 'SELECT, INSERT, UPDATE',
  ClusterProbe: 'SELECT, INSERT, UPDATE',
  IdempotencyKey: 'SELECT, INSERT, UPDATE, DELETE',
  PolicySet: 'SELECT, INSERT',
  UnknownIdentity: 'SELECT, INSERT',
  WebhookDelivery: 'SELECT, INSERT, UPDATE, DELETE',
};

/**
 * Grants a role the rights that the service needs on the tables, and revokes all others. The URL must be that of the role
 * that owns the tables.
 */
export async function grantServiceRights(databaseUrl: string, role: string): Promise<void> {
  const client = await connect(clientConfig(databaseUrl));
  try {
    const to = client.escapeIdentifier(role);
    await client.query('BEGIN');
    await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${to}`);
    await client.query(`GRANT USAGE ON SCHEMA public TO ${to}`);
    await client.query(`GRANT SELECT ON "_prisma_migrations" TO ${to}`);
    for (const [table, allowed] of Object.entries(rights))
      await client.query(`GRANT ${allowed} ON "${table}" TO ${to}`);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
