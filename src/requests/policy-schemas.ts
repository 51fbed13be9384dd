import { Type, type Static } from 'typebox';
import type { Evaluation } from './evaluate-policies.js';
import { BlastRadiusSchema, blastRadiusView } from './blast-radius-view.js';
import { ApprovalStageSchema, decisionProperties, traceOf, violations } from './decision-schemas.js';
import { exampleRequests, CertificateRequestSpecSchema } from './request-schemas.js';
import { certificateSha256 } from '../http/schemas/example-certificate.js';
import { keyAlgorithms } from '@kubepass/x509';
import { roles } from '../model/principal.js';
import { nextCursorProperty } from '../http/answers/page-schemas.js';
import {
  viewOf,
  closed,
  dnsLabelOf,
  instantOf,
  instantTextOf,
  integerOf,
  namedObject,
  nullable,
  objectOf,
  oneOf,
  principalGroupsOf,
  principalNameOf,
  ref,
  sha256Of,
  textOf,
  warningsOf,
} from '../http/schemas/schema-parts.js';

const LoadedPolicySchema = namedObject('LoadedPolicy', 'A policy or guardrail in force.', {
  kind: oneOf(['Policy', 'Guardrail'], 'Policy or guardrail.'),
  name: textOf('Its `metadata.name`.', 'developers', { maxLength: 256 }),
  path: textOf('The file that it was loaded from.', 'demo.yaml', { maxLength: 4096 }),
  spec: Type.Unknown({
    description: 'Its `spec`, as in the file.',
    examples: [{ selector: { clusters: ['demo'] }, allowed: { usernames: ['*'] }, approval: { mode: 'auto' } }],
  }),
});

export const LoadedPolicyListSchema = namedObject('LoadedPolicyList', 'The policy set in force.', {
  digest: sha256Of('SHA-256 of the whole set'),
  items: Type.Array(ref(LoadedPolicySchema), { maxItems: 500 }),
  nextCursor: nextCursorProperty,
  warnings: warningsOf('whoever holds an admin’s API token can approve alone'),
});
export type LoadedPolicyListBody = Static<typeof LoadedPolicyListSchema>;

const globs = Type.Array(Type.String({ maxLength: 512, examples: ['team-*'] }), { maxItems: 1000 });

const PolicyOfferSchema = namedObject(
  'PolicyOffer',
  'What the caller may ask for under one policy. Usernames, groups and collectors are globs, with the caller’s name ' +
    'filled in. `groups` lacks those that depend on the directory.',
  {
    policy: textOf('Its name.', 'developers', { maxLength: 256 }),
    clusters: Type.Array(Type.String({ maxLength: 63, examples: ['demo'] }), { maxItems: 1000 }),
    usernames: globs,
    groups: globs,
    maxExpirationSeconds: nullable(Type.Integer({ minimum: 600, examples: [86400] }), 'Null: any lifetime.'),
    keyAlgorithms: Type.Array(oneOf(keyAlgorithms), { maxItems: keyAlgorithms.length }),
    approval: oneOf(['auto', 'manual']),
    stages: Type.Array(ref(ApprovalStageSchema), { maxItems: 100 }),
    reason: closed({
      required: Type.Boolean(),
      pattern: nullable(Type.String({ maxLength: 240, examples: ['INC-[0-9]+'] })),
    }),
    collectors: globs,
  },
);

export const PolicyOfferListSchema = namedObject('PolicyOfferList', 'All of them.', {
  items: Type.Array(ref(PolicyOfferSchema), { maxItems: 10_000 }),
});
export const policyOffersView = viewOf(PolicyOfferListSchema);

export const PolicyTextsSchema = namedObject('PolicyTexts', 'The policy set in force, as written.', {
  digest: sha256Of('SHA-256 of the whole set'),
  files: Type.Array(
    closed({
      path: Type.String({ maxLength: 4096, examples: ['demo.yaml'] }),
      text: Type.String({ maxLength: 262_144, examples: ['apiVersion: kubepass/v1\n…'] }),
    }),
    { maxItems: 10_000 },
  ),
});
export const policyTextsView = viewOf(PolicyTextsSchema);

/** The most octets of a body that holds policies. */
export const maxDraftOctets = 1024 * 1024;

const policies = Type.Array(
  textOf(
    'YAML, as in one policy file.',
    'apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: demo }\nspec:\n  selector: {}\n  allowed: { usernames: ["*"] }\n  approval: { mode: auto }\n',
    { minLength: 1, maxLength: maxDraftOctets },
  ),
  {
    minItems: 1,
    maxItems: 100,
    description: 'A complete policy set to try out instead of the one in force. Only for an auditor or admin.',
  },
);

const supposedProperties = {
  active: Type.Optional(
    Type.Boolean({
      description: 'Whether the person is active in the directory. By default as it is.',
      examples: [true],
    }),
  ),
  groups: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      maxItems: 500,
      description: 'The directory groups, as policies name them. By default those that the person is in.',
      examples: [['payments']],
    }),
  ),
};

