import { Type, type Static } from 'typebox';
import { requestStates } from '../../model/certificate-request.js';
import { keyAlgorithms } from '../../x509/strict/key-algorithm.js';
import { BlastRadiusSchema } from './blast-radius.js';
import { CertificateSchema, PublicKeySchema } from './certificate.js';
import {
  dnsLabelOf,
  instantOf,
  messageOf,
  nameOf,
  named,
  nullable,
  oneOf,
  pageOf,
  pageParameters,
  reasonOf,
  ref,
  requestIdOf,
} from './common.js';
import { ApproversSchema, RecordedDecisionSchema } from './decision.js';

const stageOf = (description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: 1000,
    description: `${description} Its place in \`decision.stages\`.`,
    examples: [0],
  });

const comment = Type.String({ minLength: 1, maxLength: 1024, description: 'In words.', examples: ['joins team A'] });

export const NewCertificateRequestSchema = named(
  'NewCertificateRequest',
  Type.Object(
    {
      cluster: Type.Optional(dnsLabelOf('The cluster; may be left out where only one is configured.', 'demo')),
      username: Type.Optional(nameOf('Must be given without `csr`; with it, must equal its CN.', 'jane@corp.example')),
      groups: Type.Optional(
        Type.Array(nameOf('One group.', 'team-a'), {
          maxItems: 32,
          uniqueItems: true,
          description: 'With `csr`, must equal its O values as a set.',
        }),
      ),
      csr: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 32768,
          description: 'A PKCS#10 certification request as PEM: the caller keeps the key.',
          examples: ['-----BEGIN CERTIFICATE REQUEST-----\nMIHs…\n-----END CERTIFICATE REQUEST-----\n'],
        }),
      ),
      keyAlgorithm: Type.Optional(
        oneOf(keyAlgorithms, {
          description: 'Of the key that kubepass generates (default `ECDSA-P256`); not with `csr`.',
        }),
      ),
      expirationSeconds: Type.Optional(
        Type.Integer({
          minimum: 600,
          maximum: 2147483647,
          description: 'Lifetime asked for; default: the smaller of a day and what policy allows.',
          examples: [86400],
        }),
      ),
      namespace: Type.Optional(dnsLabelOf('The namespace that the kubeconfig’s context is set to.', 'team-a')),
      reason: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 1024,
          description: 'Why it is needed, for who decides on it.',
          examples: ['joins team A on Monday'],
        }),
      ),
      collector: Type.Optional(nameOf('Who may collect the key; default: the requester.', 'jane')),
    },
    {
      additionalProperties: false,
      description: 'What is asked for.',
      examples: [{ cluster: 'demo', username: 'jane@corp.example', groups: ['team-a'], expirationSeconds: 86400 }],
    },
  ),
);

export const CommentSchema = named(
  'Comment',
  Type.Object({ comment: Type.Optional(comment) }, { additionalProperties: false, description: 'May be left out.' }),
);

/** The body of an operation that takes none: `{}` is fine, a property is not. */
export const NothingSchema = named(
  'Nothing',
  Type.Object({}, { additionalProperties: false, description: 'No properties; may be left out.' }),
);

