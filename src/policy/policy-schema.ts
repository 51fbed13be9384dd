import { type Static, Type } from 'typebox';
import { escalationKinds } from '../model/blast-radius.js';
import { labelBounds } from '../model/certificate-request.js';
import { roles } from '../model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { closedObject, listSchema, textSchema } from './check-shape.js';
import { weekdays } from './hours.js';
import { PolicyTestSchema } from './policy-test-schema.js';

/** The powers that a guardrail may ask about. */
const resolutions = ['ClusterAdmin', ...escalationKinds] as const;
export type Resolution = (typeof resolutions)[number];

const glob = textSchema(256);
const globs = (description: string) =>
  Type.Optional(listSchema(glob, 1000, `${description} Globs: \`*\` is any run of characters.`));

const principals = (description: string) =>
  Type.Optional(
    closedObject(description, {
      names: globs('Names of principals.'),
      groups: globs('Groups of principals. One match is enough.'),
      roles: Type.Optional(
        listSchema(Type.Enum([...roles]), roles.length, 'Roles. One that the principal holds is enough.'),
      ),
    }),
  );

const Selector = closedObject(
  'The requests that it applies to. Every field must match. An omitted field matches any value, an empty list none.',
  {
    clusters: globs('Names of clusters.'),
    labels: Type.Optional(
      Type.Record(Type.String(), listSchema(glob, 1000), {
        maxProperties: labelBounds.count,
        description: 'Globs for the value of each label by its key. The request must have all of these labels.',
      }),
    ),
    requesters: principals('The principals who ask.'),
  },
);

const header = {
  apiVersion: Type.Literal('kubepass/v1'),
  metadata: closedObject(null, { name: textSchema(63, 'A DNS label that no other policy or guardrail has.') }),
};

const tests = Type.Optional(
  listSchema(
    PolicyTestSchema,
    1000,
    'Requests with the decision that is expected of the whole set. `kubepass policy check` runs them.',
  ),
);

/** CEL. The compiler of expressions checks the real limits. */
const expression = (description: string) => textSchema(16_384, description);

const integer = (minimum: number, maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum, description }));
const int32 = 2 ** 31 - 1;
// certificates.k8s.io/v1 spec.expirationSeconds: at least 600, an int32.
const seconds = (description: string) => integer(600, int32, description);

const instant = (description: string) => Type.Optional(Type.String({ maxLength: 64, description }));

const Stages = listSchema(
  closedObject(null, {
    count: integer(1, 100, 'The number of approvals. Default: 1.'),
    approvers: principals('The principals who may approve. Default: every holder of role approver or admin.'),
  }),
  20,
  'All stages are needed, in this order. Nobody may approve twice.',
);

const timeOfDay = (description: string) => Type.Optional(Type.String({ minLength: 5, maxLength: 5, description }));

const Hours = closedObject('The hours in which requests are permitted. Default: always.', {
  timeZone: textSchema(64, 'An IANA time zone, such as Europe/Berlin.'),
  weekdays: Type.Optional(
    Type.Array(Type.Enum([...weekdays]), {
      minItems: 1,
      maxItems: weekdays.length,
      uniqueItems: true,
      description: 'The days. A range over midnight belongs to the day on which it begins. Default: every day.',
    }),
  ),
  from: timeOfDay('HH:MM on the clock of the time zone, inclusive.'),
  to: timeOfDay('HH:MM, exclusive. If it is before `from`, it is on the next day. 24:00 is the end of the day.'),
});

const Reason = closedObject('The request must give a reason.', {
  pattern: Type.Optional(
    textSchema(240, 'A regular expression that the whole reason must match, such as `(INC|CHG)-[0-9]{4,8}`.'),
  ),
});

const Constraints = closedObject('Further limits on a request.', {
  minExpirationSeconds: seconds('The shortest lifetime.'),
  maxExpirationSeconds: seconds('The longest lifetime. A request without a lifetime gets this, but at most a day.'),
  keyAlgorithms: Type.Optional(
    listSchema(Type.Enum([...keyAlgorithms, 'RSA']), 20, '`RSA` means RSA of every size. Default: any.'),
  ),
  minRsaBits: integer(2048, 4096, 'The smallest RSA key. Other keys are not affected.'),
  reason: Type.Optional(Reason),
  hours: Type.Optional(Hours),
  notBefore: instant('RFC 3339. The policy does not apply before this instant.'),
  notAfter: instant('RFC 3339. The policy does not apply after this instant.'),
});

