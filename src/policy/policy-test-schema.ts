import { Type, type Static } from 'typebox';
import { escalationKinds } from '../model/blast-radius.js';
import { labelBounds } from '../model/certificate-request.js';
import { roles } from '../model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { parseInstant } from './cel/literals.js';
import { closedObject, type DocumentError, listSchema, textSchema } from './check-shape.js';

// Guardrails judge names. So a test may ask for a name that no request can have.
const name = (description?: string) => Type.String({ maxLength: 1024, ...(description && { description }) });
const names = (description: string) => Type.Optional(listSchema(name(), 100, description));
const seconds = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description }));
const count = Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }));
const instant = (description: string) => Type.String({ maxLength: 64, description });
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const keyAlgorithm = Type.Optional(Type.Enum([...keyAlgorithms], { description: 'Default: ECDSA-P256.' }));

const Binding = closedObject(null, {
  kind: Type.Enum(['ClusterRoleBinding', 'RoleBinding']),
  name: name(),
  namespace: Type.Optional(name('The namespace of a RoleBinding.')),
});

const RequestUnderTest = closedObject(null, {
  cluster: name(),
  username: name(),
  groups: names('Default: none.'),
  keyAlgorithm,
  expirationSeconds: seconds('Default: left to policy.'),
  namespace: Type.Optional(name()),
  reason: Type.Optional(name()),
  labels: Type.Optional(
    Type.Record(Type.String(), name(), { maxProperties: labelBounds.count, description: 'Default: none.' }),
  ),
  collector: Type.Optional(name('Default: the requester.')),
});

const RequesterUnderTest = closedObject(null, {
  name: name(),
  groups: names('Default: none.'),
  roles: Type.Optional(listSchema(Type.Enum([...roles]), roles.length, 'Default: requester.')),
});

const Party = closedObject(null, {
  state: Type.Optional(Type.Enum(['active', 'inactive', 'unknown'], { description: 'Default: active.' })),
  groups: Type.Optional(listSchema(textSchema(256), 500, 'Default: none.')),
  reused: flag('Whether the name was somebody else’s. Default: false.'),
});

const Usage = closedObject('The counts that quotas limit. Default: 0 each, but 1 for the lineage.', {
  livePerUsername: count,
  livePerGroup: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 0 }), { description: 'By group.' })),
  livePerRequester: count,
  issuancesPerHour: count,
  livePerLineage: count,
});

const ActiveCertificate = closedObject(null, {
  groups: names('Default: none.'),
  notBefore: instant('RFC 3339.'),
  notAfter: instant('RFC 3339.'),
  serialNumber: Type.Optional(name('Default: 01.')),
  keyAlgorithm,
});

const Renewal = closedObject('The certificate that the request renews. Default: it renews none.', {
  generation: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: '1 for the first renewal. Default: 1.' }),
  ),
  approvedAt: Type.Optional(instant('RFC 3339. The last approval by people. Default: none.')),
  approvedSeconds: seconds('The lifetime that was approved then. Default: 86400.'),
  notAfter: instant('RFC 3339.'),
  expirationSeconds: seconds('The lifetime that was granted to it. Default: not known, so that the policy chooses.'),
  revoked: flag('Default: false.'),
});

const BlastRadius = closedObject(null, {
  clusterAdmin: Type.Optional(listSchema(Binding, 100)),
  escalations: Type.Optional(
    listSchema(closedObject(null, { kind: Type.Enum([...escalationKinds]), by: Binding }), 100),
  ),
});

const FactsUnderTest = closedObject('The facts that the decision uses.', {
  allowPrivilegedGroups: names('As the cluster is configured. Default: none.'),
  nameAlphabet: Type.Optional(
    Type.Enum(['ascii', 'unicode'], { description: 'As the cluster is configured. Default: ascii.' }),
  ),
  usage: Type.Optional(Usage),
  active: Type.Optional(listSchema(ActiveCertificate, 100, 'The identity’s valid certificates. Default: none.')),
  renewal: Type.Optional(Renewal),
  directory: Type.Optional(
    closedObject('The parties in the directory. Default: nobody is in it.', {
      username: Type.Optional(Party),
      requester: Type.Optional(Party),
      collector: Type.Optional(Party),
    }),
  ),
  blastRadius: Type.Optional(
    Type.Union([Type.Null(), BlastRadius], {
      description: 'The powers by role bindings. Null: the bindings cannot be read. Default: none.',
    }),
  ),
});

const Expectation = closedObject('Omitted fields are not compared.', {
  outcome: Type.Enum(['permitted', 'denied']),
  policy: Type.Optional(name('The policy that decides.')),
  approval: Type.Optional(Type.Enum(['auto', 'manual'])),
  approvals: Type.Optional(
    listSchema(Type.Integer({ minimum: 1, maximum: 1000 }), 100, 'The number of approvals, stage by stage.'),
  ),
  expirationSeconds: seconds('The lifetime of the certificate.'),
  reasons: names('Reasons that must be among those of the violations, such as GroupNotPermitted.'),
  by: names('Policies and guardrails that must be among those that the violations come from.'),
});

/** A test beside a policy or guardrail: a request with the decision that is expected of the whole policy set. */
export const PolicyTestSchema = closedObject(null, {
  name: textSchema(256, 'A description of the test.'),
  request: RequestUnderTest,
  requester: RequesterUnderTest,
  now: Type.Optional(instant('RFC 3339. Default: 2026-01-05T12:00:00Z, a Monday.')),
  facts: Type.Optional(FactsUnderTest),
  expect: Expectation,
});
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
