import { Type, type TProperties, type TSchema } from 'typebox';
import type { WebhookEvent } from '../../model/webhook-delivery.js';
import {
  dnsLabelOf,
  instantOf,
  nameOf,
  named,
  nullable,
  oneOf,
  reasonOf,
  ref,
  requestIdOf,
  sha256Of,
} from '../field-schemas.js';
import { ApprovalStageSchema } from '../certificate-requests/decision.js';
import { ViolationSchema } from '../problems/schemas.js';

/** What every event says of its request: how it was asked for. */
const asked = {
  requestId: requestIdOf('The certificate request.'),
  cluster: dnsLabelOf('The cluster.', 'demo'),
  username: nameOf('The CN of the certificate.', 'jane@corp.example'),
  groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'In the order asked for.' }),
  expirationSeconds: Type.Integer({ minimum: 0, maximum: 2147483647, description: 'The lifetime asked for.' }),
  namespace: nullable(dnsLabelOf('A namespace.', 'team-a'), { description: 'For the kubeconfig’s context.' }),
  reason: nullable(Type.String({ maxLength: 1024 }), { description: 'As the requester gave it.' }),
  requester: nameOf('The principal who asked.', 'hr-system'),
  collector: nameOf('The principal who may collect the key.', 'hr-system'),
  createdAt: instantOf('When it was asked for.'),
  policy: nullable(Type.String({ maxLength: 256 }), { description: 'The policy that decided when it was asked for.' }),
};

const particulars = {
  pending: {
    expiresAt: nullable(instantOf('An instant.'), { description: 'When it lapses undecided.' }),
    stages: Type.Array(ref(ApprovalStageSchema), { maxItems: 100, description: 'Which approvals it takes.' }),
  },
  issued: {
    certificate: Type.Object(
      {
        fingerprintSha256: sha256Of('SHA-256 of the DER'),
        serialNumber: Type.String({ maxLength: 40, description: 'Lower-case hex.' }),
        notBefore: instantOf('From when on it is valid.'),
        notAfter: instantOf('Until when.'),
      },
      { additionalProperties: false, description: 'What names it; the certificate itself is to be fetched.' },
    ),
  },
  denied: {
    denial: Type.Object(
      {
        reason: reasonOf(
          '`PolicyDenied`, `NoLongerPermitted` or `DeniedByApprover`; there may be others.',
          'PolicyDenied',
        ),
        deniedBy: nullable(nameOf('A principal.', 'bob'), { description: 'Who denied it; null: policy did.' }),
        comment: nullable(Type.String({ maxLength: 1024 }), { description: 'What they said.' }),
        violations: Type.Array(ref(ViolationSchema), { maxItems: 20, description: 'The first 20 of them.' }),
        violationCount: Type.Integer({ minimum: 0, description: 'How many there are.' }),
      },
      { additionalProperties: false, description: 'Why.' },
    ),
  },
} as const satisfies Record<WebhookEvent, TProperties>;

const about: Readonly<Record<WebhookEvent, string>> = {
  pending: 'A certificate request waits for a person.',
  issued: 'A certificate is issued.',
  denied: 'A certificate request is denied, by policy or by a person.',
};

const eventSchema = <Id extends string>($id: Id, event: WebhookEvent) =>
  named(
    $id,
    Type.Object(
      {
        type: oneOf([`certificate_request.${event}`], { description: 'What happened; the schema goes with it.' }),
        timestamp: instantOf('When it happened.'),
        data: Type.Object(
          {
            ...asked,
            state: oneOf([event], { description: 'The state that it came to.' }),
            ...(particulars[event] as TProperties),
          },
          { additionalProperties: false, description: 'The request.' },
        ),
      },
      { additionalProperties: false, description: about[event] },
    ),
  );

const events = {
  pending: eventSchema('CertificateRequestPendingEvent', 'pending'),
  issued: eventSchema('CertificateRequestIssuedEvent', 'issued'),
  denied: eventSchema('CertificateRequestDeniedEvent', 'denied'),
} as const;

export const webhookEventSchemas = [events.pending, events.issued, events.denied] as const;

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' as const, maxLength: 1024 },
});

const operation = (event: WebhookEvent, schema: TSchema & { readonly $id: string }) => ({
  post: {
    tags: ['webhooks'],
    summary: about[event],
    description:
      'Sent to the configured addresses, signed as Standard Webhooks 1.0.0 says, and again until it is taken.',
    security: [],
    parameters: [
      header('webhook-id', 'The same in every attempt: by it a repeat is told.'),
      header('webhook-timestamp', 'When this attempt was made, in seconds since 1970.'),
      header(
        'webhook-signature',
        'By each secret `v1,` and HMAC-SHA256 over `id.timestamp.body` in base64, separated by blanks.',
      ),
    ],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema.$id}` } } },
    },
    responses: {
      '2XX': { description: 'Taken. Its body is not read.' },
      410: { description: 'Not wanted: given up at once.' },
      default: { description: 'Not taken: sent again, later and later, for about three days.' },
    },
  },
});

/** What kubepass sends, for the OpenAPI document. */
export const webhookDescriptions = {
  'certificate_request.pending': operation('pending', events.pending),
  'certificate_request.issued': operation('issued', events.issued),
  'certificate_request.denied': operation('denied', events.denied),
};
