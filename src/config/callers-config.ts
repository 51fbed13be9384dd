import { Type, type Static } from 'typebox';
import { whyNotPrincipalName } from '../model/name-grammar.js';
import { roles as everyRole, type Role } from '../model/principal.js';
import {
  below,
  group,
  LabelSetting,
  optionalGroup,
  OrLoopbackUrlSetting,
  PathSetting,
  PortSetting,
  TextSetting,
  uniqueList,
  reportUnlessDnsLabel,
  listed,
  resolveOptional,
  shown,
  whyNotUrl,
  type ReportProblem,
  type Resolve,
} from './setting.js';
import { foldedName } from '@kubepass/inspect/formats';

/** How people and systems get in besides API tokens. Every path is absolute. */
export interface CallersConfig {
  /** Their names and issuers differ. */
  readonly oidc: readonly OidcConfig[];
  readonly clientCertificates: ClientCertificatesConfig | null;
  /** Their clusters and audiences differ. */
  readonly serviceAccounts: readonly ServiceAccountsConfig[];
  /** Whether API tokens may hold the roles admin and approver. */
  readonly apiTokens: { readonly admins: boolean };
}

/** An identity provider whose tokens are accepted (OpenID Connect Core 1.0, RFC 9068). */
export interface OidcConfig {
  /** A DNS label; paths and events name the issuer by it. */
  readonly name: string;
  /** https, or http to a loopback address; compared exactly with `iss`. */
  readonly issuer: string;
  /** At least one; one of them is in `aud`. */
  readonly audiences: readonly string[];
  readonly tokens: 'access' | 'id';
  readonly usernameClaim: string;
  /** Put before each name; not empty from the second issuer on. */
  readonly usernamePrefix: string;
  readonly groupsClaim: string;
  /** Put before each group; not empty from the second issuer on. */
  readonly groupsPrefix: string;
  /** A sign-in asks for them; `openid` is among them. */
  readonly scopes: readonly string[];
  /** One of them is `azp`, else `client_id`; null: for access tokens anybody, for id tokens one of `audiences`. */
  readonly authorizedParties: readonly string[] | null;
  /** JWS algorithms, asymmetric ones alone. */
  readonly algorithms: readonly OidcAlgorithm[];
  readonly clockSkewSeconds: number;
  /** How long keys are used after the last good fetch while the provider is down. */
  readonly staleKeysSeconds: number;
  /** PEM: the CA of the provider; null: the CAs that Node.js trusts. */
  readonly certificateAuthorityFile: string | null;
  /** The client for sign-in in a browser; null: there is none. A public client has no secret. */
  readonly login: { readonly clientId: string; readonly clientSecretFile: string | null } | null;
  /** The public client of the command line; null: there is none. */
  readonly cli: { readonly clientId: string } | null;
}

/** Asymmetric algorithms of RFC 7518 and RFC 8037. */
const oidcAlgorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] as const;
type OidcAlgorithm = (typeof oidcAlgorithms)[number];

/** A listener that asks callers for a client certificate. */
export interface ClientCertificatesConfig {
  /** PEM: the CAs that the callers' certificates chain to; never the user CA of a cluster. */
  readonly certificateAuthorityFile: string;
  /** Where the name is: the one URI among the alternative names, or the one common name. */
  readonly identity: 'uri' | 'commonName';
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM: the CRLs of these CAs; null: no certificate of theirs is ever revoked. */
  readonly revocationListFile: string | null;
  /** Put before each name. */
  readonly usernamePrefix: string;
}

/** Service accounts of a cluster, whose tokens its API server reviews. */
export interface ServiceAccountsConfig {
  /** A configured cluster that the service reaches. */
  readonly cluster: string;
  /** Tokens are made for it: `kubectl create token --audience`. */
  readonly audience: string;
  /** Put before `system:serviceaccount:…`; not empty from the second cluster on. */
  readonly usernamePrefix: string;
}

/** Gives roles to principals; API tokens keep theirs. */
export interface RoleBindingConfig {
  readonly names: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly Exclude<Role, 'reviewer' | 'directory'>[];
}

const Prefix = Type.String({ maxLength: 64 });

