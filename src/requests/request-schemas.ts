import { Type, type Static } from 'typebox';
import { awaitedStages, requestStates, labelBounds } from '../model/certificate-request.js';
import type { CertificateRequestDetails } from './read-requests.js';
import type { CertificateRequestView } from './create-request.js';
import { keyAlgorithms } from '@kubepass/x509';
import { certificateSha256, certificationRequestPem } from '../http/schemas/example-certificate.js';
import { CertificateSchema, PublicKeySchema, shownCertificate, type Showing } from '../access/certificate-schemas.js';
import { pageOf, pageParameters, usernamePrefixParameter } from '../http/answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  exampleId,
  filePathPattern,
  idOf,
  instantOf,
  integerOf,
  labelsOf,
  messageOf,
  namedObject,
  nameOf,
  nullable,
  objectOf,
  oneOf,
  principalNameOf,
  reasonOf,
  ref,
  sha256Of,
  textOf,
  writtenTextOf,
  viewOf,
} from '../http/schemas/schema-parts.js';
import { BlastRadiusSchema, blastRadiusView } from './blast-radius-view.js';
import { ApproversSchema, RecordedDecisionSchema } from './decision-schemas.js';
import { ActionSchema, actionsView } from './request-actions-view.js';

const stageOf = (description: string) =>
  integerOf(`${description} An index into \`decision.stages\`.`, 0, { minimum: 0, maximum: 1000 });

export const exampleRequests = [
  { cluster: 'demo', username: 'jane@corp.example', groups: ['team-a'], expirationSeconds: 86400 },
];

export const CertificateRequestSpecSchema = namedObject(
  'CertificateRequestSpec',
  'A request for a certificate.',
  {
    cluster: Type.Optional(dnsLabelOf('The cluster; may be left out if only one is configured.', 'demo')),
    username: Type.Optional(nameOf('Required without `csr`; with `csr`, must equal its CN.', 'jane@corp.example')),
    groups: Type.Optional(
      Type.Array(nameOf('One group.', 'team-a'), {
        maxItems: 32,
        uniqueItems: true,
        description: 'With `csr`, must equal its O values as a set.',
      }),
    ),
    csr: Type.Optional(
      textOf('A PKCS#10 certification request as PEM. The caller keeps the key.', certificationRequestPem, {
        minLength: 1,
        maxLength: 32768,
      }),
    ),
    keyAlgorithm: Type.Optional(
      oneOf(keyAlgorithms, 'The algorithm of the key that kubepass generates (default `ECDSA-P256`); not with `csr`.'),
    ),
    expirationSeconds: Type.Optional(
      integerOf(
        'The requested lifetime; default: a day, or that of the renewed certificate; less if policy allows less.',
        86400,
        {
          minimum: 600,
          maximum: 2147483647,
        },
      ),
    ),
    namespace: Type.Optional(dnsLabelOf('The namespace of the kubeconfig’s context.', 'team-a')),
    reason: Type.Optional(writtenTextOf('Why it is needed, for the people who decide.', 'joins team A on Monday')),
    labels: Type.Optional(
      labelsOf('Marks to find the request by. Policies and webhooks see them, Kubernetes does not.'),
    ),
    collector: Type.Optional(principalNameOf('The principal who may collect the key; default: the requester.', 'jane')),
  },
  exampleRequests,
);

export const CommentSchema = namedObject('Comment', 'May be left out.', {
  comment: Type.Optional(writtenTextOf('Why, in words.', 'joins team A')),
});

