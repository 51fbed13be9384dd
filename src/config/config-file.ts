import { Type, type Static } from 'typebox';
import { groupAttributes, usernameAttributes } from '../model/directory.js';
import { webhookEventTypes, type WebhookEventType } from '../model/webhook-delivery.js';
import { BudgetSettings } from './budgets-config.js';
import { CallersSettings, RoleSettings } from './callers-config.js';
import {
  group,
  LabelSetting,
  optionalGroup,
  PathSetting,
  PortSetting,
  TextSetting,
  uniqueList,
  UrlSetting,
  WebhookUrlSetting,
} from './setting.js';

const Seconds = Type.Integer({ minimum: 1, maximum: 31_536_000 });
/** Lifetimes of certificates go up to a hundred years. */
const LifetimeSeconds = Type.Integer({ minimum: 1, maximum: 3_155_760_000 });

const ClusterSettings = group({
  name: LabelSetting,
  server: UrlSetting,
  servingCertificateAuthority: Type.Optional(PathSetting),
  clientCertificateAuthority: Type.Optional(PathSetting),
  apiServers: Type.Optional(Type.Array(UrlSetting, { minItems: 1, maxItems: 100 })),
  // `kubernetes`, or `{ localCA: … }`. It is read by hand (issuer-config.ts), because the errors of a union name every
  // branch.
  signer: Type.Unknown(),
  kubeconfig: Type.Optional(PathSetting),
  context: Type.Optional(TextSetting),
  inCluster: Type.Optional(Type.Boolean()),
  allowPrivilegedGroups: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 })),
  nameAlphabet: Type.Optional(Type.Enum(['ascii', 'unicode'])),
  allowExec: Type.Optional(Type.Boolean()),
  readRoleBindings: Type.Optional(Type.Boolean()),
  sharedTrust: Type.Optional(Type.Boolean()),
  revocation: optionalGroup({
    mode: Type.Enum(['webhook', 'listed', 'admission', 'none']),
    whenInDoubt: Type.Enum(['deny', 'noOpinion']),
    configMap: group({ namespace: LabelSetting, name: Type.String({ maxLength: 253 }) }),
  }),
});
export type ClusterSettings = Static<typeof ClusterSettings>;

const Connections = Type.Integer({ minimum: 1, maximum: 1_000_000 });

/** Shorter names of events. */
export const webhookEventAliases = {
  pending: 'certificate_request.pending',
  issued: 'certificate_request.issued',
  denied: 'certificate_request.denied',
} as const satisfies Record<string, WebhookEventType>;
const aliases = Object.keys(webhookEventAliases) as (keyof typeof webhookEventAliases)[];

const WebhookSettings = group({
  name: LabelSetting,
  url: WebhookUrlSetting,
  secretFile: PathSetting,
  events: Type.Array(Type.Enum([...webhookEventTypes, ...aliases]), { minItems: 1, maxItems: 100 }),
  clusters: Type.Optional(Type.Array(Type.String({ maxLength: 63 }), { minItems: 1, maxItems: 1000 })),
  certificateAuthority: Type.Optional(PathSetting),
});
export type WebhookSettings = Static<typeof WebhookSettings>;

/** The configuration file as it is written. */
export const FileSettings = group({
  clusters: Type.Array(ClusterSettings, { minItems: 1, maxItems: 1000 }),
  issuing: optionalGroup({
    timeoutSeconds: Type.Integer({ minimum: 1, maximum: 3600 }),
    pendingExpiresAfterSeconds: Seconds,
    uncollectedExpiresAfterSeconds: Seconds,
  }),
  // Up to ten years; 0: people sign in for each renewal.
  renewal: optionalGroup({ groupsMaxAgeSeconds: Type.Integer({ minimum: 0, maximum: 315_576_000 }) }),
  expiry: optionalGroup({
    // Up to ten years. A shorter distance than ten minutes could pass while a replica takes over.
    noticeSeconds: uniqueList(Type.Integer({ minimum: 600, maximum: 315_576_000 }), { maxItems: 20 }),
  }),
  inspection: optionalGroup({
    expiresWithinSeconds: LifetimeSeconds,
    maxValiditySeconds: LifetimeSeconds,
    maxCaValiditySeconds: LifetimeSeconds,
  }),
  publicAddress: Type.Optional(group({ url: UrlSetting, certificateAuthority: Type.Optional(PathSetting) })),
  trustedProxies: Type.Optional(uniqueList(Type.String({ maxLength: 49 }), {})),
  connections: optionalGroup({ max: Connections, maxPerAddress: Connections }),
  console: Type.Optional(Type.Boolean()),
  audit: optionalGroup({
    checkpointSeconds: Type.Integer({ minimum: 1, maximum: 86_400 }),
    checkpointKeys: uniqueList(PathSetting, { minItems: 1, maxItems: 10 }),
    archiveAfterDays: Type.Integer({ minimum: 1, maximum: 36_500 }),
    archiveDir: PathSetting,
  }),
  metrics: optionalGroup({ host: TextSetting, port: PortSetting }),
  directory: optionalGroup({
    username: Type.Enum([...usernameAttributes]),
    required: uniqueList(LabelSetting, {}),
    groupsBy: Type.Enum([...groupAttributes]),
    cancelRequests: Type.Boolean(),
    revokeTokens: Type.Boolean(),
    revokeTokensMade: Type.Boolean(),
    onLostGroup: Type.Enum(['list', 'revoke']),
  }),
  budgets: Type.Optional(BudgetSettings),
  callers: Type.Optional(CallersSettings),
  roles: Type.Optional(RoleSettings),
  webhooks: Type.Optional(Type.Array(WebhookSettings, { maxItems: 100 })),
  dataDir: Type.Optional(PathSetting),
  firstAdminTokenFile: Type.Optional(PathSetting),
  host: Type.Optional(TextSetting),
  port: Type.Optional(PortSetting),
  policiesDir: Type.Optional(PathSetting),
  databaseUrl: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  tls: optionalGroup({ certFile: PathSetting, keyFile: PathSetting, terminated: Type.Boolean() }),
});
export type FileSettings = Static<typeof FileSettings>;