const OidcSettings = group({
  name: LabelSetting,
  issuer: OrLoopbackUrlSetting,
  audiences: uniqueList(TextSetting, { minItems: 1, maxItems: 20 }),
  tokens: Type.Optional(Type.Enum(['access', 'id'])),
  usernameClaim: Type.Optional(TextSetting),
  usernamePrefix: Type.Optional(Prefix),
  groupsClaim: Type.Optional(TextSetting),
  groupsPrefix: Type.Optional(Prefix),
  scopes: Type.Optional(uniqueList(TextSetting, { minItems: 1, maxItems: 20 })),
  authorizedParties: Type.Optional(uniqueList(TextSetting, { minItems: 1, maxItems: 100 })),
  algorithms: Type.Optional(uniqueList(Type.Enum([...oidcAlgorithms]), { minItems: 1 })),
  clockSkewSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 300 })),
  staleKeysSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 604_800 })),
  certificateAuthority: Type.Optional(PathSetting),
  login: Type.Optional(group({ clientId: TextSetting, clientSecretFile: Type.Optional(PathSetting) })),
  cli: Type.Optional(group({ clientId: TextSetting })),
});
type OidcSettings = Static<typeof OidcSettings>;

export const CallersSettings = optionalGroup({
  oidc: Type.Array(OidcSettings, { maxItems: 20 }),
  clientCertificates: group({
    certificateAuthority: PathSetting,
    identity: Type.Enum(['uri', 'commonName']),
    port: PortSetting,
    revocationList: Type.Optional(PathSetting),
    usernamePrefix: Type.Optional(Prefix),
  }),
  serviceAccounts: Type.Array(
    group({ cluster: LabelSetting, audience: TextSetting, usernamePrefix: Type.Optional(Prefix) }),
    { maxItems: 1000 },
  ),
  apiTokens: optionalGroup({ admins: Type.Boolean() }),
});
type CallersSettings = Static<typeof CallersSettings>;

/** Reviewers are API servers: they come by a token of their own. */
const bindable = everyRole.filter((role) => role !== 'reviewer' && role !== 'directory');

export const RoleSettings = Type.Array(
  group({
    names: Type.Optional(Type.Array(TextSetting, { minItems: 1, maxItems: 1000 })),
    groups: Type.Optional(Type.Array(TextSetting, { minItems: 1, maxItems: 1000 })),
    roles: Type.Array(Type.Enum(bindable), { minItems: 1 }),
  }),
  { maxItems: 1000 },
);
type RoleSettings = Static<typeof RoleSettings>;

/** The settings of callers depend on these. */
export interface CallersSurroundings {
  /** `isReached`: whether the service itself reaches it. Null where the names of the clusters are not known. */
  readonly clusters: readonly { readonly name: string; readonly isReached: boolean }[] | null;
  /** How browsers reach the service; null where that is not known. */
  readonly publicAddress: object | null;
  /** The files with which the service itself speaks TLS, and whether a proxy does. */
  readonly tls: { readonly files: object | null; readonly terminated: boolean };
  /** Where the service listens; 0: any free port. */
  readonly port: number;
  /** Null where they are not known. */
  readonly roles: readonly RoleBindingConfig[] | null;
}

/** Reports every problem; the places are below `/callers`. */
export function readCallers(
  settings: CallersSettings | undefined,
  surroundings: CallersSurroundings,
  resolve: Resolve,
  report: ReportProblem,
): CallersConfig {
  const oidc = readIssuers(settings?.oidc ?? [], surroundings, resolve, report);
  const serviceAccounts = readServiceAccounts(settings?.serviceAccounts ?? [], surroundings, report);
  const clientCertificates = readClientCertificates(settings?.clientCertificates, surroundings, resolve, report);
  reportPrefixes({ oidc, serviceAccounts, clientCertificates }, report);
  const admins = settings?.apiTokens?.admins ?? true;
  if (!admins && !(oidc.length > 0 && (surroundings.roles?.some((binding) => binding.roles.includes('admin')) ?? true)))
    report(
      '/callers/apiTokens/admins',
      'false needs an issuer under /callers/oidc and an entry of /roles that gives somebody the role admin: nobody else could administer kubepass',
    );
  return { oidc, clientCertificates, serviceAccounts, apiTokens: { admins } };
}

