import { type Static, Type } from 'typebox';
import { escalationKinds } from '../model/blast-radius.js';
import { labelBounds } from '../model/certificate-request.js';
import { roles } from '../model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { weekdays } from './hours.js';
import { PolicyTestSchema } from './policy-test-schema.js';

/** The powers that a guardrail may ask about. */
const resolutions = ['ClusterAdmin', ...escalationKinds] as const;
export type Resolution = (typeof resolutions)[number];

const closed = { additionalProperties: false } as const;

const glob = Type.String({ minLength: 1, maxLength: 256 });
const globs = (description: string) =>
  Type.Optional(
    Type.Array(glob, {
      maxItems: 1000,
      description: `${description} Globs: \`*\` is any run of characters.`,
    }),
  );

const principals = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        names: globs('Names of principals.'),
        groups: globs('Groups of principals. One match is enough.'),
        roles: Type.Optional(
          Type.Array(Type.Enum([...roles]), {
            maxItems: roles.length,
            description: 'Roles. One that the principal holds is enough.',
          }),
        ),
      },
      { ...closed, description },
    ),
  );

const Selector = Type.Object(
  {
    clusters: globs('Names of clusters.'),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.Array(glob, { maxItems: 1000 }), {
        maxProperties: labelBounds.count,
        description: 'Globs for the value of each label by its key. The request must have all of these labels.',
      }),
    ),
    requesters: principals('The principals who ask.'),
  },
  {
    ...closed,
    description:
      'The requests that it applies to. Every field must match. An omitted field matches any value, an empty list none.',
  },
);

const header = {
  apiVersion: Type.Literal('kubepass/v1'),
  metadata: Type.Object(
    {
      name: Type.String({
        minLength: 1,
        maxLength: 63,
        description: 'A DNS label that no other policy or guardrail has.',
      }),
    },
    closed,
  ),
};

const tests = Type.Optional(
  Type.Array(PolicyTestSchema, {
    maxItems: 1000,
    description: 'Requests with the decision that is expected of the whole set. `npm run policy:check` runs them.',
  }),
);

/** CEL. The compiler of expressions checks the real limits. */
const expression = (description: string) => Type.String({ minLength: 1, maxLength: 16_384, description });

// certificates.k8s.io/v1 spec.expirationSeconds: at least 600, an int32.
const seconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 600, maximum: 2 ** 31 - 1, description }));

const instant = (description: string) => Type.Optional(Type.String({ maxLength: 64, description }));

const Stages = Type.Array(
  Type.Object(
    {
      count: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 100, description: 'The number of approvals. Default: 1.' }),
      ),
      approvers: principals('The principals who may approve. Default: every holder of role approver or admin.'),
    },
    closed,
  ),
  { maxItems: 20, description: 'All stages are needed, in this order. Nobody may approve twice.' },
);

const Hours = Type.Object(
  {
    timeZone: Type.String({ minLength: 1, maxLength: 64, description: 'An IANA time zone, such as Europe/Berlin.' }),
    weekdays: Type.Optional(
      Type.Array(Type.Enum([...weekdays]), {
        minItems: 1,
        maxItems: weekdays.length,
        uniqueItems: true,
        description: 'The days. A range over midnight belongs to the day on which it begins. Default: every day.',
      }),
    ),
    from: Type.Optional(
      Type.String({ minLength: 5, maxLength: 5, description: 'HH:MM on the clock of the time zone, inclusive.' }),
    ),
    to: Type.Optional(
      Type.String({
        minLength: 5,
        maxLength: 5,
        description: 'HH:MM, exclusive. If it is before `from`, it is on the next day. 24:00 is the end of the day.',
      }),
    ),
  },
  { ...closed, description: 'The hours in which requests are permitted. Default: always.' },
);

const Constraints = Type.Object(
  {
    minExpirationSeconds: seconds('The shortest lifetime.'),
    maxExpirationSeconds: seconds('The longest lifetime. A request without a lifetime gets this, but at most a day.'),
    keyAlgorithms: Type.Optional(
      Type.Array(Type.Enum([...keyAlgorithms, 'RSA']), {
        maxItems: 20,
        description: '`RSA` means RSA of every size. Default: any.',
      }),
    ),
    minRsaBits: Type.Optional(
      Type.Integer({ minimum: 2048, maximum: 4096, description: 'The smallest RSA key. Other keys are not affected.' }),
    ),
    reason: Type.Optional(
      Type.Object(
        {
          pattern: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 240,
              description: 'A regular expression that the whole reason must match, such as `(INC|CHG)-[0-9]{4,8}`.',
            }),
          ),
        },
        { ...closed, description: 'The request must give a reason.' },
      ),
    ),
    hours: Type.Optional(Hours),
    notBefore: instant('RFC 3339. The policy does not apply before this instant.'),
    notAfter: instant('RFC 3339. The policy does not apply after this instant.'),
  },
  { ...closed, description: 'Further limits on a request.' },
);

const Validations = Type.Array(
  Type.Object(
    {
      expression: expression('CEL over `request`, `requester`, `now`, `active` and `renewal` that must be true.'),
      message: Type.Optional(
        Type.String({ minLength: 1, maxLength: 512, description: 'The message if it is not true.' }),
      ),
      messageExpression: Type.Optional(
        expression('CEL for a text to use instead of `message`. If it cannot be evaluated, `message` is used.'),
      ),
    },
    closed,
  ),
  { maxItems: 50, description: 'Expressions. All of them must be true.' },
);

const bound = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: `${description} Default: no bound.` }));

