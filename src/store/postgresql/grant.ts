import type { Prisma } from '../generated/postgresql/client.js';
import { clientConfig, connect } from './connect.js';

/**
 * What the service does with each table. To the audit log it only adds; that the role may not do more holds even where
 * somebody drops the triggers, and only an owner of the tables can drop them.
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
 * Gives a role what the service needs of the tables, and takes from it whatever else it may do with them. The URL is
 * that of the role which owns them.
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
