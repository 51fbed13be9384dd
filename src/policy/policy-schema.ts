import { Type, type Static } from 'typebox';
import { roles } from '../model/principal.js';
import { keyAlgorithms } from '../pki/key-algorithm.js';

const closed = { additionalProperties: false } as const;
const Globs = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000 });

const PrincipalSelector = Type.Object(
  {
    names: Type.Optional(Globs),
    groups: Type.Optional(Globs),
    roles: Type.Optional(Type.Array(Type.Enum([...roles]), { maxItems: roles.length })),
  },
  closed,
);

const Selector = Type.Object({ clusters: Type.Optional(Globs), requesters: Type.Optional(PrincipalSelector) }, closed);

const header = {
  apiVersion: Type.Literal('kubepass/v1'),
  metadata: Type.Object({ name: Type.String({ minLength: 1, maxLength: 63 }) }, closed),
};

const UsernamesAndGroups = Type.Object({ usernames: Type.Optional(Globs), groups: Type.Optional(Globs) }, closed);

/** A document of kind Policy, as written. */
export const PolicyDocument = Type.Object(
  {
    ...header,
    kind: Type.Literal('Policy'),
    spec: Type.Object(
      {
        selector: Selector,
        allowed: UsernamesAndGroups,
        constraints: Type.Optional(
          Type.Object(
            {
              // certificates.k8s.io/v1 spec.expirationSeconds: at least 600, an int32.
              maxExpirationSeconds: Type.Optional(Type.Integer({ minimum: 600, maximum: 2 ** 31 - 1 })),
              keyAlgorithms: Type.Optional(Type.Array(Type.Enum([...keyAlgorithms, 'RSA']), { maxItems: 20 })),
              minRsaBits: Type.Optional(Type.Integer({ minimum: 2048, maximum: 4096 })),
            },
            closed,
          ),
        ),
        approval: Type.Object(
          {
            mode: Type.Enum(['auto', 'manual']),
            stages: Type.Optional(
              Type.Array(
                Type.Object(
                  {
                    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
                    approvers: Type.Optional(PrincipalSelector),
                  },
                  closed,
                ),
                { maxItems: 20 },
              ),
            ),
          },
          closed,
        ),
      },
      closed,
    ),
  },
  closed,
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
        match: Type.Optional(UsernamesAndGroups),
        message: Type.String({ minLength: 1, maxLength: 512 }),
      },
      closed,
    ),
  },
  closed,
);
export type GuardrailDocument = Static<typeof GuardrailDocument>;