const QuotaFields = Type.Object(
  {
    livePerUsername: bound('Certificates of one username that are valid, approved or being issued.'),
    livePerGroup: bound('Certificates with one group. Each group of the request is counted.'),
    livePerRequester: bound('Certificates that one requester asked for.'),
    issuancesPerHour: bound('Certificates issued to one requester in an hour.'),
  },
  {
    ...closed,
    description: 'Limits on the number of certificates on one cluster. Certificates under every policy count.',
  },
);

const Approval = Type.Object(
  {
    mode: Type.Enum(['auto', 'manual'], {
      description: '`auto`: without approval. `manual`: after people have approved.',
    }),
    stages: Type.Optional(Stages),
    expiresAfterSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 31_536_000,
        description: 'How long a request waits for approval. Default: the limit of the service.',
      }),
    ),
  },
  closed,
);

const Renewal = Type.Object(
  {
    approval: Type.Optional(
      Type.Enum(['same', 'auto'], {
        description:
          '`same` (default): as for any request. `auto`: nobody is asked again while the last approval by people is recent.',
      }),
    ),
    withinSeconds: Type.Optional(
      Type.Integer({
        minimum: 600,
        maximum: 2 ** 31 - 1,
        description: 'With `auto`: how old that approval may be.',
      }),
    ),
    afterExpirySeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2 ** 31 - 1,
        description: 'How long after its end a certificate may be renewed. Default: not after its end.',
      }),
    ),
  },
  { ...closed, description: 'How certificates are renewed.' },
);

/** A document of kind Policy, as written. */
export const PolicyDocument = Type.Object(
  {
    ...header,
    kind: Type.Literal('Policy'),
    spec: Type.Object(
      {
        selector: Selector,
        allowed: Type.Object(
          {
            usernames: globs('Usernames. `${requester.username}` is the requester’s own name.'),
            groups: globs(
              'Groups. Each group of the request must match. `${requester.username}` is the requester’s name.',
            ),
            groupsFromDirectory: Type.Optional(
              Type.Record(
                Type.String({ minLength: 1, maxLength: 256 }),
                Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000 }),
                {
                  maxProperties: 1000,
                  description:
                    'Groups by membership: for each directory group, the groups that a username in it may have, besides ' +
                    '`groups`. A directory group is named by its externalId or displayName, as the configuration says.',
                },
              ),
            ),
            collectors: globs('The principals who may collect the key. Default: the requester alone.'),
          },
          {
            ...closed,
            description: 'The names that a request may have. If a field is omitted, the request must not have it.',
          },
        ),
        constraints: Type.Optional(Constraints),
        validations: Type.Optional(Validations),
        quota: Type.Optional(QuotaFields),
        approval: Approval,
        renewal: Type.Optional(Renewal),
        kubeconfig: Type.Optional(
          Type.Object(
            {
              namespace: Type.Optional(
                Type.String({ minLength: 1, maxLength: 63, description: 'The namespace if the request names none.' }),
              ),
              contextName: Type.Optional(
                Type.String({ minLength: 1, maxLength: 64, description: 'Letters, digits and inner . _ : @ / -' }),
              ),
            },
            { ...closed, description: 'Defaults for kubeconfigs.' },
          ),
        ),
      },
      closed,
    ),
    tests,
  },
  { ...closed, description: 'Permits requests. One policy that permits is enough.' },
);
export type PolicyDocument = Static<typeof PolicyDocument>;

/** A document of kind Guardrail, as written. */
export const GuardrailDocument = Type.Object(
  {
    ...header,
    kind: Type.Literal('Guardrail'),
    spec: Type.Object(
      {
        selector: Selector,
        match: Type.Optional(
          Type.Object(
            { usernames: globs('Usernames.'), groups: globs('Groups. One group that matches is enough.') },
            { ...closed, description: 'One match is enough. Default: every request that the selector matches.' },
          ),
        ),
        matchConditions: Type.Optional(
          Type.Array(
            Type.Object(
              {
                name: Type.String({ minLength: 1, maxLength: 63, description: 'A DNS label, for the trace.' }),
                expression: expression('CEL over `request`, `requester`, `now`, `active` and `renewal`.'),
              },
              closed,
            ),
            { maxItems: 50, description: 'All of them must be true. One that cannot be evaluated denies.' },
          ),
        ),
        resolvesTo: Type.Optional(
          Type.Array(Type.Enum([...resolutions]), {
            minItems: 1,
            maxItems: resolutions.length,
            description: 'The powers that the identity would have by the role bindings of the cluster. One is enough.',
          }),
        ),
        approval: Type.Optional(
          Type.Object(
            { stages: Stages },
            {
              ...closed,
              description:
                'Requires at least this approval, whatever the policy says. The guardrail then does not deny.',
            },
          ),
        ),
        message: Type.String({ minLength: 1, maxLength: 512, description: 'The reason. The requester sees it.' }),
      },
      closed,
    ),
    tests,
  },
  { ...closed, description: 'Denies requests or requires approval, whatever policies permit.' },
);
export type GuardrailDocument = Static<typeof GuardrailDocument>;

/**
 * The JSON Schema of one document of a policy file, for editors. It checks the shape alone. Loading and `policy:check`
 * also check variables in globs, expressions and time zones.
 */
export const policyJsonSchema: object = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'kubepass policy',
  description: 'A document of a policy file: a Policy or a Guardrail.',
  // `if` instead of `anyOf`: an editor then shows the errors of this kind instead of the errors of both.
  type: 'object',
  required: ['kind'],
  properties: { kind: { enum: ['Policy', 'Guardrail'] } },
  if: { properties: { kind: { const: 'Guardrail' } } },
  then: GuardrailDocument,
  else: PolicyDocument,
};
