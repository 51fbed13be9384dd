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
const network =
  `${octet}(?:\\.${octet}){3}(?:/(?:[1-9]|[12][0-9]|3[0-2]))?` +
  '|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:/(?:[1-9][0-9]?|1[01][0-9]|12[0-8]))?';

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
 * as a schema can say them. No schema compares two values, so it is left to the service that names differ, that they
 * are names of clusters, and that no prefix begins another one. `templates/checks.yaml` of the chart refuses, in words
 * of its own, what depends on values beside `config`: clusters that nothing leads to, and ports that are taken.
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
