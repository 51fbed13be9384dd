import { Type, type Static } from 'typebox';
import { groupAttributes, usernameAttributes } from '../model/directory.js';
import { webhookEventTypes, type WebhookEventType } from '../model/webhook-delivery.js';
import { BudgetSettings } from './budgets-config.js';
import { CallersSettings, RoleSettings } from './callers-config.js';

const closed = { additionalProperties: false } as const;
const Path = Type.String({ minLength: 1, maxLength: 4096 });
const Seconds = Type.Integer({ minimum: 1, maximum: 31_536_000 });
/** Lifetimes of certificates go up to a hundred years. */
const LifetimeSeconds = Type.Integer({ minimum: 1, maximum: 3_155_760_000 });

const ClusterSettings = Type.Object(
  {
    name: Type.String({ maxLength: 63 }),
    server: Type.String({ maxLength: 2048 }),
    servingCertificateAuthority: Type.Optional(Path),
    clientCertificateAuthority: Type.Optional(Path),
    // `kubernetes`, or `{ localCA: { certFile, keyFile } }`. It is read by hand, because the errors of a union name
    // every branch.
    signer: Type.Unknown(),
    kubeconfig: Type.Optional(Path),
    context: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    inCluster: Type.Optional(Type.Boolean()),
    allowPrivilegedGroups: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 })),
    nameAlphabet: Type.Optional(Type.Enum(['ascii', 'unicode'])),
    allowExec: Type.Optional(Type.Boolean()),
    readRoleBindings: Type.Optional(Type.Boolean()),
    revocation: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(Type.Enum(['webhook', 'listed', 'admission', 'none'])),
          whenInDoubt: Type.Optional(Type.Enum(['deny', 'noOpinion'])),
          configMap: Type.Optional(
            Type.Object({ namespace: Type.String({ maxLength: 63 }), name: Type.String({ maxLength: 253 }) }, closed),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type ClusterSettings = Static<typeof ClusterSettings>;

export const LocalCASettings = Type.Object({ localCA: Type.Object({ certFile: Path, keyFile: Path }, closed) }, closed);

const Connections = Type.Integer({ minimum: 1, maximum: 1_000_000 });

/** Shorter names of events. */
export const webhookEventAliases = {
  pending: 'certificate_request.pending',
  issued: 'certificate_request.issued',
  denied: 'certificate_request.denied',
} as const satisfies Record<string, WebhookEventType>;
const aliases = Object.keys(webhookEventAliases) as (keyof typeof webhookEventAliases)[];

const WebhookSettings = Type.Object(
  {
    name: Type.String({ maxLength: 63 }),
    url: Type.String({ maxLength: 2048 }),
    secretFile: Path,
    events: Type.Array(Type.Enum([...webhookEventTypes, ...aliases]), { minItems: 1, maxItems: 100 }),
    clusters: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { minItems: 1, maxItems: 1000 })),
    certificateAuthority: Type.Optional(Path),
  },
  closed,
);
export type WebhookSettings = Static<typeof WebhookSettings>;

/** The configuration file as it is written. */
export const FileSettings = Type.Object(
  {
    clusters: Type.Array(ClusterSettings, { minItems: 1, maxItems: 1000 }),
    issuing: Type.Optional(
      Type.Object(
        {
          timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
          pendingExpiresAfterSeconds: Type.Optional(Seconds),
          uncollectedExpiresAfterSeconds: Type.Optional(Seconds),
        },
        closed,
      ),
    ),
    renewal: Type.Optional(
      // Up to ten years; 0: people sign in for each renewal.
      Type.Object({ groupsMaxAgeSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 315_576_000 })) }, closed),
    ),
    expiry: Type.Optional(
      Type.Object(
        {
          noticeSeconds: Type.Optional(
            // Up to ten years. A shorter distance than ten minutes could pass while a replica takes over.
            Type.Array(Type.Integer({ minimum: 600, maximum: 315_576_000 }), { maxItems: 20, uniqueItems: true }),
          ),
        },
        closed,
      ),
    ),
    inspection: Type.Optional(
      Type.Object(
        {
          expiresWithinSeconds: Type.Optional(LifetimeSeconds),
          maxValiditySeconds: Type.Optional(LifetimeSeconds),
          maxCaValiditySeconds: Type.Optional(LifetimeSeconds),
        },
        closed,
      ),
    ),
    publicAddress: Type.Optional(
      Type.Object({ url: Type.String({ maxLength: 2048 }), certificateAuthority: Type.Optional(Path) }, closed),
    ),
    trustedProxies: Type.Optional(Type.Array(Type.String({ maxLength: 49 }), { maxItems: 1000, uniqueItems: true })),
    connections: Type.Optional(
      Type.Object({ max: Type.Optional(Connections), maxPerAddress: Type.Optional(Connections) }, closed),
    ),
    audit: Type.Optional(
      Type.Object(
        {
          checkpointSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
          checkpointKeys: Type.Optional(Type.Array(Path, { minItems: 1, maxItems: 10, uniqueItems: true })),
          archiveAfterDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
          archiveDir: Type.Optional(Path),
        },
        closed,
      ),
    ),
    metrics: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
          port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
        },
        closed,
      ),
    ),
    directory: Type.Optional(
      Type.Object(
        {
          username: Type.Optional(Type.Enum([...usernameAttributes])),
          required: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { maxItems: 1000, uniqueItems: true })),
          groupsBy: Type.Optional(Type.Enum([...groupAttributes])),
          cancelRequests: Type.Optional(Type.Boolean()),
          revokeTokens: Type.Optional(Type.Boolean()),
          revokeTokensMade: Type.Optional(Type.Boolean()),
          onLostGroup: Type.Optional(Type.Enum(['list', 'revoke'])),
        },
        closed,
      ),
    ),
    budgets: Type.Optional(BudgetSettings),
    callers: Type.Optional(CallersSettings),
    roles: Type.Optional(RoleSettings),
    webhooks: Type.Optional(Type.Array(WebhookSettings, { maxItems: 100 })),
    dataDir: Type.Optional(Path),
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    policiesDir: Type.Optional(Path),
    databaseUrl: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    tls: Type.Optional(
      Type.Object(
        {
          certFile: Type.Optional(Path),
          keyFile: Type.Optional(Path),
          terminated: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type FileSettings = Static<typeof FileSettings>;
