import { type Static, Type } from 'typebox';
import { escalationKinds } from '../model/blast-radius.js';
import { roles } from '../model/principal.js';
import { keyAlgorithms } from '../x509/strict/key-algorithm.js';
import { weekdays } from './hours.js';
import { PolicyTestSchema } from './policy-test-schema.js';

/** What a guardrail may ask of a blast radius. */
export const resolutions = ['ClusterAdmin', ...escalationKinds] as const;
export type Resolution = (typeof resolutions)[number];

const closed = { additionalProperties: false } as const;

const globs = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      maxItems: 1000,
      description: `${description} Globs: \`*\` is any run of characters.`,
    }),
  );

const principals = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        names: globs('Names of principals.'),
        groups: globs('Groups of principals: one that matches is enough.'),
        roles: Type.Optional(
          Type.Array(Type.Enum([...roles]), {
            maxItems: roles.length,
            description: 'Roles: one that the principal holds is enough.',
          }),
        ),
      },
      { ...closed, description },
    ),
  );

const Selector = Type.Object(
  { clusters: globs('Names of clusters.'), requesters: principals('Who asks.') },
  {
    ...closed,
    description:
      'Which requests it speaks about: every field must match; one that is left out matches any, an empty list none.',
  },
);

const header = {
  apiVersion: Type.Literal('kubepass/v1'),
  metadata: Type.Object(
    {
      name: Type.String({
        minLength: 1,
        maxLength: 63,
        description: 'A DNS label, and the only one of this name among all policies and guardrails.',
      }),
    },
    closed,
  ),
};

const tests = Type.Optional(
  Type.Array(PolicyTestSchema, {
    maxItems: 1000,
    description: 'Requests with the decision that is expected of the whole set; `npm run policy:check` runs them.',
  }),
);

/** CEL. How long an expression may be, and what it may do, is the compiler's to say. */
const expression = (description: string) => Type.String({ minLength: 1, maxLength: 16_384, description });

// certificates.k8s.io/v1 spec.expirationSeconds: at least 600, an int32.
const seconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 600, maximum: 2 ** 31 - 1, description }));

const instant = (description: string) => Type.Optional(Type.String({ maxLength: 64, description }));

const Stages = Type.Array(
  Type.Object(
    {
      count: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 100, description: 'How many must approve. Default: 1.' }),
      ),
      approvers: principals('Who may; left out: whoever holds role approver or admin.'),
    },
    closed,
  ),
  { maxItems: 20, description: 'All of them, in this order; nobody counts twice.' },
);

const Hours = Type.Object(
  {
    timeZone: Type.String({ minLength: 1, maxLength: 64, description: 'An IANA time zone, such as Europe/Berlin.' }),
    weekdays: Type.Optional(
      Type.Array(Type.Enum([...weekdays]), {
        minItems: 1,
        maxItems: weekdays.length,
        uniqueItems: true,
        description: 'On which days; a range over midnight belongs to the day that it begins on. Default: every day.',
      }),
    ),
    from: Type.Optional(
      Type.String({ minLength: 5, maxLength: 5, description: 'HH:MM on the clock of the time zone, included.' }),
    ),
    to: Type.Optional(
      Type.String({
        minLength: 5,
        maxLength: 5,
        description: 'HH:MM, excluded; before `from`: on the next day. 24:00 is the end of the day.',
      }),
    ),
  },
  { ...closed, description: 'When requests are permitted. Default: always.' },
);

const Constraints = Type.Object(
  {
    minExpirationSeconds: seconds('The shortest lifetime.'),
    maxExpirationSeconds: seconds('The longest lifetime. A request that names none gets this, and at most a day.'),
    keyAlgorithms: Type.Optional(
      Type.Array(Type.Enum([...keyAlgorithms, 'RSA']), {
        maxItems: 20,
        description: '`RSA` is RSA of every size. Default: any.',
      }),
    ),
    minRsaBits: Type.Optional(
      Type.Integer({ minimum: 2048, maximum: 4096, description: 'The smallest RSA key; other keys are not affected.' }),
    ),
    reason: Type.Optional(
      Type.Object(
        {
          pattern: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 240,
              description: 'A regular expression that the whole reason matches, such as `(INC|CHG)-[0-9]{4,8}`.',
            }),
          ),
        },
        { ...closed, description: 'The request must give a reason.' },
      ),
    ),
    hours: Type.Optional(Hours),
    notBefore: instant('RFC 3339: before it the policy does not apply.'),
    notAfter: instant('RFC 3339: after it the policy does not apply.'),
  },
  { ...closed, description: 'What else a request must keep to.' },
);