export const CertificateRequestSchema = named(
  'CertificateRequest',
  Type.Object(
    {
      id: requestIdOf('UUIDv7.'),
      state: oneOf(requestStates, { description: 'Where it stands.' }),
      cluster: dnsLabelOf('The cluster.', 'demo'),
      username: nameOf('The CN of the certificate.', 'jane@corp.example'),
      groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'In the order asked for.' }),
      keyAlgorithm: oneOf(keyAlgorithms, { description: 'Of the key.' }),
      publicKey: nullable(ref(PublicKeySchema), { description: 'Null until there is a key.' }),
      expirationSeconds: Type.Integer({ minimum: 0, maximum: 2147483647, description: 'The lifetime.' }),
      namespace: nullable(dnsLabelOf('A namespace.', 'team-a'), { description: 'For the kubeconfig’s context.' }),
      reason: nullable(Type.String({ maxLength: 1024 }), { description: 'As the requester gave it.' }),
      requester: nameOf('The principal who asked.', 'hr-system'),
      collector: nameOf('The principal who may collect the key.', 'hr-system'),
      createdAt: instantOf('When it was asked for.'),
      expiresAt: nullable(instantOf('An instant.'), { description: 'When it lapses undecided or uncollected.' }),
      decision: ref(RecordedDecisionSchema),
      approvals: Type.Array(
        Type.Object(
          {
            principal: nameOf('Who.', 'team-lead'),
            at: instantOf('When.'),
            comment: nullable(Type.String({ maxLength: 1024 })),
            stage: stageOf('The stage that it counts for.'),
          },
          { additionalProperties: false },
        ),
        { maxItems: 10000, description: 'Given so far.' },
      ),
      awaiting: Type.Array(
        Type.Object(
          {
            stage: stageOf('The stage.'),
            needed: Type.Integer({ minimum: 1, maximum: 1000, description: 'How many more it takes.', examples: [1] }),
            approvers: Type.Optional(ref(ApproversSchema)),
          },
          { additionalProperties: false },
        ),
        {
          maxItems: 100,
          description: 'Which approvals a pending request still waits for, in order: it is the turn of the first.',
        },
      ),
      certificate: nullable(ref(CertificateSchema), { description: 'Null until it is issued.' }),
      failure: nullable(
        Type.Object(
          { reason: reasonOf('Stable.', 'NoLongerPermitted'), message: messageOf('In words.', 'no policy applies') },
          { additionalProperties: false },
        ),
        { description: 'Why it ended without a certificate.' },
      ),
      timeline: Type.Optional(
        Type.Array(
          Type.Object(
            {
              at: instantOf('When.'),
              type: reasonOf('What: the audit event’s type.', 'CertificateRequested'),
              principal: nullable(nameOf('Who.', 'hr-system'), { description: 'Null: kubepass itself.' }),
              message: nullable(Type.String({ maxLength: 4096 })),
            },
            { additionalProperties: false },
          ),
          { maxItems: 10000, description: 'Its history, oldest first; only where one request is read.' },
        ),
      ),
      blastRadius: Type.Optional(
        nullable(ref(BlastRadiusSchema), {
          description:
            'What the identity could do on the cluster now; null where that is not known. Only where one request is read, by an approver, auditor or admin.',
        }),
      ),
    },
    { additionalProperties: false, description: 'A request for a user certificate, held for a decision.' },
  ),
);
export type CertificateRequestBody = Static<typeof CertificateRequestSchema>;

export const CertificateRequestListSchema = pageOf(CertificateRequestSchema, 'Certificate requests, newest first.');

export const CertificateRequestQuery = Type.Object(
  {
    state: Type.Optional(oneOf(requestStates, { description: 'Only in this state.' })),
    cluster: Type.Optional(dnsLabelOf('Only for this cluster.', 'demo')),
    username: Type.Optional(nameOf('Only for this username.', 'jane@corp.example')),
    requester: Type.Optional(nameOf('Only asked for by this principal.', 'hr-system')),
    awaiting: Type.Optional(
      oneOf(['me'], {
        description:
          'Only pending ones that the caller could approve now. A page may hold fewer than `limit`, or none, and have a ' +
          '`nextCursor` all the same.',
      }),
    ),
    ...pageParameters,
  },
  { additionalProperties: false },
);

export const CertificateRequestParams = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64, description: 'The request’s id.' }) },
  { additionalProperties: false },
);

export const KubeconfigQuery = Type.Object(
  {
    clientKeyPath: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        pattern: '^[^\\u0000-\\u001f\\u007f]+$',
        default: 'client.key',
        description: 'Where the key lies on the caller’s machine; relative paths start at the kubeconfig’s folder.',
        examples: ['jane.key'],
      }),
    ),
  },
  { additionalProperties: false },
);
