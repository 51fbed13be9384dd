import { ApiTokenListSchema, ApiTokenSchema, CreatedApiTokenSchema, NewApiTokenSchema } from './api-token.js';
import { AuditEventListSchema, AuditEventSchema, ChainVerificationSchema } from './audit-event.js';
import {
  CertificateRequestListSchema,
  CertificateRequestSchema,
  CommentSchema,
  NewCertificateRequestSchema,
  NothingSchema,
} from './certificate-request.js';
import { CertificateListSchema, CertificateSchema, PublicKeySchema } from './certificate.js';
import { ClusterCsrListSchema, ClusterCsrSchema } from './cluster-csr.js';
import {
  CertificateAuthoritiesSchema,
  CertificateAuthoritySchema,
  ClusterListSchema,
  ClusterProbeSchema,
  ClusterSchema,
  ProbeOptionsSchema,
} from './cluster.js';
import { ApprovalStageSchema, DecisionSchema, RecordedDecisionSchema, TraceEntrySchema } from './decision.js';
import { inspectionSchemas } from './inspection.js';
import { LoadedPolicyListSchema, LoadedPolicySchema } from './policy.js';
import { FieldErrorSchema, ProblemSchema, ViolationSchema } from './problem.js';
import { webhookDeliverySchemas } from './webhook-delivery.js';
import { webhookEventSchemas } from './webhook-event.js';
import { HealthSchema, WhoamiSchema } from './whoami.js';

/** Every schema that stands under its own name in the OpenAPI document. */
export const registeredSchemas = [
  ViolationSchema,
  FieldErrorSchema,
  ProblemSchema,
  PublicKeySchema,
  CertificateSchema,
  CertificateListSchema,
  ApprovalStageSchema,
  TraceEntrySchema,
  DecisionSchema,
  RecordedDecisionSchema,
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