const Validations = listSchema(
  closedObject(null, {
    expression: expression('CEL over `request`, `requester`, `now`, `active` and `renewal` that must be true.'),
    message: Type.Optional(textSchema(512, 'The message if it is not true.')),
    messageExpression: Type.Optional(
      expression('CEL for a text to use instead of `message`. If it cannot be evaluated, `message` is used.'),
    ),
  }),
  50,
  'Expressions. All of them must be true.',
);

const bound = (description: string) => integer(1, 1_000_000, `${description} Default: no bound.`);

const QuotaFields = closedObject(
  'Limits on the number of certificates on one cluster. Certificates under every policy count.',
  {
    livePerUsername: bound('Certificates of one username that are valid, approved or being issued.'),
    livePerGroup: bound('Certificates with one group. Each group of the request is counted.'),
    livePerRequester: bound('Certificates that one requester asked for.'),
    issuancesPerHour: bound('Certificates issued to one requester in an hour.'),
  },
);

const Approval = closedObject(null, {
  mode: Type.Enum(['auto', 'manual'], {
    description: '`auto`: without approval. `manual`: after people have approved.',
  }),
  stages: Type.Optional(Stages),
  expiresAfterSeconds: integer(
    60,
    31_536_000,
    'How long a request waits for approval. Default: the limit of the service.',
  ),
});

const Renewal = closedObject('How certificates are renewed.', {
  approval: Type.Optional(
    Type.Enum(['same', 'auto'], {
      description:
        '`same` (default): as for any request. `auto`: nobody is asked again while the last approval by people is recent.',
    }),
  ),
  withinSeconds: seconds('With `auto`: how old that approval may be.'),
  afterExpirySeconds: integer(
    0,
    int32,
    'How long after its end a certificate may be renewed. Default: not after its end.',
  ),
});

const groupsFromDirectory = Type.Record(textSchema(256), listSchema(textSchema(256), 1000), {
  maxProperties: 1000,
  description:
    'Groups by membership: for each directory group, the groups that a username in it may have, besides ' +
    '`groups`. A directory group is named by its externalId or displayName, as the configuration says.',
});

const PolicySpec = closedObject(null, {
  selector: Selector,
  allowed: closedObject('The names that a request may have. If a field is omitted, the request must not have it.', {
    usernames: globs('Usernames. `${requester.username}` is the requester’s own name.'),
    groups: globs('Groups. Each group of the request must match. `${requester.username}` is the requester’s name.'),
    groupsFromDirectory: Type.Optional(groupsFromDirectory),
    collectors: globs('The principals who may collect the key. Default: the requester alone.'),
  }),
  constraints: Type.Optional(Constraints),
  validations: Type.Optional(Validations),
  quota: Type.Optional(QuotaFields),
  approval: Approval,
  renewal: Type.Optional(Renewal),
  kubeconfig: Type.Optional(
    closedObject('Defaults for kubeconfigs.', {
      namespace: Type.Optional(textSchema(63, 'The namespace if the request names none.')),
      contextName: Type.Optional(textSchema(64, 'Letters, digits and inner . _ : @ / -')),
    }),
  ),
});

/** A document of kind Policy, as written. */
export const PolicyDocument = closedObject('Permits requests. One policy that permits is enough.', {
  ...header,
  kind: Type.Literal('Policy'),
  spec: PolicySpec,
  tests,
});
export type PolicyDocument = Static<typeof PolicyDocument>;

const matchConditions = listSchema(
  closedObject(null, {
    name: textSchema(63, 'A DNS label, for the trace.'),
    expression: expression('CEL over `request`, `requester`, `now`, `active` and `renewal`.'),
  }),
  50,
  'All of them must be true. One that cannot be evaluated denies.',
);

const GuardrailSpec = closedObject(null, {
  selector: Selector,
  match: Type.Optional(
    closedObject('One match is enough. Default: every request that the selector matches.', {
      usernames: globs('Usernames.'),
      groups: globs('Groups. One group that matches is enough.'),
    }),
  ),
  matchConditions: Type.Optional(matchConditions),
  resolvesTo: Type.Optional(
    Type.Array(Type.Enum([...resolutions]), {
      minItems: 1,
      maxItems: resolutions.length,
      description: 'The powers that the identity would have by the role bindings of the cluster. One is enough.',
    }),
  ),
  approval: Type.Optional(
    closedObject('Requires at least this approval, whatever the policy says. The guardrail then does not deny.', {
      stages: Stages,
    }),
  ),
  message: textSchema(512, 'The reason. The requester sees it.'),
});

/** A document of kind Guardrail, as written. */
export const GuardrailDocument = closedObject('Denies requests or requires approval, whatever policies permit.', {
  ...header,
  kind: Type.Literal('Guardrail'),
  spec: GuardrailSpec,
  tests,
});
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