const Validations = Type.Array(
  Type.Object(
    {
      expression: expression('CEL over `request`, `requester`, `now` and `active` that must be true.'),
      message: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'Said where it is not.' })),
      messageExpression: Type.Optional(
        expression('CEL for a text that is said instead; where it cannot be evaluated, `message` is.'),
      ),
    },
    closed,
  ),
  { maxItems: 50, description: 'Expressions that must all be true.' },
);

const bound = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: `${description} Default: no bound.` }));

const QuotaFields = Type.Object(
  {
    livePerUsername: bound('Certificates of one username that are valid or on their way.'),
    livePerGroup: bound('Certificates with one and the same group, of each group that is asked for.'),
    livePerRequester: bound('Certificates that one requester asked for.'),
    issuancesPerHour: bound('Certificates issued to one requester in an hour.'),
  },
  { ...closed, description: 'How many there may be at once on one cluster, whichever policy gave them out.' },
);

const Approval = Type.Object(
  {
    mode: Type.Enum(['auto', 'manual'], { description: '`auto`: at once. `manual`: when people have approved.' }),
    stages: Type.Optional(Stages),
    expiresAfterSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 31_536_000,
        description: 'How long a request waits for approval. Default: as long as the service lets any wait.',
      }),
    ),
  },
  closed,
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
            usernames: globs('`${requester.username}` is the requester’s own name.'),
            groups: globs('Each group that is asked for must match. `${requester.username}` is the requester’s name.'),
            collectors: globs('Who may collect the key. Default: the requester alone.'),
          },
          {
            ...closed,
            description: 'What may be asked for; a field that is left out must be absent from the request.',
          },
        ),
        constraints: Type.Optional(Constraints),
        validations: Type.Optional(Validations),
        quota: Type.Optional(QuotaFields),
        approval: Approval,
        kubeconfig: Type.Optional(
          Type.Object(
            {
              namespace: Type.Optional(
                Type.String({ minLength: 1, maxLength: 63, description: 'Where the request names none.' }),
              ),
              contextName: Type.Optional(
                Type.String({ minLength: 1, maxLength: 64, description: 'Letters, digits and inner . _ : @ / -' }),
              ),
            },
            { ...closed, description: 'What a kubeconfig gets.' },
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
            { usernames: globs('The username.'), groups: globs('Any one of the groups.') },
            { ...closed, description: 'Any one that matches is enough. Left out: whatever the selector matches.' },
          ),
        ),
        matchConditions: Type.Optional(
          Type.Array(
            Type.Object(
              {
                name: Type.String({ minLength: 1, maxLength: 63, description: 'A DNS label, for the trace.' }),
                expression: expression('CEL over `request`, `requester`, `now` and `active`.'),
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
            description: 'What the identity would amount to by the cluster’s role bindings; any one is enough.',
          }),
        ),
        approval: Type.Optional(
          Type.Object(
            { stages: Stages },
            { ...closed, description: 'Asks for at least this approval, whatever the policy says, and does not deny.' },
          ),
        ),
        message: Type.String({ minLength: 1, maxLength: 512, description: 'Why; the requester is told.' }),
      },
      closed,
    ),
    tests,
  },
  { ...closed, description: 'Denies requests, or asks for approval, whatever policies permit.' },
);
export type GuardrailDocument = Static<typeof GuardrailDocument>;

/**
 * The JSON Schema of one document of a policy file, for editors. It tells the shape; what it cannot tell (globs'
 * variables, expressions, time zones) loading and `policy:check` do.
 */
export const policyJsonSchema: object = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'kubepass policy',
  description: 'A document of a policy file: a Policy or a Guardrail.',
  // One after the other by kind: an editor then says what is wrong with that kind, and not that neither fits.
  type: 'object',
  required: ['kind'],
  properties: { kind: { enum: ['Policy', 'Guardrail'] } },
  if: { properties: { kind: { const: 'Guardrail' } } },
  then: GuardrailDocument,
  else: PolicyDocument,
};
