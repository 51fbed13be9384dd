/** A realm as Keycloak imports it. */
export type Representation = Readonly<Record<string, unknown>>;

const mapper = (name: string, kind: string, config: Readonly<Record<string, string>>): Representation => ({
  name,
  protocol: 'openid-connect',
  protocolMapper: kind,
  config: { 'access.token.claim': 'true', 'id.token.claim': 'true', ...config },
});

/** Puts `kubepass` into `aud` of access tokens. Without such a mapper it is not there. */
const audience = mapper('audience', 'oidc-audience-mapper', {
  'included.custom.audience': 'kubepass',
  'id.token.claim': 'false',
});

const groups = (fullPath: boolean) =>
  mapper('groups', 'oidc-group-membership-mapper', { 'claim.name': 'groups', 'full.path': String(fullPath) });

/** As Entra writes it where there are too many groups for a token. */
const groupsElsewhere = mapper('elsewhere', 'oidc-hardcoded-claim-mapper', {
  'claim.name': '_claim_names',
  'claim.value': '{"groups":"src1"}',
  'jsonType.label': 'JSON',
});

/** A public client whose users give it their password: the tokens are those of every other way to sign in. */
const client = (clientId: string, mappers: readonly Representation[], attributes: Representation = {}) => ({
  ...{ clientId, publicClient: true, directAccessGrantsEnabled: true, attributes, protocolMappers: mappers },
  redirectUris: ['https://portal.example/callback'],
});

/** The client by which people sign in at kubepass with their browsers; its tokens are for it alone. */
export const browserClient = (redirectUri: string): Representation => ({
  ...{ clientId: 'console', publicClient: true, standardFlowEnabled: true },
  redirectUris: [redirectUri],
  attributes: { 'pkce.code.challenge.method': 'S256' },
  protocolMappers: [groups(false)],
});

/**
 * The client by which the kubectl plugin signs people in: with a browser, or by device code. Any port is good (RFC
 * 8252).
 */
const pluginClient: Representation = {
  ...{ clientId: 'kubepass-cli', publicClient: true, standardFlowEnabled: true },
  redirectUris: ['http://127.0.0.1/callback'],
  attributes: { 'pkce.code.challenge.method': 'S256', 'oauth2.device.authorization.grant.enabled': 'true' },
  protocolMappers: [audience, groups(false)],
};

export const password = 'not a secret, for tests';

const user = (username: string, ofGroups: readonly string[], more: Representation = {}): Representation => ({
  ...{ username, enabled: true, email: `${username}@corp.example`, emailVerified: true },
  ...{ firstName: username, lastName: 'Tester' },
  credentials: [{ type: 'password', value: password }],
  groups: ofGroups.map((name) => `/${name}`),
  ...more,
});

const many = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));
export const shortGroups = many(250, (i) => `g${i}`);
const longGroups = many(250, (i) => `department-of-many-words-number-${i}`);

export const realm: Representation = {
  realm: 'corp',
  enabled: true,
  clients: [
    pluginClient,
    client('portal', [audience, groups(false)]),
    client('no-audience', [groups(false)]),
    client('full-paths', [audience, groups(true)]),
    client('elsewhere', [audience, groupsElsewhere]),
    client('es256', [audience, groups(false)], { 'access.token.signed.response.alg': 'ES256' }),
    client('ps256', [audience, groups(false)], { 'access.token.signed.response.alg': 'PS256' }),
  ],
  groups: [...['team-a', 'oncall', 'platform-admins', 'Team with spaces'], ...shortGroups, ...longGroups].map(
    (name) => ({ name }),
  ),
  users: [
    user('jane', ['team-a']),
    user('bob', ['oncall', 'Team with spaces']),
    user('rita', ['platform-admins']),
    user('mallory', [], { emailVerified: false }),
    user('wide', shortGroups),
    user('wider', longGroups),
  ],
};
