import { Type, type TProperties } from 'typebox';
import { certificateStatuses } from '../../model/certificate.js';
import { revocationReasons } from '../../x509/strict/revocation-reasons.js';
import type { WebhookEventType } from '../../model/webhook-delivery.js';
import { ApprovalStageSchema } from '../certificate-requests/decision.js';
import { residualExposure } from '../identities/schemas.js';
import { ViolationSchema } from '../problems/schemas.js';
import {
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  integerOf,
  labelsOf,
  messageOf,
  namedObject,
  type NamedSchema,
  nameOf,
  nullable,
  objectOf,
  oneOf,
  principalNameOf,
  reasonOf,
  ref,
  sha256Of,
  textOf,
} from '../schema-parts.js';

/** The certificate request, as every event describes it. */
const asked = {
  requestId: idOf('The certificate request.'),
  cluster: dnsLabelOf('The cluster.', 'demo'),
  username: nameOf('The CN of the certificate.', 'jane@corp.example'),
  groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'In the order of the request.' }),
  expirationSeconds: integerOf('The requested lifetime.', 86400, { minimum: 0, maximum: 2147483647 }),
  namespace: nullable(dnsLabelOf('A namespace.', 'team-a'), 'For the kubeconfig’s context.'),
  reason: nullable(
    Type.String({ maxLength: 1024, examples: ['joins team A on Monday'] }),
    'The reason that the requester gave.',
  ),
  labels: labelsOf('The labels that the requester gave.'),
  requester: principalNameOf('The principal who made the request.', 'hr-system'),
  collector: principalNameOf('The principal who may collect the key.', 'hr-system'),
  renewalOf: Type.Optional(sha256Of('The SHA-256 of the certificate that it renews; absent if it renews none')),
  createdAt: instantOf('When the request was made.'),
  policy: nullable(
    Type.String({ maxLength: 256, examples: ['developers'] }),
    'The policy that decided when the request was made.',
  ),
};

const serialNumber = textOf('Lower-case hex.', '019ab3c4d5e6f708192a3b4c5d6e7f80', { maxLength: 40 });
const comment = (description: string, example: string) =>
  nullable(Type.String({ maxLength: 1024, examples: [example] }), description);
const revocationReason = oneOf(revocationReasons, 'The reason, one of those of RFC 5280.');

/** A certificate, as its own events describe it: like the view of the inventory, without the certificate. */
const certificate = {
  fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
  serialNumber,
  subject: messageOf('The subject as text.', 'CN=jane@corp.example,O=team-a'),
  issuer: messageOf('The issuer as text.', 'CN=kubernetes'),
  username: asked.username,
  groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'The O values, in order.' }),
  notBefore: instantOf('Start of validity.'),
  notAfter: instantOf('End of validity.'),
  cluster: asked.cluster,
  requestId: idOf('The certificate request that it was issued for.'),
  status: oneOf(certificateStatuses, 'Its status after the event.'),
  renewalOf: nullable(sha256Of('The certificate that it renews: SHA-256 of the DER')),
  supersededBy: nullable(sha256Of('The latest certificate that renews it: SHA-256 of the DER')),
  revocation: nullable(
    objectOf('Why, when and by whom it was revoked.', {
      reason: revocationReason,
      comment: comment('The comment of whoever revoked it.', 'laptop lost'),
      revokedAt: instantOf('When it was revoked.'),
      revokedBy: nullable(principalNameOf('A principal.', 'bob'), 'Who revoked it; null: kubepass itself.'),
    }),
  ),
};

/** An identity, as its own events describe it. */
const identity = {
  username: principalNameOf('The name that is blocked, or was.', 'jane@corp.example'),
  clusters: nullable(
    Type.Array(dnsLabelOf('One cluster.', 'demo'), { maxItems: 1000 }),
    'The clusters that the block holds for; null: every cluster.',
  ),
};

const requestEvent = <Id extends string>(
  $id: Id,
  state: 'pending' | 'issued' | 'denied',
  summary: string,
  particulars: TProperties,
) =>
  eventSchema($id, `certificate_request.${state}`, summary, 'The request.', {
    ...asked,
    state: oneOf([state], 'The new state of the request.'),
    ...particulars,
  });

const eventSchema = <Id extends string>(
  $id: Id,
  type: WebhookEventType,
  summary: string,
  about: string,
  data: TProperties,
) =>
  namedObject($id, summary, {
    type: oneOf([type], 'What happened. Each type has its own schema.'),
    timestamp: instantOf('When it happened.'),
    data: objectOf(about, data),
  });

/** Twenty of each: a message stays below 20 KB. */
const shownAtMost = 20;
const leftOver = objectOf('The person in the directory who left, and whatever goes on; absent if nobody left.', {
  id: idOf('The id in the directory.'),
  residualExposure: Type.Array(residualExposure, {
    maxItems: shownAtMost,
    description: 'Certificates that still work in some way; the first ones.',
  }),
  requestedForOthers: Type.Array(
    objectOf('A live certificate of somebody else that the person asked for or collects.', {
      fingerprintSha256: sha256Of('The fingerprint of the certificate'),
      username: principalNameOf('The username.', 'joe@corp.example'),
      cluster: dnsLabelOf('The cluster.', 'demo'),
    }),
    { maxItems: shownAtMost, description: 'Certificates of others that the person asked for; the first ones.' },
  ),
  tokensMade: Type.Array(
    objectOf('A live API token.', { id: idOf('The token.'), name: principalNameOf('Its principal.', 'hr-system') }),
    { maxItems: shownAtMost, description: 'Live API tokens that the person made; the first ones.' },
  ),
  revokedTokens: Type.Array(idOf('A token.'), {
    maxItems: shownAtMost,
    description: 'API tokens in the person’s name that were revoked; the first ones.',
    examples: [[exampleId]],
  }),
});