function readIssuers(
  issuers: NonNullable<CallersSettings['oidc']>,
  { publicAddress, tls }: CallersSurroundings,
  resolve: Resolve,
  report: ReportProblem,
): CallersConfig['oidc'] {
  return issuers.map((one, i, all) => {
    const at = below(`/callers/oidc/${i}`, report);
    if (all.findIndex(({ name }) => name === one.name) !== i)
      at('/name', `${shown(one.name)} is the name of an earlier issuer`);
    if (all.findIndex(({ issuer }) => issuer === one.issuer) !== i) at('/issuer', 'is that of an earlier issuer');
    if (one.login !== undefined && publicAddress === null)
      at(
        '/login',
        'needs publicAddress, or tls with a host that browsers reach: the identity provider sends them back there',
      );
    if (one.login !== undefined && tls.files === null && !tls.terminated)
      at(
        '/login',
        'needs tls.certFile and tls.keyFile, or tls.terminated: true where a proxy terminates TLS: browsers keep the session in a cookie that only goes over TLS',
      );
    return readOidc(one, i, resolve, at);
  });
}

function readServiceAccounts(
  accounts: NonNullable<CallersSettings['serviceAccounts']>,
  { clusters }: CallersSurroundings,
  report: ReportProblem,
): CallersConfig['serviceAccounts'] {
  return accounts.map(({ cluster, audience, usernamePrefix = '' }, i, all) => {
    const at = below(`/callers/serviceAccounts/${i}`, report);
    const found = clusters?.find(({ name }) => name === cluster);
    if (clusters !== null && found === undefined)
      at('/cluster', `is not the name of a configured cluster; there are ${listed(clusters.map(({ name }) => name))}`);
    else if (found?.isReached === false)
      at('/cluster', 'cannot be asked about tokens: it needs kubeconfig, or inCluster: true');
    if (all.findIndex((other) => other.cluster === cluster) !== i)
      at('/cluster', `${shown(cluster)} stands there already`);
    // A token goes to the cluster of its audience. With a common one, each cluster could use the tokens of the others.
    if (all.findIndex((other) => other.audience === audience) !== i)
      at('/audience', 'is that of another cluster, which could then use the tokens for this one');
    if (i > 0 && usernamePrefix === '')
      at(
        '/usernamePrefix',
        'must be given and not be empty from the second cluster on: service accounts have the same names in each',
      );
    // Such a token opens the API server, too. Kubernetes names API servers so by default.
    if (/^https:\/\/kubernetes\.default(?:[./:]|$)/i.test(audience))
      at('/audience', 'is that of API servers: tokens for kubepass need an audience of their own');
    reportPrefix(usernamePrefix, '/usernamePrefix', at);
    return { cluster, audience, usernamePrefix };
  });
}

function readClientCertificates(
  certificates: CallersSettings['clientCertificates'],
  { tls, port }: CallersSurroundings,
  resolve: Resolve,
  report: ReportProblem,
): CallersConfig['clientCertificates'] {
  if (certificates === undefined) return null;
  const { certificateAuthority, revocationList, usernamePrefix = '', ...settings } = certificates;
  const at = below('/callers/clientCertificates', report);
  if (tls.files === null) at('', 'needs tls.certFile and tls.keyFile: a client certificate is part of TLS');
  if (port !== 0 && settings.port === port)
    at('/port', 'must not be the port of the service: browsers there would be asked for a certificate');
  reportPrefix(usernamePrefix, '/usernamePrefix', at);
  return {
    ...settings,
    usernamePrefix,
    certificateAuthorityFile: resolve(certificateAuthority),
    revocationListFile: resolveOptional(revocationList, resolve),
  };
}

/** Two ways in must not give the same names, nor the same groups. */
function reportPrefixes(
  { oidc, serviceAccounts, clientCertificates }: Omit<CallersConfig, 'apiTokens'>,
  report: ReportProblem,
): void {
  const ofAccounts = serviceAccounts.map(({ usernamePrefix }) => usernamePrefix);
  const usernames = [
    ...oidc.map(({ usernamePrefix }, i) => [`/callers/oidc/${i}/usernamePrefix`, usernamePrefix] as const),
    ...ofAccounts.map((prefix, i) => [`/callers/serviceAccounts/${i}/usernamePrefix`, prefix] as const),
    ['/callers/clientCertificates/usernamePrefix', clientCertificates?.usernamePrefix ?? ''] as const,
  ];
  const groups = oidc.map(({ groupsPrefix }, i) => [`/callers/oidc/${i}/groupsPrefix`, groupsPrefix] as const);
  reportSharedPrefixes(usernames, [], report);
  // The groups of service accounts have the prefix of their names.
  reportSharedPrefixes(groups, ofAccounts, report);
}