export const EvaluationSpecSchema = namedObject(
  'EvaluationSpec',
  'A request to try out, and the policies to try it under.',
  {
    ...CertificateRequestSpecSchema.properties,
    policies: Type.Optional(policies),
    directory: Type.Optional(
      objectOf('Supposed of the username, to see a joiner, a mover or a leaver before it happens.', supposedProperties),
    ),
    requester: Type.Optional(
      objectOf('Who is supposed to ask, in place of the caller. For an auditor or admin; the event names both.', {
        name: principalNameOf('Their name.', 'jane'),
        groups: Type.Optional(principalGroupsOf('Their groups; default: none.')),
        roles: Type.Optional(
          Type.Array(oneOf(roles), { maxItems: roles.length, description: 'Their roles; default: requester.' }),
        ),
      }),
    ),
    renewalOf: Type.Optional(
      sha256Of(
        'Tries out the renewal of this certificate, which takes no more than `csr` or `keyAlgorithm`, `expirationSeconds` and `reason`: its SHA-256',
        certificateSha256,
      ),
    ),
    record: Type.Optional(
      Type.Boolean({
        description:
          '`false`: a form asks while it is filled in, so the answer leaves no audit event, and has no `blastRadius`. Only for a browser session without `policies`, `requester` and `directory`: every other call is recorded all the same.',
        examples: [true],
      }),
    ),
  },
  exampleRequests,
);

export const ReplaySpecSchema = namedObject(
  'ReplaySpec',
  'The recorded requests to replay, and the policies to replay them under.',
  {
    policies,
    after: Type.Optional(instantOf('Only requests that were made then or later.')),
    before: Type.Optional(instantOf('Only requests that were made before then; default: now.')),
    cluster: Type.Optional(dnsLabelOf('Only requests for this cluster.', 'demo')),
    directory: Type.Optional(
      Type.Array(
        objectOf('Supposed of one username.', {
          username: textOf('The username.', 'jane@corp.example', { minLength: 1, maxLength: 64 }),
          ...supposedProperties,
        }),
        {
          maxItems: 100,
          description:
            'Joiners, movers and leavers, as if the directory had told of them when the requests were decided.',
        },
      ),
    ),
  },
);

const bound = (description: string) => Type.Optional(integerOf(description, 3, { minimum: 0, maximum: 2147483647 }));

const QuotaSchema = objectOf('The limits of the deciding policy; empty: no limits.', {
  livePerUsername: bound('Live certificates of the username.'),
  livePerGroup: bound('Live certificates of each group.'),
  livePerRequester: bound('Live certificates that the requester asked for.'),
  issuancesPerHour: bound('Certificates issued to the requester within an hour.'),
});

const count = (description: string) => integerOf(description, 1, { minimum: 0, maximum: 2147483647 });

const UsageSchema = closed({
  livePerUsername: count('Live certificates of the username.'),
  livePerGroup: Type.Record(Type.String({ maxLength: 64 }), count('Live certificates.'), {
    description: 'By group, for each group of the request.',
  }),
  livePerRequester: count('Live certificates that the requester asked for.'),
  issuancesPerHour: count('Certificates issued to the requester within the last hour, or being issued now.'),
  livePerLineage: Type.Optional(count('Live certificates of the lineage that is renewed; absent if none is.')),
});

export const DecisionSchema = namedObject('Decision', 'What policy would decide on a request that is only tried out.', {
  policySetDigest: sha256Of('SHA-256 of the policies that decided'),
  draft: Type.Boolean({ description: 'Whether those policies came with this call.' }),
  ...decisionProperties,
  expirationSeconds: nullable(
    Type.Integer({ minimum: 0, maximum: 2147483647, examples: [86400] }),
    'The lifetime of the certificate; null if the request is denied.',
  ),
  expiresAfterSeconds: nullable(
    Type.Integer({ minimum: 0, maximum: 2147483647 }),
    'How long the request would wait for approval; null: the default time, or no approval is needed.',
  ),
  quota: QuotaSchema,
  usage: nullable(UsageSchema, 'What counts against the quotas now; null if no policy has a quota.'),
  renewal: Type.Optional(
    objectOf('The certificate that is renewed; absent if none is.', {
      of: sha256Of('Its SHA-256', certificateSha256),
      generation: count('1 for the first renewal.'),
      approvedAt: nullable(
        instantTextOf('An instant.'),
        'The last approval by people that counts for a renewal by the caller; null: there is none.',
      ),
      notAfter: instantTextOf('Its end.'),
    }),
  ),
  directory: Type.Optional(
    objectOf('The username in the directory; absent if nobody uses one.', {
      state: oneOf(['active', 'inactive', 'unknown'], '`unknown`: nobody of this name is or was there.'),
      groups: Type.Array(Type.String({ maxLength: 256 }), {
        maxItems: 10_000,
        description: 'The directory groups, as policies name them. Empty if no policy asks for them.',
        examples: [['payments']],
      }),
    }),
  ),
  kubeconfig: objectOf('What the deciding policy sets in the kubeconfig.', {
    namespace: nullable(
      Type.String({ maxLength: 253, examples: ['team-a'] }),
      'The namespace if the request names none.',
    ),
    contextName: nullable(
      Type.String({ maxLength: 253, examples: ['demo'] }),
      'The name of the context; null: the default name.',
    ),
  }),
  violations,
  trace: traceOf('How each guardrail and policy judged the request.'),
  blastRadius: Type.Optional(
    nullable(
      ref(BlastRadiusSchema),
      'What the identity could do on the cluster now; null if that is not known. Only for an approver, auditor or admin.',
    ),
  ),
});
export type DecisionBody = Static<typeof DecisionSchema>;

const shown = viewOf(DecisionSchema);

export function evaluationView({ decision, facts, policySetDigest, draft, blastRadius }: Evaluation): DecisionBody {
  const denied = {
    stages: [],
    expirationSeconds: null,
    expiresAfterSeconds: null,
    quota: {},
    kubeconfig: { namespace: null, contextName: null },
  };
  return shown({
    ...(decision.outcome === 'permitted' ? decision : { ...decision, ...denied }),
    policySetDigest,
    draft,
    usage: facts.usage ?? null,
    renewal: facts.renewal,
    directory: facts.directory?.username,
    blastRadius: blastRadius && blastRadiusView(blastRadius),
  });
}
