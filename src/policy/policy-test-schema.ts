import { Type, type Static } from 'typebox';
import { escalationKinds } from '../model/blast-radius.js';
import { labelBounds } from '../model/certificate-request.js';
import { roles } from '../model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { parseInstant } from './cel/literals.js';
import type { DocumentError } from './check-shape.js';

const closed = { additionalProperties: false } as const;
// Guardrails judge names. So a test may ask for a name that no request can have.
const name = (description?: string) => Type.String({ maxLength: 1024, ...(description && { description }) });
const names = (description: string) => Type.Optional(Type.Array(name(), { maxItems: 100, description }));
const seconds = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description }));
const count = Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }));
const instant = Type.String({ maxLength: 64, description: 'RFC 3339.' });

const Binding = Type.Object(
  {
    kind: Type.Enum(['ClusterRoleBinding', 'RoleBinding']),
    name: name(),
    namespace: Type.Optional(name('The namespace of a RoleBinding.')),
  },
  closed,
);

const RequestUnderTest = Type.Object(
  {
    cluster: name(),
    username: name(),
    groups: names('Default: none.'),
    keyAlgorithm: Type.Optional(Type.Enum([...keyAlgorithms], { description: 'Default: ECDSA-P256.' })),
    expirationSeconds: seconds('Default: left to policy.'),
    namespace: Type.Optional(name()),
    reason: Type.Optional(name()),
    labels: Type.Optional(
      Type.Record(Type.String(), name(), { maxProperties: labelBounds.count, description: 'Default: none.' }),
    ),
    collector: Type.Optional(name('Default: the requester.')),
  },
  closed,
);

const RequesterUnderTest = Type.Object(
  {
    name: name(),
    groups: names('Default: none.'),
    roles: Type.Optional(
      Type.Array(Type.Enum([...roles]), { maxItems: roles.length, description: 'Default: requester.' }),
    ),
  },
  closed,
);

const Party = Type.Object(
  {
    state: Type.Optional(Type.Enum(['active', 'inactive', 'unknown'], { description: 'Default: active.' })),
    groups: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 500, description: 'Default: none.' }),
    ),
    reused: Type.Optional(Type.Boolean({ description: 'Whether the name was somebody else’s. Default: false.' })),
  },
  closed,
);

const FactsUnderTest = Type.Object(
  {
    allowPrivilegedGroups: names('As the cluster is configured. Default: none.'),
    nameAlphabet: Type.Optional(
      Type.Enum(['ascii', 'unicode'], { description: 'As the cluster is configured. Default: ascii.' }),
    ),
    usage: Type.Optional(
      Type.Object(
        {
          livePerUsername: count,
          livePerGroup: Type.Optional(
            Type.Record(Type.String(), Type.Integer({ minimum: 0 }), { description: 'By group.' }),
          ),
          livePerRequester: count,
          issuancesPerHour: count,
          livePerLineage: count,
        },
        { ...closed, description: 'The counts that quotas limit. Default: 0 each, but 1 for the lineage.' },
      ),
    ),
    active: Type.Optional(
      Type.Array(
        Type.Object(
          {
            groups: names('Default: none.'),
            notBefore: instant,
            notAfter: instant,
            serialNumber: Type.Optional(name('Default: 01.')),
            keyAlgorithm: Type.Optional(Type.Enum([...keyAlgorithms], { description: 'Default: ECDSA-P256.' })),
          },
          closed,
        ),
        { maxItems: 100, description: 'The identity’s valid certificates. Default: none.' },
      ),
    ),
    renewal: Type.Optional(
      Type.Object(
        {
          generation: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: '1 for the first renewal. Default: 1.' }),
          ),
          approvedAt: Type.Optional(
            Type.String({ maxLength: 64, description: 'RFC 3339. The last approval by people. Default: none.' }),
          ),
          approvedSeconds: seconds('The lifetime that was approved then. Default: 86400.'),
          notAfter: instant,
          revoked: Type.Optional(Type.Boolean({ description: 'Default: false.' })),
        },
        { ...closed, description: 'The certificate that the request renews. Default: it renews none.' },
      ),
    ),
    directory: Type.Optional(
      Type.Object(
        { username: Type.Optional(Party), requester: Type.Optional(Party), collector: Type.Optional(Party) },
        { ...closed, description: 'The parties in the directory. Default: nobody is in it.' },
      ),
    ),
    blastRadius: Type.Optional(
      Type.Union(
        [
          Type.Null(),
          Type.Object(
            {
              clusterAdmin: Type.Optional(Type.Array(Binding, { maxItems: 100 })),
              escalations: Type.Optional(
                Type.Array(Type.Object({ kind: Type.Enum([...escalationKinds]), by: Binding }, closed), {
                  maxItems: 100,
                }),
              ),
            },
            closed,
          ),
        ],
        { description: 'The powers by role bindings. Null: the bindings cannot be read. Default: none.' },
      ),
    ),
  },
  { ...closed, description: 'The facts that the decision uses.' },
);