/** An issuer as it is where the file says no more than it must. */
const oidcDefaults = {
  tokens: 'access',
  usernameClaim: 'sub',
  usernamePrefix: '',
  groupsClaim: 'groups',
  groupsPrefix: '',
  scopes: ['openid', 'email', 'groups'],
  authorizedParties: null,
  algorithms: ['RS256', 'ES256'],
  clockSkewSeconds: 30,
  staleKeysSeconds: 3_600,
  cli: null,
} satisfies Partial<OidcConfig>;

function readOidc(one: OidcSettings, i: number, resolve: Resolve, report: ReportProblem): OidcConfig {
  const { login, certificateAuthority, ...settings } = { ...oidcDefaults, ...one };
  const { issuer, audiences, tokens, scopes, cli } = settings;
  reportUnlessDnsLabel(settings.name, '/name', report);
  // OpenID Connect Discovery 1.0 section 3.
  const whyNot = whyNotUrl(issuer, { orLoopback: true });
  if (whyNot !== null) report('/issuer', whyNot);
  else if (certificateAuthority !== undefined && issuer.startsWith('http:'))
    report('/certificateAuthority', 'is for https alone');
  for (const member of ['usernamePrefix', 'groupsPrefix'] as const) {
    const prefix = settings[member];
    if (i > 0 && prefix === '')
      report(
        `/${member}`,
        'must be given and not be empty from the second issuer on: names of two issuers must never meet',
      );
    reportPrefix(prefix, `/${member}`, report);
  }
  if (!scopes.includes('openid')) report('/scopes', 'must hold "openid"');
  // An id token has the client's id as its audience: it would pass for an access token.
  for (const [member, client] of Object.entries({ login, cli }))
    if (tokens === 'access' && client && audiences.includes(client.clientId))
      report(
        '/audiences',
        `must not hold ${member}.clientId ("${client.clientId}") where tokens is access: every id token would pass for an access token`,
      );
  return {
    ...settings,
    certificateAuthorityFile: resolveOptional(certificateAuthority, resolve),
    login: login
      ? { clientId: login.clientId, clientSecretFile: resolveOptional(login.clientSecretFile, resolve) }
      : null,
  };
}

/** The places are below `/roles`. */
export function readRoles(settings: RoleSettings | undefined, report: ReportProblem): readonly RoleBindingConfig[] {
  return (settings ?? []).map(({ names = [], groups = [], roles }, i) => {
    if (names.length === 0 && groups.length === 0) report(`/roles/${i}`, 'needs names or groups');
    for (const [member, texts] of Object.entries({ names, groups }))
      for (const [k, text] of texts.entries()) {
        const whyNot = whyNotPrincipalName(text);
        if (whyNot !== null) report(`/roles/${i}/${member}/${k}`, `${whyNot}: nobody has this name`);
      }
    return { names, groups, roles };
  });
}

/** A prefix that begins another one could be continued by a name to the other's names. */
function reportSharedPrefixes(
  prefixes: readonly (readonly [place: string, prefix: string])[],
  others: readonly string[],
  report: ReportProblem,
): void {
  const earlier = others.filter((prefix) => prefix !== '').map(foldedName);
  for (const [place, prefix] of prefixes) {
    if (prefix === '') continue;
    const folded = foldedName(prefix);
    if (earlier.some((other) => other.startsWith(folded) || folded.startsWith(other)))
      report(place, 'begins as another prefix does, or the other way round, so that names of the two could meet');
    earlier.push(folded);
  }
}

/** A prefix is the beginning of a name. */
function reportPrefix(prefix: string, place: string, report: ReportProblem): void {
  if (prefix === '') return;
  const whyNot = whyNotPrincipalName(`${prefix}a`);
  if (whyNot !== null) report(place, `cannot begin a name: with a letter behind it, it ${whyNot}`);
  // A shorter one could be continued to it.
  const folded = foldedName(prefix);
  if (folded.startsWith('system:') || 'system:'.startsWith(folded))
    report(place, 'must not begin as "system:" does, which is reserved');
}
