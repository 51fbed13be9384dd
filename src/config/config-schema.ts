import { Type, type Static } from 'typebox';
import { webhookEventSettings } from './webhook-config.js';

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
    // `kubernetes`, or `{ localCA: { certFile, keyFile } }`: read by hand, for a union's errors name every branch.
    signer: Type.Unknown(),
    kubeconfig: Type.Optional(Path),
    context: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    inCluster: Type.Optional(Type.Boolean()),
    allowPrivilegedGroups: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 })),
    nameAlphabet: Type.Optional(Type.Enum(['ascii', 'unicode'])),
    allowExec: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ClusterSettings = Static<typeof ClusterSettings>;

export const LocalCASettings = Type.Object({ localCA: Type.Object({ certFile: Path, keyFile: Path }, closed) }, closed);

const WebhookSettings = Type.Object(
  {
    name: Type.String({ maxLength: 63 }),
    url: Type.String({ maxLength: 2048 }),
    secretFile: Path,
    events: Type.Array(Type.Enum([...webhookEventSettings]), { minItems: 1, maxItems: 3 }),
    clusters: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { minItems: 1, maxItems: 1000 })),
    certificateAuthority: Type.Optional(Path),
  },
  closed,
);
export type WebhookSettings = Static<typeof WebhookSettings>;

/** The configuration file, as written. */
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
