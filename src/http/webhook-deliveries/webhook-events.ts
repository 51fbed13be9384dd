import { Type, type TProperties } from 'typebox';
import type { WebhookEvent } from '../../model/webhook-delivery.js';
import { ApprovalStageSchema } from '../certificate-requests/decision.js';
import { ViolationSchema } from '../problems/schemas.js';
import {
  dnsLabelOf,
  idOf,
  instantOf,
  labelsOf,
  namedObject,
  type NamedSchema,
  nameOf,
  nullable,
  objectOf,
  oneOf,
  reasonOf,
  ref,
  sha256Of,
} from '../schema-parts.js';

/** The certificate request, as every event describes it. */
const asked = {
  requestId: idOf('The certificate request.'),
  cluster: dnsLabelOf('The cluster.', 'demo'),
  username: nameOf('The CN of the certificate.', 'jane@corp.example'),
  groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'In the order of the request.' }),
  expirationSeconds: Type.Integer({
    minimum: 0,
    maximum: 2147483647,
    description: 'The requested lifetime.',
    examples: [86400],
  }),
  namespace: nullable(dnsLabelOf('A namespace.', 'team-a'), 'For the kubeconfig’s context.'),
  reason: nullable(
    Type.String({ maxLength: 1024, examples: ['joins team A on Monday'] }),
    'The reason that the requester gave.',
  ),
  labels: labelsOf('The labels that the requester gave.'),
  requester: nameOf('The principal who made the request.', 'hr-system'),
  collector: nameOf('The principal who may collect the key.', 'hr-system'),
  renewalOf: Type.Optional(sha256Of('The SHA-256 of the certificate that it renews; absent if it renews none')),
  createdAt: instantOf('When the request was made.'),
  policy: nullable(
    Type.String({ maxLength: 256, examples: ['developers'] }),
    'The policy that decided when the request was made.',
  ),
};

/** The members that only events of one kind have. */
const particulars = {
  pending: {
    expiresAt: nullable(instantOf('An instant.'), 'When the request expires if nobody decides.'),
    stages: Type.Array(ref(ApprovalStageSchema), { maxItems: 100, description: 'The approvals that it needs.' }),
  },
  issued: {
    certificate: objectOf('Identifies the certificate, which can be read by its fingerprint.', {
      fingerprintSha256: sha256Of('SHA-256 of the DER'),
      serialNumber: Type.String({
        maxLength: 40,
        description: 'Lower-case hex.',
        examples: ['019ab3c4d5e6f708192a3b4c5d6e7f80'],
      }),
      notBefore: instantOf('Start of validity.'),
      notAfter: instantOf('End of validity.'),
    }),
  },
  denied: {
    denial: objectOf('Why the request is denied.', {
      reason: reasonOf(
        '`PolicyDenied`, `NoLongerPermitted` or `DeniedByApprover`; others may be added.',
        'PolicyDenied',
      ),
      deniedBy: nullable(nameOf('A principal.', 'bob'), 'Who denied it; null: policy did.'),
      comment: nullable(
        Type.String({ maxLength: 1024, examples: ['not before Monday'] }),
        'The comment of that principal.',
      ),
      violations: Type.Array(ref(ViolationSchema), { maxItems: 20, description: 'The first 20 violations.' }),
      violationCount: Type.Integer({ minimum: 0, description: 'How many violations there are.' }),
    }),
  },
} as const satisfies Record<WebhookEvent, TProperties>;

const summaries: Readonly<Record<WebhookEvent, string>> = {
  pending: 'A certificate request waits for approval.',
  issued: 'A certificate was issued.',
  denied: 'A certificate request was denied, by policy or by a person.',
};

const eventSchema = <Id extends string>($id: Id, event: WebhookEvent) =>
  namedObject($id, summaries[event], {
    type: oneOf([`certificate_request.${event}`], 'What happened. Each type has its own schema.'),
    timestamp: instantOf('When it happened.'),
    data: objectOf('The request.', {
      ...asked,
      state: oneOf([event], 'The new state of the request.'),
      ...(particulars[event] as TProperties),
    }),
  });

export const webhookEventSchemas = {
  pending: eventSchema('CertificateRequestPendingEvent', 'pending'),
  issued: eventSchema('CertificateRequestIssuedEvent', 'issued'),
  denied: eventSchema('CertificateRequestDeniedEvent', 'denied'),
} as const;

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' as const, maxLength: 1024 },
});

const operation = (event: WebhookEvent, schema: NamedSchema) => ({
  post: {
    operationId: `receive${schema.$id}`,
    tags: ['webhooks'],
    summary: summaries[event],
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
export const webhookDescriptions = {
  'certificate_request.pending': operation('pending', webhookEventSchemas.pending),
  'certificate_request.issued': operation('issued', webhookEventSchemas.issued),
  'certificate_request.denied': operation('denied', webhookEventSchemas.denied),
};
