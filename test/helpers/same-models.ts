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
  Proof<Same<Shared.AuditEventGetPayload<object>, Postgresql.AuditEventGetPayload<object>>>,
  Proof<Same<Shared.AuditEventRangeGetPayload<object>, Postgresql.AuditEventRangeGetPayload<object>>>,
  Proof<Same<Shared.CertificateGetPayload<object>, Postgresql.CertificateGetPayload<object>>>,
  Proof<Same<Shared.CertificateGroupGetPayload<object>, Postgresql.CertificateGroupGetPayload<object>>>,
  Proof<Same<Shared.CertificateRequestGetPayload<object>, Postgresql.CertificateRequestGetPayload<object>>>,
  Proof<Same<Shared.ClusterProbeGetPayload<object>, Postgresql.ClusterProbeGetPayload<object>>>,
  Proof<Same<Shared.IdempotencyKeyGetPayload<object>, Postgresql.IdempotencyKeyGetPayload<object>>>,
  Proof<Same<Shared.PolicySetGetPayload<object>, Postgresql.PolicySetGetPayload<object>>>,
  Proof<Same<Shared.UnknownIdentityGetPayload<object>, Postgresql.UnknownIdentityGetPayload<object>>>,
  Proof<Same<Shared.WebhookDeliveryGetPayload<object>, Postgresql.WebhookDeliveryGetPayload<object>>>,
  Proof<Within<Shared.AuditEventWhereInput, Postgresql.AuditEventWhereInput>>,
  Proof<Within<Shared.CertificateOrderByWithRelationInput, Postgresql.CertificateOrderByWithRelationInput>>,
  Proof<
    Within<Shared.CertificateRequestOrderByWithRelationInput, Postgresql.CertificateRequestOrderByWithRelationInput>
  >,
];
