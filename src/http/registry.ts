import { ApiTokenListSchema, ApiTokenSchema, CreatedApiTokenSchema, NewApiTokenSchema } from './api-tokens/schemas.js';
import { AuditEventListSchema, AuditEventSchema, ChainVerificationSchema } from './audit-events/schemas.js';
import {
  CertificateRequestListSchema,
  CertificateRequestSchema,
  CommentSchema,
  NewCertificateRequestSchema,
  NothingSchema,
} from './certificate-requests/schemas.js';
import { BlastRadiusSchema, GrantReferenceSchema, GrantSchema } from './certificate-requests/blast-radius.js';
import { CertificateListSchema, CertificateSchema, PublicKeySchema } from './certificates/schemas.js';
import { ClusterCsrListSchema, ClusterCsrSchema } from './cluster-csrs/schemas.js';
import {
  CertificateAuthoritiesSchema,
  CertificateAuthoritySchema,
  ClusterListSchema,
  ClusterProbeSchema,
  ClusterSchema,
  ProbeOptionsSchema,
} from './clusters/schemas.js';
import {
  ApprovalStageSchema,
  ApproversSchema,
  DecisionSchema,
  RecordedDecisionSchema,
  TraceEntrySchema,
} from './certificate-requests/decision.js';
import { NewEvaluationSchema, NewReplaySchema } from './policies/draft.js';
import { inspectionSchemas } from './inspections/schemas.js';
import { LoadedPolicyListSchema, LoadedPolicySchema } from './policies/schemas.js';
import { FieldErrorSchema, ProblemSchema, ViolationSchema } from './problems/schemas.js';
import { webhookDeliverySchemas } from './webhook-deliveries/schemas.js';
import { webhookEventSchemas } from './webhook-deliveries/webhook-events.js';
import { replaySchemas } from './policies/replay-schemas.js';
import { HealthSchema, WhoamiSchema } from './whoami/schemas.js';

/** Every schema that stands under its own name in the OpenAPI document. */
export const registeredSchemas = [
  ViolationSchema,
  FieldErrorSchema,
  ProblemSchema,
  PublicKeySchema,
  CertificateSchema,
  CertificateListSchema,
  ApproversSchema,
  ApprovalStageSchema,
  TraceEntrySchema,
  DecisionSchema,
  RecordedDecisionSchema,
  GrantReferenceSchema,
  GrantSchema,
  BlastRadiusSchema,
  NewCertificateRequestSchema,
  CommentSchema,
  NothingSchema,
  CertificateRequestSchema,
  CertificateRequestListSchema,
  ClusterProbeSchema,
  ProbeOptionsSchema,
  ClusterSchema,
  ClusterListSchema,
  CertificateAuthoritySchema,
  CertificateAuthoritiesSchema,
  ClusterCsrSchema,
  ClusterCsrListSchema,
  LoadedPolicySchema,
  LoadedPolicyListSchema,
  NewEvaluationSchema,
  NewReplaySchema,
  ...replaySchemas,
  AuditEventSchema,
  AuditEventListSchema,
  ChainVerificationSchema,
  NewApiTokenSchema,
  ApiTokenSchema,
  CreatedApiTokenSchema,
  ApiTokenListSchema,
  ...inspectionSchemas,
  ...webhookDeliverySchemas,
  ...webhookEventSchemas,
  WhoamiSchema,
  HealthSchema,
] as const;