/** The body of an operation that needs none: `{}` is accepted, a property is not. */
export const CertificateRequestSchema = namedObject(
  'CertificateRequest',
  'A request for a user certificate, and what became of it.',
  {
    id: idOf('UUIDv7.'),
    state: oneOf(requestStates, 'Its state.'),
    cluster: dnsLabelOf('The cluster.', 'demo'),
    username: nameOf('The CN of the certificate.', 'jane@corp.example'),
    groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32, description: 'In the order of the request.' }),
    keyAlgorithm: oneOf(keyAlgorithms, 'The algorithm of the key.'),
    publicKey: nullable(ref(PublicKeySchema), 'Null until there is a key.'),
    expirationSeconds: integerOf('The lifetime.', 86400, { minimum: 0, maximum: 2147483647 }),
    namespace: nullable(dnsLabelOf('A namespace.', 'team-a'), 'The namespace of the kubeconfig’s context.'),
    reason: nullable(
      Type.String({ maxLength: 1024, examples: ['joins team A on Monday'] }),
      'The reason that the requester gave.',
    ),
    labels: labelsOf('The labels that the requester gave.'),
    requester: principalNameOf('The principal who made the request.', 'hr-system'),
    collector: principalNameOf('The principal who may collect the key.', 'hr-system'),
    renewalOf: nullable(
      sha256Of('The SHA-256 of the certificate that it renews', certificateSha256),
      'Null if it renews none.',
    ),
    createdAt: instantOf('When the request was made.'),
    waitsUntil: nullable(
      instantOf('An instant.'),
      'Until when it waits to be decided or collected; then it expires. Null once it has ended.',
    ),
    decision: ref(RecordedDecisionSchema),
    approvals: Type.Array(
      closed({
        principal: principalNameOf('The principal who approved.', 'team-lead'),
        at: instantOf('When.'),
        comment: nullable(Type.String({ maxLength: 1024, examples: ['joins team A'] })),
        stage: stageOf('The stage for which it counts.'),
        byNewToken: Type.Optional(
          Type.Boolean({ description: 'True if the approver came by an API token less than a day old, else absent.' }),
        ),
      }),
      { maxItems: 10000, description: 'The approvals so far.' },
    ),
    awaiting: Type.Array(
      closed({
        stage: stageOf('The stage.'),
        needed: integerOf('How many more approvals the stage needs.', 1, { minimum: 1, maximum: 1000 }),
        approvers: Type.Optional(ref(ApproversSchema)),
      }),
      {
        maxItems: 100,
        description:
          'The stages whose approvals a pending request still needs, in order. Only the first can be approved now.',
      },
    ),
    certificate: nullable(ref(CertificateSchema), 'Null until it is issued.'),
    failure: nullable(
      closed({
        reason: reasonOf('Stable.', 'NoLongerPermitted'),
        message: messageOf('The reason in words.', 'no policy applies'),
      }),
      'Why no certificate was issued.',
    ),
    timeline: Type.Optional(
      Type.Array(
        closed({
          at: instantOf('When.'),
          type: reasonOf('What happened: the type of the audit event.', 'CertificateRequested'),
          principal: nullable(principalNameOf('A principal.', 'hr-system'), 'Who did it; null: kubepass itself.'),
          message: nullable(Type.String({ maxLength: 4096, examples: ['policy "developers" permits it'] })),
        }),
        {
          maxItems: 10000,
          description: 'Its history, oldest first. Only in the answer to a read of this one request.',
        },
      ),
    ),
    blastRadius: Type.Optional(
      nullable(
        ref(BlastRadiusSchema),
        'What the identity could do on the cluster now; null if that is not known. Only in the answer to a read of this one request, for an approver, auditor or admin.',
      ),
    ),
    actions: Type.Optional(
      objectOf('What the caller may do with it now. Only in the answer to a read of this one request.', {
        approve: ref(ActionSchema),
        deny: ref(ActionSchema),
        cancel: ref(ActionSchema),
        collect: ref(ActionSchema),
      }),
    ),
  },
);
export type CertificateRequestBody = Static<typeof CertificateRequestSchema>;

const shown = viewOf(CertificateRequestSchema);

/** The request, with its details if one request is read. */
export function certificateRequestView(
  {
    request,
    certificate,
    timeline,
    recomputed,
    blastRadius,
    actions,
  }: CertificateRequestView & Partial<CertificateRequestDetails>,
  showing: Showing,
) {
  const { decision, requester, renewal, approvals } = request;
  return shown({
    ...request,
    requester: requester.name,
    renewalOf: renewal?.of ?? null,
    decision: {
      ...decision,
      makers: decision.makers ?? [],
      requester,
      trace: recomputed?.trace,
      traceNote: recomputed?.note,
    },
    approvals: approvals.map((approval) => ({ ...approval, stage: approval.stage ?? 0 })),
    awaiting: awaitedStages(request),
    certificate: certificate && shownCertificate(certificate, showing),
    timeline,
    blastRadius: blastRadius && blastRadiusView(blastRadius),
    actions: actions && actionsView(actions),
  });
}

export const CertificateRequestListSchema = pageOf(CertificateRequestSchema, 'Certificate requests, newest first.');

export const CertificateRequestQuerySchema = closed({
  state: Type.Optional(
    Type.Array(oneOf(requestStates), {
      maxItems: requestStates.length,
      description: 'Only requests in this state. Repeat it for several states.',
    }),
  ),
  cluster: Type.Optional(dnsLabelOf('Only requests for this cluster.', 'demo')),
  username: Type.Optional(nameOf('Only requests for this username.', 'jane@corp.example')),
  ...usernamePrefixParameter('requests'),
  requester: Type.Optional(principalNameOf('Only requests that this principal made.', 'hr-system')),
  label: Type.Optional(
    Type.Array(
      textOf('`key=value`.', 'team=payments', { maxLength: 128, pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?=' }),
      { maxItems: labelBounds.count, description: 'Only requests with this label. Repeat it for several labels.' },
    ),
  ),
  awaiting: Type.Optional(
    oneOf(
      ['me'],
      'Only pending requests that the caller could approve now. A page may have fewer than `limit` items, or none, ' +
        'although it has a `nextCursor`.',
    ),
  ),
  decided: Type.Optional(
    oneOf(['me'], 'Only requests that the caller approved or denied, those first on which they decided last.'),
  ),
  mine: Type.Optional(oneOf(['true'], 'Only requests that the caller asked for or collects.')),
  ...pageParameters,
});

export const CertificateRequestParamsSchema = closed({
  id: textOf('The request’s id, as `Location` and the list give it.', exampleId, { minLength: 1, maxLength: 64 }),
});

export const KubeconfigQuerySchema = closed({
  clientKeyPath: Type.Optional(
    textOf(
      'The path of the key on the caller’s machine, default `client.key`; relative paths start at the folder of the ' +
        'kubeconfig.',
      'jane.key',
      { minLength: 1, maxLength: 1024, pattern: filePathPattern },
    ),
  ),
});
