import { Type, type TProperties } from 'typebox';
import type { WebhookEventType } from '../model/webhook-delivery.js';
import { checkpointProperties } from '../log/audit-event-schemas.js';
import { RecordedDecisionSchema } from '../requests/decision-schemas.js';
import { CertificateRequestSchema } from '../requests/request-schemas.js';
import { CertificateSchema, RevocationSchema } from '../access/certificate-schemas.js';
import { IssuerSchema } from '../clusters/issuers/issuer-schemas.js';
import { IdentityBlockSchema, ResidualExposureSchema } from '../access/identity-schemas.js';
import { ViolationSchema } from '../http/problems/problem-types.js';
import {
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  integerOf,
  namedObject,
  type NamedSchema,
  nullable,
  objectOf,
  oneOf,
  principalNameOf,
  reasonOf,
  ref,
  sha256Of,
} from '../http/schemas/schema-parts.js';

/** These members of a resource: the payload of a type of event never changes, so it gets no new one by itself. */
const pick = <Properties extends TProperties, Name extends keyof Properties>(
  properties: Properties,
  ...names: readonly Name[]
) => Object.fromEntries(names.map((name) => [name, properties[name]])) as Pick<Properties, Name>;

/** The certificate request, as every event describes it. */
const asked = {
  requestId: idOf('The certificate request.'),
  ...pick(CertificateRequestSchema.properties, 'cluster', 'username', 'groups', 'expirationSeconds', 'namespace'),
  ...pick(CertificateRequestSchema.properties, 'reason', 'labels', 'requester', 'collector'),
  renewalOf: Type.Optional(sha256Of('The SHA-256 of the certificate that it renews; absent if it renews none')),
  createdAt: CertificateRequestSchema.properties.createdAt,
  policy: nullable(
    Type.String({ maxLength: 256, examples: ['developers'] }),
    'The policy that decided when the request was made.',
  ),
};

const comment = (description: string, example: string) =>
  nullable(Type.String({ maxLength: 1024, examples: [example] }), description);

/** A certificate, as its own events describe it: like the view of the inventory, without the certificate. */
const certificate = {
  fingerprintSha256: sha256Of('SHA-256 of the DER certificate'),
  ...pick(CertificateSchema.properties, 'serialNumber', 'subject', 'issuer', 'username', 'groups'),
  ...pick(CertificateSchema.properties, 'notBefore', 'notAfter', 'cluster', 'requestId'),
  ...pick(CertificateSchema.properties, 'requester', 'collector'),
  ...pick(CertificateSchema.properties, 'status', 'renewalOf', 'supersededBy'),
  revocation: nullable(
    objectOf('Why, when and by whom it was revoked.', {
      ...RevocationSchema.properties,
      comment: comment('The comment of whoever revoked it.', 'laptop lost'),
      revokedBy: nullable(principalNameOf('A principal.', 'bob'), 'Who revoked it; null: kubepass itself.'),
    }),
  ),
};

const noticeSeconds = integerOf('The distance: it ends in so many seconds, or sooner.', 604800, {
  minimum: 600,
  maximum: 2147483647,
});

/** An identity, as its own events describe it. */
const identity = {
  username: IdentityBlockSchema.properties.username,
  clusters: nullable(
    Type.Array(dnsLabelOf('One cluster.', 'demo'), { maxItems: 1000 }),
    'The clusters that the block holds for; null: every cluster.',
  ),
};

/** An issuer, as its own events describe it. */
const issuer = {
  ...pick(IssuerSchema.properties, 'fingerprintSha256', 'notAfter'),
  cluster: dnsLabelOf('The cluster.', 'demo'),
  issuer: IssuerSchema.properties.name,
};
const issuerComment = comment('The comment of that principal.', 'the yearly rotation');

const requestEvent = <Id extends string, State extends 'pending' | 'issued' | 'denied', Data extends TProperties>(
  $id: Id,
  state: State,
  summary: string,
  particulars: Data,
) =>
  eventSchema($id, `certificate_request.${state}`, summary, 'The request.', {
    ...asked,
    state: oneOf([state], 'The new state of the request.'),
    ...particulars,
  });

const eventSchema = <Id extends string, Type extends WebhookEventType, Data extends TProperties>(
  $id: Id,
  type: Type,
  summary: string,
  about: string,
  data: Data,
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
  residualExposure: Type.Array(ref(ResidualExposureSchema), {
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
      waitsUntil: CertificateRequestSchema.properties.waitsUntil,
      stages: RecordedDecisionSchema.properties.stages,
    },
  ),
  'certificate_request.issued': requestEvent('CertificateRequestIssuedEvent', 'issued', 'A certificate was issued.', {
    certificate: objectOf(
      'Identifies the certificate, which can be read by its fingerprint.',
      pick(certificate, 'fingerprintSha256', 'serialNumber', 'notBefore', 'notAfter'),
    ),
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
      noticeSeconds,
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
      reason: IdentityBlockSchema.properties.reason,
      comment: comment('The comment of whoever blocked it.', 'leaves the company'),
      ...pick(IdentityBlockSchema.properties, 'until', 'blockedAt', 'blockedBy'),
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
  'issuer.activated': eventSchema(
    'IssuerActivatedEvent',
    'issuer.activated',
    'An issuer signs the certificates of a cluster from now on.',
    'The issuer.',
    {
      ...issuer,
      previous: nullable(
        dnsLabelOf('An issuer.', 'users-2026'),
        'The issuer that signed before; null: there was none.',
      ),
      withoutProbe: Type.Boolean({ description: 'Whether the API servers were not asked.' }),
      activatedBy: principalNameOf('The principal who activated it.', 'bob'),
      comment: issuerComment,
    },
  ),
  'issuer.retired': eventSchema(
    'IssuerRetiredEvent',
    'issuer.retired',
    'An issuer is out of the bundle of a cluster, and its key may go.',
    'The issuer.',
    {
      ...issuer,
      ...pick(IssuerSchema.properties.certificates.properties, 'live', 'latestNotAfter'),
      retiredBy: principalNameOf('The principal who retired it.', 'bob'),
      comment: issuerComment,
    },
  ),
  'issuer.expiring': eventSchema(
    'IssuerExpiringEvent',
    'issuer.expiring',
    'An issuer of a cluster ends soon.',
    'The issuer.',
    { ...issuer, noticeSeconds },
  ),
  'audit.checkpoint': eventSchema(
    'AuditCheckpointEvent',
    'audit.checkpoint',
    'A checkpoint of the audit log was signed.',
    'The checkpoint.',
    checkpointProperties,
  ),
  'break_glass_token.made': eventSchema(
    'BreakGlassTokenMadeEvent',
    'break_glass_token.made',
    'Somebody on the host of kubepass made an admin token.',
    'The token, without its secret.',
    {
      tokenId: idOf('The API token.'),
      name: principalNameOf('Its principal.', 'break-glass'),
      expiresAt: nullable(instantOf('When it ends.'), 'When it ends; null: never.'),
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