export const webhookEventSchemas = {
  'certificate_request.pending': requestEvent(
    'CertificateRequestPendingEvent',
    'pending',
    'A certificate request waits for approval.',
    {
      expiresAt: nullable(instantOf('An instant.'), 'When the request expires if nobody decides.'),
      stages: Type.Array(ref(ApprovalStageSchema), { maxItems: 100, description: 'The approvals that it needs.' }),
    },
  ),
  'certificate_request.issued': requestEvent('CertificateRequestIssuedEvent', 'issued', 'A certificate was issued.', {
    certificate: objectOf('Identifies the certificate, which can be read by its fingerprint.', {
      fingerprintSha256: sha256Of('SHA-256 of the DER'),
      serialNumber,
      notBefore: instantOf('Start of validity.'),
      notAfter: instantOf('End of validity.'),
    }),
  }),
  'certificate_request.denied': requestEvent(
    'CertificateRequestDeniedEvent',
    'denied',
    'A certificate request was denied, by policy or by a person.',
    {
      denial: objectOf('Why the request is denied.', {
        reason: reasonOf(
          '`PolicyDenied`, `NoLongerPermitted` or `DeniedByApprover`; others may be added.',
          'PolicyDenied',
        ),
        deniedBy: nullable(principalNameOf('A principal.', 'bob'), 'Who denied it; null: policy did.'),
        comment: comment('The comment of that principal.', 'not before Monday'),
        violations: Type.Array(ref(ViolationSchema), { maxItems: 20, description: 'The first 20 violations.' }),
        violationCount: Type.Integer({ minimum: 0, description: 'How many violations there are.' }),
      }),
    },
  ),
  'certificate.expiring': eventSchema(
    'CertificateExpiringEvent',
    'certificate.expiring',
    'A certificate ends soon, and no other renews it.',
    'The certificate.',
    {
      ...certificate,
      noticeSeconds: integerOf('The configured distance: the certificate ends in so many seconds, or sooner.', 604800, {
        minimum: 600,
        maximum: 2147483647,
      }),
    },
  ),
  'certificate.revoked': eventSchema(
    'CertificateRevokedEvent',
    'certificate.revoked',
    'A certificate was revoked.',
    'The certificate.',
    certificate,
  ),
  'identity.blocked': eventSchema(
    'IdentityBlockedEvent',
    'identity.blocked',
    'An identity was blocked.',
    'The block.',
    {
      ...identity,
      reason: revocationReason,
      comment: comment('The comment of whoever blocked it.', 'leaves the company'),
      until: nullable(instantOf('An instant.'), 'When the block ends by itself; null: never.'),
      blockedAt: instantOf('When it was blocked.'),
      blockedBy: principalNameOf('The principal who blocked it.', 'hr-system'),
      revokedCertificates: Type.Integer({ minimum: 0, description: 'How many certificates were revoked with it.' }),
      cancelledRequests: Type.Integer({ minimum: 0, description: 'How many requests were cancelled with it.' }),
      directoryUser: Type.Optional(leftOver),
    },
  ),
  'identity.unblocked': eventSchema(
    'IdentityUnblockedEvent',
    'identity.unblocked',
    'An identity was unblocked: it may ask again.',
    'The block that ended.',
    {
      ...identity,
      comment: comment('The comment of whoever unblocked it.', 'is back'),
      unblockedAt: instantOf('When it was unblocked.'),
      unblockedBy: principalNameOf('The principal who unblocked it.', 'hr-system'),
    },
  ),
  'audit.checkpoint': eventSchema(
    'AuditCheckpointEvent',
    'audit.checkpoint',
    'A checkpoint of the audit log was signed.',
    'The checkpoint.',
    {
      origin: textOf(
        'The name of the log, which stands in the first line of the checkpoint.',
        'kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f',
        { maxLength: 255 },
      ),
      size: integerOf('It vouches for the events 1 to `size`.', 42, { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      root: textOf(
        'The hash of the Merkle tree of these events (RFC 6962): base64 of 32 octets.',
        'LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=',
        { minLength: 44, maxLength: 44 },
      ),
      checkpoint: textOf(
        'The signed note, which `kubepass-verify --checkpoint` takes: keep it as a file.',
        'kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f\n42\nLCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=\n\n— kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f jzpRwm…\n',
        { maxLength: 8192 },
      ),
    },
  ),
} as const satisfies Record<WebhookEventType, NamedSchema>;

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' as const, maxLength: 1024 },
});

const operation = (schema: NamedSchema & { readonly description?: string }) => ({
  post: {
    operationId: `receive${schema.$id}`,
    tags: ['webhooks'],
    summary: schema.description ?? schema.$id,
    description:
      'Sent to the configured addresses and signed as Standard Webhooks 1.0.0 specifies. Sent again until it is accepted.',
    security: [],
    parameters: [
      header('webhook-id', 'The same in every attempt, so that repeats can be recognised.'),
      header('webhook-timestamp', 'When this attempt was made, in seconds since 1970.'),
      header(
        'webhook-signature',
        'For each secret `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, separated by spaces.',
      ),
    ],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema.$id}` } } },
    },
    responses: {
      '2XX': { description: 'Accepted. The body of the answer is not read.' },
      410: { description: 'Not wanted: not sent again.' },
      default: { description: 'Not accepted: sent again at growing intervals, for about three days.' },
    },
  },
});

/** The webhooks that kubepass sends, for the OpenAPI document. */
export const webhookDescriptions = Object.fromEntries(
  Object.entries(webhookEventSchemas).map(([type, schema]) => [type, operation(schema)]),
);
