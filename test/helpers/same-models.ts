/**
 * Proves that the readers, which are typed by SQLite's client, are also right for PostgreSQL's. Rows have the same
 * types, and both accept the same queries, except for filters within JSON, which no reader uses. This file is compiled
 * and never run.
 */
import type { Prisma as Shared } from '../../src/store/generated/sqlite/client.js';
import type { Prisma as Postgresql } from '../../src/store/generated/postgresql/client.js';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Within<A, B> = [A] extends [B] ? true : false;
type Proof<_ extends true> = never;

export type Proofs = [
  Proof<Same<Shared.ModelName, Postgresql.ModelName>>,
  Proof<Same<Shared.ApiTokenGetPayload<object>, Postgresql.ApiTokenGetPayload<object>>>,
  Proof<Same<Shared.AuditRecordGetPayload<object>, Postgresql.AuditRecordGetPayload<object>>>,
  Proof<Same<Shared.AuditEventRangeGetPayload<object>, Postgresql.AuditEventRangeGetPayload<object>>>,
  Proof<Same<Shared.AuditArchiveGetPayload<object>, Postgresql.AuditArchiveGetPayload<object>>>,
  Proof<Same<Shared.TimelineRecordGetPayload<object>, Postgresql.TimelineRecordGetPayload<object>>>,
  Proof<Same<Shared.CertificateRecordGetPayload<object>, Postgresql.CertificateRecordGetPayload<object>>>,
  Proof<Same<Shared.DecisionGetPayload<object>, Postgresql.DecisionGetPayload<object>>>,
  Proof<Same<Shared.DirectoryUserGetPayload<object>, Postgresql.DirectoryUserGetPayload<object>>>,
  Proof<Same<Shared.DirectoryGroupGetPayload<object>, Postgresql.DirectoryGroupGetPayload<object>>>,
  Proof<Same<Shared.GroupMembershipGetPayload<object>, Postgresql.GroupMembershipGetPayload<object>>>,
  Proof<Same<Shared.IssuerGetPayload<object>, Postgresql.IssuerGetPayload<object>>>,
  Proof<Same<Shared.RequestLabelGetPayload<object>, Postgresql.RequestLabelGetPayload<object>>>,
  Proof<Same<Shared.RequestRecordGetPayload<object>, Postgresql.RequestRecordGetPayload<object>>>,
  Proof<Same<Shared.SessionGetPayload<object>, Postgresql.SessionGetPayload<object>>>,
  Proof<Same<Shared.SchemaFloorGetPayload<object>, Postgresql.SchemaFloorGetPayload<object>>>,
  Proof<Same<Shared.WriterMarkGetPayload<object>, Postgresql.WriterMarkGetPayload<object>>>,
  Proof<Same<Shared.ClusterProbeGetPayload<object>, Postgresql.ClusterProbeGetPayload<object>>>,
  Proof<Same<Shared.IdempotencyKeyGetPayload<object>, Postgresql.IdempotencyKeyGetPayload<object>>>,
  Proof<Same<Shared.PolicySetGetPayload<object>, Postgresql.PolicySetGetPayload<object>>>,
  Proof<Same<Shared.UnknownIdentityGetPayload<object>, Postgresql.UnknownIdentityGetPayload<object>>>,
  Proof<Same<Shared.WebhookDeliveryGetPayload<object>, Postgresql.WebhookDeliveryGetPayload<object>>>,
  Proof<Within<Shared.AuditRecordWhereInput, Postgresql.AuditRecordWhereInput>>,
  Proof<Within<Shared.CertificateRecordOrderByWithRelationInput, Postgresql.CertificateRecordOrderByWithRelationInput>>,
  Proof<Within<Shared.RequestRecordOrderByWithRelationInput, Postgresql.RequestRecordOrderByWithRelationInput>>,
];
