import { at, inAnyCase, type JsonSchema, matching } from './json-schema.js';

/** A place of the configuration file, such as `clusters[].name`, and what must hold there. */
export type Rule = readonly [path: string, ...rules: readonly JsonSchema[]];

const has = (...required: readonly string[]): JsonSchema => ({ required });
/** A key that must not be there. The error of a schema that is false has the path of the key. */
const without = (...keys: readonly string[]): JsonSchema => ({
  properties: Object.fromEntries(keys.map((key) => [key, false])),
});
const hasRole = (role: string): JsonSchema => at('roles', { contains: { const: role } });
const is = (key: string, value: unknown): JsonSchema => at(key, { const: value });

const octet = '(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])';
const ipv4 = `${octet}(?:\\.${octet}){3}`;
const h16 = '[0-9A-Fa-f]{1,4}';
/** IPv6address of RFC 3986 section 3.2.2: eight groups, or fewer with `::` among them. */
const ipv6 = `(?:${[
  ...[`(?:${h16}:){7}${h16}`, `(?:${h16}:){6}${ipv4}`],
  ...[0, 1, 2, 3, 4, 5].map((before) => `${groups(before)}::(?:${h16}:){0,${5 - before}}(?:${h16}:${h16}|${ipv4})`),
  ...[`${groups(6)}::${h16}`, `${groups(7)}::`],
].join('|')})`;

function groups(most: number): string {
  return most === 0 ? '' : `(?:(?:${h16}:){0,${most - 1}}${h16})?`;
}

const network = `${ipv4}(?:/(?:[1-9]|[12][0-9]|3[0-2]))?` + `|${ipv6}(?:/(?:[1-9][0-9]?|1[01][0-9]|12[0-8]))?`;

/** A host that ends with a number is an IPv4 address, and one in brackets an IPv6 address (WHATWG URL section 3.5). */
const urlWithAHost: JsonSchema = {
  allOf: [
    {
      if: { pattern: '^https?://[^/:]*\\.(?:[0-9]+|0[Xx][0-9A-Fa-f]*)\\.?(?:[:/?]|$)' },
      then: { pattern: `^https?://(?:(?:${octet}\\.){3}${octet}|(?:${octet}\\.){0,2}[0-9]{1,7})\\.?(?:[:/?]|$)` },
    },
    { if: { pattern: '^https?://\\[' }, then: { pattern: `^https?://\\[${ipv6}\\]` } },
  ],
};

const name = '[A-Za-z0-9](?:[A-Za-z0-9._:@/-]*[A-Za-z0-9])?';
/** A prefix begins a name, and neither `system:` nor anything that a name could continue to it. */
const prefix: JsonSchema = {
  ...matching('(?:[A-Za-z0-9][A-Za-z0-9._:@/-]*)?'),
  not: {
    pattern: `^(?:${inAnyCase('system:')}.*|${['syste', 'system', 'syst', 'sys', 'sy', 's'].map(inAnyCase).join('|')})$`,
  },
};

/** Names of the second and of later ones get a prefix, so that they never meet those of the first. */
const fromTheSecond = (...keys: readonly string[]): JsonSchema => ({
  items: [{}],
  additionalItems: { required: keys, properties: Object.fromEntries(keys.map((key) => [key, { minLength: 1 }])) },
});

const isHttp = (key: string) => at(key, { pattern: '^http:' });

/**
 * The service judges the settings once it has read the shape of its file (src/config). These are its refusals, as far
 * as a schema can say them. No schema compares two values, so templates of the chart do it, in words of their own:
 * `templates/config-checks.yaml` those of `config`, and `templates/checks.yaml` those that depend on values beside it.
 */
export const configRules: readonly Rule[] = [
  ['trustedProxies[]', matching(network)],
  [
    '',
    // Pods listen on all addresses, so no address of theirs is one that browsers can be told.
    {
      if: { not: has('publicAddress') },
      then: { properties: { callers: { properties: { oidc: { items: without('login') } } } } },
    },
    {
      if: { not: { allOf: [at('callers.oidc', { minItems: 1 }), at('roles', { contains: hasRole('admin') })] } },
      then: { properties: { callers: { properties: { apiTokens: { properties: { admins: { const: true } } } } } } },
    },
  ],
  ['clusters[]', { if: is('signer', 'kubernetes'), then: without('apiServers') }],
  ['clusters[].server', urlWithAHost],
  ['clusters[].apiServers[]', urlWithAHost],
  ['publicAddress.url', urlWithAHost],
  ['callers.oidc[].issuer', urlWithAHost],
  ['webhooks[].url', urlWithAHost],
  ['clusters[].apiServers', { uniqueItems: true }],
  ['clusters[].allowPrivilegedGroups[]', { not: { pattern: `^${inAnyCase('system:')}` } }],
  [
    'clusters[].revocation',
    { if: { not: is('mode', 'admission') }, then: without('configMap') },
    { if: { not: at('mode', { enum: ['webhook', 'listed', 'admission'] }) }, then: without('whenInDoubt') },
  ],
  [
    'clusters[].revocation.configMap.name',
    matching('[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*'),
  ],
  [
    'clusters[].signer.localCA',
    { if: has('issuers'), then: without('certFile', 'keyFile'), else: has('certFile', 'keyFile') },
  ],
  ['clusters[].signer.localCA.issuers', { uniqueItems: true }],
  [
    'clusters[].signer.localCA.issuers[].key',
    {
      if: has('file'),
      then: { ...without('agent', 'label'), if: has('passphraseFile'), then: without('passphraseFd') },
      else: { ...without('passphraseFile', 'passphraseFd'), ...has('agent') },
    },
  ],
  ['clusters[].signer.localCA.issuers[].subject.organization', { uniqueItems: true }],
  ['audit', { dependencies: { archiveDir: ['archiveAfterDays'], archiveAfterDays: ['archiveDir'] } }],
  ['callers.oidc', fromTheSecond('usernamePrefix', 'groupsPrefix')],
  ['callers.oidc[]', { if: isHttp('issuer'), then: without('certificateAuthority') }],
  ['callers.oidc[].scopes', { contains: { const: 'openid' } }],
  ['callers.oidc[].usernamePrefix', prefix],
  ['callers.oidc[].groupsPrefix', prefix],
  ['callers.serviceAccounts', fromTheSecond('usernamePrefix')],
  ['callers.serviceAccounts[].usernamePrefix', prefix],
  [
    'callers.serviceAccounts[].audience',
    { not: { pattern: `^${inAnyCase('https://kubernetes.default')}(?:[./:]|$)` } },
  ],
  ['callers.clientCertificates.usernamePrefix', prefix],
  ['roles[]', { if: { not: has('names') }, then: has('groups') }],
  ['roles[].names[]', matching(name)],
  ['roles[].groups[]', matching(name)],
  ['webhooks[]', { if: isHttp('url'), then: without('certificateAuthority') }],
  ['webhooks[].events', { uniqueItems: true }],
  ['webhooks[].clusters[]', matching('[*]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?')],
];
