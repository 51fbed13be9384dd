import { Type, type Static } from 'typebox';
import { json, operation } from '../../http/answers/responses.js';
import {
  closed,
  dnsLabelOf,
  namedObject,
  textOf,
  viewOf,
  credentialIdOf,
  instantOf,
  nullable,
  oneOf,
  principalGroupsOf,
  principalNameOf,
} from '../../http/schemas/schema-parts.js';
import type { App } from '../../http/server/types.js';
import { actions, permissionsOf } from '../permissions.js';
import { authenticationMethods, roles, rolesLost } from '../../model/principal.js';
import { callerOf } from '../../http/hooks/authentication.js';
import { originOfPages } from '../../http/hooks/pages.js';
import type { Logins } from '../sessions.js';

const CallersSchema = namedObject('Callers', 'How programs and browsers sign in.', {
  oidc: Type.Array(
    closed({
      name: dnsLabelOf('The issuer, as the configuration names it.', 'corp'),
      issuer: textOf('The identity provider (OpenID Connect Discovery 1.0).', 'https://idp.example.com/realms/corp', {
        maxLength: 2048,
      }),
      clientId: textOf('The public client of the command line. It has no secret.', 'kubepass-cli', { maxLength: 253 }),
      scopes: Type.Array(textOf('A scope.', 'openid', { maxLength: 253 }), {
        maxItems: 20,
        description: 'The scopes to ask for.',
        examples: [['openid', 'email', 'groups']],
      }),
      audiences: Type.Array(textOf('An audience.', 'https://kubepass.example', { maxLength: 253 }), {
        maxItems: 20,
        description: 'The token is for one of them: for the URL of kubepass if that is here (RFC 8707).',
        examples: [['https://kubepass.example']],
      }),
    }),
    { maxItems: 20, description: 'The identity providers that the command line may use.' },
  ),
  serviceAccounts: Type.Array(
    closed({
      cluster: dnsLabelOf('The cluster whose service accounts get in.', 'prod-eu'),
      audience: textOf('The audience that the token needs.', 'kubepass', { maxLength: 253 }),
    }),
    { maxItems: 1000, description: 'The clusters whose service accounts get in.' },
  ),
  browsers: closed({
    issuers: Type.Array(dnsLabelOf('An issuer.', 'corp'), {
      maxItems: 20,
      description: 'The issuers by which people sign in with browsers, each at `/v1/login/{name}`.',
    }),
    apiTokens: Type.Boolean({ description: 'Whether `POST /v1/sessions` signs in.' }),
  }),
});

/** How programs sign in besides API tokens. It is public, and holds no secret. */
export interface OfferedSignIns {
  /** Identity providers with a public client for the command line. */
  readonly oidc: readonly {
    readonly name: string;
    readonly issuer: string;
    readonly clientId: string;
    readonly scopes: readonly string[];
    /** One of them must be in the token. */
    readonly audiences: readonly string[];
  }[];
  /** A token of a service account of this cluster needs this audience. */
  readonly serviceAccounts: readonly { readonly cluster: string; readonly audience: string }[];
}

export interface CallersContext {
  readonly offeredSignIns: OfferedSignIns;
  readonly logins: Pick<Logins, 'issuers'>;
}

/** It is public: a caller reads it before they sign in. */
export function addCallers(app: App, { offeredSignIns, logins }: CallersContext): void {
  app.get(
    '/callers',
    operation({
      operationId: 'getCallers',
      tags: ['tokens'],
      summary: 'Read how programs and browsers sign in',
      description: 'Needs no authentication. `kubectl kubepass login` reads it. API tokens are always accepted.',
      security: [],
      response: { 200: json(CallersSchema, { description: 'The ways in that are configured.' }) },
    }),
    async (request) => {
      const apiTokens = originOfPages(request, app.browsers) !== null;
      return callersView({ ...offeredSignIns, browsers: { issuers: logins.issuers, apiTokens } });
    },
  );
}

const WhoamiSchema = namedObject('Whoami', 'The calling principal.', {
  name: principalNameOf('The principal’s name.', 'hr-system'),
  groups: principalGroupsOf('The groups that count.'),
  roles: Type.Array(oneOf(roles), { maxItems: roles.length }),
  rolesLost: Type.Optional(
    oneOf(
      rolesLost,
      'Why the caller has none of their roles: the directory says that they left, or gave their name to somebody else since (`succeeded`), or the name is blocked on every cluster. Absent if nothing took them.',
    ),
  ),
  method: oneOf(authenticationMethods, 'How the caller got in.'),
  credentialId: credentialIdOf('Identifies the caller’s credential, as the audit log does. It is no secret.'),
  createdBy: Type.Array(principalNameOf('A principal.', 'admin'), {
    maxItems: 1000,
    description:
      'The principals behind the credential, oldest first: its creator, the creator of that one’s credential, and so on. Empty if nobody made it.',
  }),
  expiresAt: nullable(
    instantOf('When the credential ends, unless it is revoked before.'),
    'When the credential ends, unless it is revoked before; null if it lives until it is revoked.',
  ),
  cluster: nullable(dnsLabelOf('A cluster.', 'demo'), 'The cluster of a reviewer; null for every other caller.'),
  permissions: Type.Array(oneOf(actions), { maxItems: 100, description: 'What the roles allow.' }),
});
export type WhoamiBody = Static<typeof WhoamiSchema>;

const whoamiView = viewOf(WhoamiSchema);
const callersView = viewOf(CallersSchema);

export function addWhoami(app: App): void {
  app.get(
    '/whoami',
    operation({
      config: { forEverybody: true },
      operationId: 'whoami',
      tags: ['tokens'],
      summary: 'Read who you are and what you may do',
      description: 'For every caller. It is the simplest way to try out a token.',
      response: { 200: json(WhoamiSchema, { description: 'The caller.' }) },
    }),
    async (request) => {
      const caller = callerOf(request);
      return whoamiView({ ...caller, permissions: permissionsOf(caller) });
    },
  );
}