const Expectation = Type.Object(
  {
    outcome: Type.Enum(['permitted', 'denied']),
    policy: Type.Optional(name('The policy that decides.')),
    approval: Type.Optional(Type.Enum(['auto', 'manual'])),
    approvals: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 1000 }), {
        maxItems: 100,
        description: 'The number of approvals, stage by stage.',
      }),
    ),
    expirationSeconds: seconds('The lifetime of the certificate.'),
    reasons: names('Reasons that must be among those of the violations, such as GroupNotPermitted.'),
    by: names('Policies and guardrails that must be among those that the violations come from.'),
  },
  { ...closed, description: 'Omitted fields are not compared.' },
);

/** A test beside a policy or guardrail: a request with the decision that is expected of the whole policy set. */
export const PolicyTestSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 256, description: 'A description of the test.' }),
    request: RequestUnderTest,
    requester: RequesterUnderTest,
    now: Type.Optional(
      Type.String({ maxLength: 64, description: 'RFC 3339. Default: 2026-01-05T12:00:00Z, a Monday.' }),
    ),
    facts: Type.Optional(FactsUnderTest),
    expect: Expectation,
  },
  closed,
);
export type PolicyTest = Static<typeof PolicyTestSchema>;

/** Errors that the schema cannot detect: invalid instants, and expectations that no decision can meet. */
export function testErrors(tests: readonly PolicyTest[] = []): readonly DocumentError[] {
  return tests.flatMap((test, i) =>
    errorsOf(test).map(({ path, message }) => ({ path: `/tests/${i}${path}`, message })),
  );
}

function errorsOf({ now, facts, expect }: PolicyTest): readonly DocumentError[] {
  const instants = [
    { path: '/now', text: now },
    { path: '/facts/renewal/approvedAt', text: facts?.renewal?.approvedAt },
    { path: '/facts/renewal/notAfter', text: facts?.renewal?.notAfter },
    ...(facts?.active ?? []).flatMap(({ notBefore, notAfter }, i) => [
      { path: `/facts/active/${i}/notBefore`, text: notBefore },
      { path: `/facts/active/${i}/notAfter`, text: notAfter },
    ]),
  ];
  const others = Object.keys(expect).filter((field) => !fieldsOf[expect.outcome].includes(field));
  return [
    ...instants.flatMap(({ path, text }) =>
      text === undefined || parseInstant(text) !== null
        ? []
        : [{ path, message: 'must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z' }],
    ),
    ...others.map((field) => ({
      path: `/expect/${field}`,
      message: `does not apply to a request that is ${expect.outcome}`,
    })),
  ];
}

const fieldsOf: Readonly<Record<PolicyTest['expect']['outcome'], readonly string[]>> = {
  permitted: ['outcome', 'policy', 'approval', 'approvals', 'expirationSeconds'],
  denied: ['outcome', 'reasons', 'by'],
};
