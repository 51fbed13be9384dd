// Tests src/config/callers-config.ts, src/config/setting.ts
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError, loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubepass-callers-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const cluster = (name: string, more: object = {}) => ({
  name,
  server: 'https://10.0.0.1:6443',
  servingCertificateAuthority: 'serving.crt',
  signer: { localCA: { certFile: 'ca.crt', keyFile: 'ca.key' } },
  ...more,
});
const tls = { certFile: 'tls.crt', keyFile: 'tls.key' };

/** Loads a file with these settings, where kubepass reaches the clusters `prod-eu` and `prod-us`, and not `dev`. */
function load(settings: object, variables: Readonly<Record<string, string>> = {}) {
  const configFile = join(directory, 'kubepass.yaml');
  const clusters = [
    cluster('prod-eu', { kubeconfig: 'eu.kubeconfig' }),
    cluster('prod-us', { kubeconfig: 'us.kubeconfig' }),
    cluster('dev'),
  ];
  writeFileSync(configFile, stringify({ clusters, ...settings }));
  return loadConfig(readEnvironment({ KUBEPASS_CONFIG: configFile, ...variables }));
}

/** The problems of a file; the places are those in it. */
function problemsOf(settings: object, variables: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    load(settings, variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigError)
      return error.errors.map((line) => line.replace(/^.*kubepass\.yaml(?::\d+:\d+)?: /, ''));
    throw error;
  }
}

const corp = { name: 'corp', issuer: 'https://idp.example.com/realms/corp', audiences: ['kubepass'] };
const partner = {
  name: 'partner',
  issuer: 'https://login.partner.example',
  audiences: ['kubepass'],
  usernamePrefix: 'partner:',
  groupsPrefix: 'partner:',
};
const eu = { cluster: 'prod-eu', audience: 'kubepass' };
const us = { cluster: 'prod-us', audience: 'kubepass-us', usernamePrefix: 'us:' };
const certificates = { certificateAuthority: 'callers-ca.crt', identity: 'uri', port: 8444 };
const admins = [{ groups: ['platform-admins'], roles: ['admin'] }];

describe('callers.oidc', () => {
  const problems = (...oidc: object[]) => problemsOf({ tls, callers: { oidc } });

  it('has defaults for everything but name, issuer and audiences', () => {
    expect(load({ callers: { oidc: [corp] } }).callers.oidc).toEqual([
      {
        ...corp,
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
        certificateAuthorityFile: null,
        login: null,
        cli: null,
      },
    ]);
  });

  it('takes every setting, with paths relative to the file', () => {
    const every = {
      ...{ ...corp, tokens: 'id', usernameClaim: 'email', usernamePrefix: 'corp:', groupsClaim: 'roles' },
      ...{ groupsPrefix: 'corp:', scopes: ['openid', 'email'], authorizedParties: ['portal'], algorithms: ['EdDSA'] },
      ...{ clockSkewSeconds: 0, staleKeysSeconds: 0, certificateAuthority: 'idp-ca.crt' },
      login: { clientId: 'kubepass', clientSecretFile: 'oidc.secret' },
      cli: { clientId: 'kubepass-cli' },
    };
    const { certificateAuthority, ...rest } = every;
    expect(load({ tls, callers: { oidc: [every] } }).callers.oidc).toEqual([
      {
        ...rest,
        certificateAuthorityFile: join(directory, certificateAuthority),
        login: { clientId: 'kubepass', clientSecretFile: join(directory, 'oidc.secret') },
      },
    ]);
  });

  it('lets a public client sign people in', () => {
    const { callers } = load({ tls, callers: { oidc: [{ ...corp, login: { clientId: 'kubepass-ui' } }] } });
    expect(callers.oidc[0]?.login).toEqual({ clientId: 'kubepass-ui', clientSecretFile: null });
  });

  it.each([
    ['no name', { name: undefined }, 'callers.oidc[0].name: is missing'],
    [
      'a name that is no DNS label',
      { name: 'Corp' },
      'callers.oidc[0].name: must be a DNS label: a-z, 0-9 and inner -',
    ],
    ['a name that leads elsewhere', { name: '../x' }, 'callers.oidc[0].name: must be a DNS label'],
    ['plain http', { issuer: 'http://idp.example.com' }, 'callers.oidc[0].issuer: must be an https URL: plain http is'],
    ['another scheme', { issuer: 'ldaps://idp.example.com' }, 'callers.oidc[0].issuer: must be an https URL'],
    ['no URL', { issuer: 'idp' }, 'callers.oidc[0].issuer: must be an https URL'],
    ['a line break', { issuer: 'https://idp.example.com\n' }, 'callers.oidc[0].issuer: must be an https URL'],
    ['a query', { issuer: 'https://idp/?a=b' }, 'callers.oidc[0].issuer: must have neither query nor fragment'],
    ['an empty query', { issuer: 'https://idp/?' }, 'callers.oidc[0].issuer: must have neither query nor fragment'],
    ['a fragment', { issuer: 'https://idp/#a' }, 'callers.oidc[0].issuer: must have neither query nor fragment'],
    ['credentials', { issuer: 'https://a:b@idp' }, 'callers.oidc[0].issuer: must not hold credentials'],
    [
      'a CA for plain http',
      { issuer: 'http://127.0.0.1:8080', certificateAuthority: 'ca.crt' },
      'callers.oidc[0].certificateAuthority: is for https alone',
    ],
    ['no audience', { audiences: [] }, 'callers.oidc[0].audiences: must not have fewer than 1 items'],
    ['an empty audience', { audiences: [''] }, 'callers.oidc[0].audiences[0]: must not have fewer than 1 characters'],
    ['other tokens', { tokens: 'refresh' }, 'callers.oidc[0].tokens: must be one of'],
    ['no signature', { algorithms: ['none'] }, 'callers.oidc[0].algorithms[0]: must be one of'],
    ['a shared secret', { algorithms: ['HS256'] }, 'callers.oidc[0].algorithms[0]: must be one of'],
    ['no algorithm', { algorithms: [] }, 'callers.oidc[0].algorithms: must not have fewer than 1 items'],
    ['scopes without openid', { scopes: ['email'] }, 'callers.oidc[0].scopes: must hold "openid"'],
    ['a large skew', { clockSkewSeconds: 301 }, 'callers.oidc[0].clockSkewSeconds: must be <= 300'],
    ['negative staleness', { staleKeysSeconds: -1 }, 'callers.oidc[0].staleKeysSeconds: must be >= 0'],
    ['no party', { authorizedParties: [] }, 'callers.oidc[0].authorizedParties: must not have fewer than 1 items'],
    ['a setting that there is not', { audience: 'kubepass' }, 'callers.oidc[0].audience: is not a known setting'],
    [
      'the client among the audiences of access tokens',
      { login: { clientId: 'kubepass' } },
      'callers.oidc[0].audiences: must not hold login.clientId ("kubepass") where tokens is access',
    ],
    [
      'the client of the command line among them',
      { cli: { clientId: 'kubepass' } },
      'callers.oidc[0].audiences: must not hold cli.clientId ("kubepass") where tokens is access',
    ],
    [
      'a prefix that ends no name',
      { usernamePrefix: 'corp ' },
      'callers.oidc[0].usernamePrefix: cannot begin a name: with a letter behind it, it contains U+0020',
    ],
    ['a prefix that begins none', { groupsPrefix: ':x' }, 'callers.oidc[0].groupsPrefix: cannot begin a name: with a'],
    ['the prefix of Kubernetes', { usernamePrefix: 'system:' }, 'callers.oidc[0].usernamePrefix: must not begin as'],
    ['its beginning, which a name goes on', { usernamePrefix: 'sys' }, 'callers.oidc[0].usernamePrefix: must not'],
    ['it in capitals', { groupsPrefix: 'System:oidc:' }, 'callers.oidc[0].groupsPrefix: must not begin as "system:"'],
  ])('refuses %s', (_what, wrong, problem) => {
    const found = problems({ ...corp, ...wrong });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(problem);
  });

  it('takes plain http from a loopback address alone', () => {
    for (const issuer of ['http://127.0.0.1:8080/realms/corp', 'http://localhost:8080', 'http://[::1]:8080'])
      expect(problems({ ...corp, issuer })).toEqual([]);
    for (const issuer of ['http://127.0.0.1.example.com', 'http://localhost.example.com'])
      expect(problems({ ...corp, issuer })).toHaveLength(1);
  });

  it('lets id tokens have the client as their audience', () => {
    expect(problems({ ...corp, tokens: 'id', login: { clientId: 'kubepass' } })).toEqual([]);
  });

  it('signs nobody in where it is not known where browsers reach the service', () => {
    const oidc = [{ ...corp, login: { clientId: 'ui' } }];
    const place = 'callers.oidc[0].login: needs publicAddress, or tls with a host that browsers reach';
    expect(problemsOf({ callers: { oidc } })[0]).toContain(place);
    const publicAddress = { url: 'https://kubepass.example' };
    expect(problemsOf({ callers: { oidc }, publicAddress, tls: { terminated: true } })).toEqual([]);
    expect(problemsOf({ callers: { oidc }, publicAddress })).toEqual([
      expect.stringContaining('callers.oidc[0].login: needs tls.certFile and tls.keyFile, or tls.terminated: true'),
    ]);
  });

  it('keeps the names and groups of two issuers apart', () => {
    expect(problems(corp, partner)).toEqual([]);
    const second = (more: object) => problems(corp, { ...partner, ...more });
    expect(second({ name: 'corp' })).toEqual(['callers.oidc[1].name: "corp" is the name of an earlier issuer']);
    expect(second({ issuer: corp.issuer })).toEqual(['callers.oidc[1].issuer: is that of an earlier issuer']);
    for (const member of ['usernamePrefix', 'groupsPrefix']) {
      const needed = `callers.oidc[1].${member}: must be given and not be empty from the second issuer on: names of two issuers must never meet`;
      expect(second({ [member]: '' })).toEqual([needed]);
      expect(second({ [member]: undefined })).toEqual([needed]);
    }
  });

  it.each([
    ['the same', 'corp:', 'corp:'],
    ['the same in capitals', 'corp:', 'CORP:'],
    ['the beginning of the other', 'corp:', 'corp:partner:'],
    ['continued by the other', 'corp:partner:', 'corp:'],
  ])('refuses two prefixes of which one is %s', (_what, one, other) => {
    for (const member of ['usernamePrefix', 'groupsPrefix'])
      expect(problems({ ...corp, [member]: one }, { ...partner, [member]: other })).toEqual([
        `callers.oidc[1].${member}: begins as another prefix does, or the other way round, so that names of the two could meet`,
      ]);
  });
});

describe('callers.serviceAccounts', () => {
  const problems = (...serviceAccounts: object[]) => problemsOf({ callers: { serviceAccounts } });

  it('are those of clusters that kubepass reaches', () => {
    expect(load({ callers: { serviceAccounts: [eu, us] } }).callers.serviceAccounts).toEqual([
      { ...eu, usernamePrefix: '' },
      us,
    ]);
    expect(problems({ ...eu, cluster: 'nowhere' })).toEqual([
      'callers.serviceAccounts[0].cluster: is not the name of a configured cluster; there are prod-eu, prod-us, dev',
    ]);
    expect(problems({ ...eu, cluster: 'dev' })).toEqual([
      'callers.serviceAccounts[0].cluster: cannot be asked about tokens: it needs kubeconfig, or inCluster: true',
    ]);
  });

  it('have an audience of their own for each cluster, so that no cluster sees a token for another', () => {
    expect(problems(eu, { ...us, audience: eu.audience })).toEqual([
      'callers.serviceAccounts[1].audience: is that of another cluster, which could then use the tokens for this one',
    ]);
    expect(problems(eu, { ...us, cluster: 'prod-eu' })).toEqual([
      'callers.serviceAccounts[1].cluster: "prod-eu" stands there already',
    ]);
    expect(problems({ ...eu, audience: '' })[0]).toContain('callers.serviceAccounts[0].audience: must not have fewer');
  });

  it.each([
    'https://kubernetes.default.svc',
    'https://kubernetes.default.svc.cluster.local',
    'https://kubernetes.default',
    'https://kubernetes.default:443',
  ])('do not have the audience of an API server: %s', (audience) => {
    expect(problems({ ...eu, audience })).toEqual([
      'callers.serviceAccounts[0].audience: is that of API servers: tokens for kubepass need an audience of their own',
    ]);
  });

  it('have different names in each cluster, and others than people have', () => {
    const needed =
      'callers.serviceAccounts[1].usernamePrefix: must be given and not be empty from the second cluster on: service accounts have the same names in each';
    expect(problems(eu, { ...us, usernamePrefix: '' })).toEqual([needed]);
    expect(problems(eu, { ...us, usernamePrefix: undefined })).toEqual([needed]);
    const met = (i: number) =>
      `callers.serviceAccounts[${i}].usernamePrefix: begins as another prefix does, or the other way round, so that names of the two could meet`;
    expect(problems({ ...eu, usernamePrefix: 'us:eu:' }, us)).toEqual([met(1)]);
    const oidc = [{ ...corp, usernamePrefix: 'us:' }];
    expect(problemsOf({ callers: { oidc, serviceAccounts: [eu, us] } })).toEqual([met(1)]);
    expect(problems({ ...eu, usernamePrefix: 'system:' })).toEqual([
      'callers.serviceAccounts[0].usernamePrefix: must not begin as "system:" does, which is reserved',
    ]);
  });

  it('have other groups than people have', () => {
    const oidc = [{ ...corp, groupsPrefix: 'us:' }];
    expect(problemsOf({ callers: { oidc, serviceAccounts: [eu, us] } })).toEqual([
      'callers.oidc[0].groupsPrefix: begins as another prefix does, or the other way round, so that names of the two could meet',
    ]);
  });
});

describe('callers.clientCertificates', () => {
  const problems = (more: object = {}, settings: object = { tls }) =>
    problemsOf({ ...settings, callers: { clientCertificates: { ...certificates, ...more } } });

  it('are taken on a port of their own', () => {
    const { callers } = load({ tls, callers: { clientCertificates: { ...certificates, revocationList: 'ca.crl' } } });
    expect(callers.clientCertificates).toEqual({
      certificateAuthorityFile: join(directory, 'callers-ca.crt'),
      identity: 'uri',
      port: 8444,
      revocationListFile: join(directory, 'ca.crl'),
      usernamePrefix: '',
    });
    expect(load({ tls, callers: { clientCertificates: certificates } }).callers.clientCertificates).toMatchObject({
      revocationListFile: null,
    });
  });

  it('need TLS, which a proxy in front does not replace', () => {
    const needed =
      'callers.clientCertificates: needs tls.certFile and tls.keyFile: a client certificate is part of TLS';
    expect(problems({}, {})).toEqual([needed]);
    expect(problems({}, { tls: { terminated: true } })).toEqual([needed]);
    const files = { KUBEPASS_TLS_CERT_FILE: 'tls.crt', KUBEPASS_TLS_KEY_FILE: 'tls.key' };
    expect(problemsOf({ callers: { clientCertificates: certificates } }, files)).toEqual([]);
  });

  it('do not share the port of the service, wherever that is set', () => {
    const shared =
      'callers.clientCertificates.port: must not be the port of the service: browsers there would be asked for a certificate';
    expect(problems({ port: 8080 })).toEqual([shared]);
    expect(problems({ port: 9000 }, { tls, port: 9000 })).toEqual([shared]);
    const callers = { clientCertificates: certificates };
    expect(problemsOf({ tls, callers }, { KUBEPASS_PORT: '8444' })).toEqual([shared]);
    expect(problems({ port: 0 }, { tls, port: 0 })).toEqual([]);
  });

  it.each([
    ['no CA', { certificateAuthority: undefined }, 'callers.clientCertificates.certificateAuthority: is missing'],
    ['no identity', { identity: undefined }, 'callers.clientCertificates.identity: is missing'],
    ['another identity', { identity: 'email' }, 'callers.clientCertificates.identity: must be one of'],
    ['no port', { port: undefined }, 'callers.clientCertificates.port: is missing'],
    ['a port that there is not', { port: 65_536 }, 'callers.clientCertificates.port: must be <= 65535'],
    ['a setting that there is not', { optional: true }, 'callers.clientCertificates.?: is not a known setting'],
    ['a reserved prefix', { usernamePrefix: 'system:' }, 'callers.clientCertificates.usernamePrefix: must not begin'],
  ])('refuse %s', (_what, wrong, problem) => {
    const found = problems(wrong);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(problem);
  });

  it('have a prefix that nobody else has', () => {
    const oidc = [{ ...corp, usernamePrefix: 'x509:' }];
    const clientCertificates = { ...certificates, usernamePrefix: 'X509:' };
    expect(problemsOf({ tls, callers: { oidc, clientCertificates } })).toEqual([
      'callers.clientCertificates.usernamePrefix: begins as another prefix does, or the other way round, so that names of the two could meet',
    ]);
  });
});

describe('callers.apiTokens.admins', () => {
  const locked =
    'callers.apiTokens.admins: false needs an issuer under /callers/oidc and an entry of /roles that gives somebody the role admin: nobody else could administer kubepass';
  const without = { apiTokens: { admins: false } };

  it('is true unless the file says otherwise', () => {
    expect(load({}).callers.apiTokens).toEqual({ admins: true });
    expect(load({ callers: { apiTokens: {} } }).callers.apiTokens).toEqual({ admins: true });
  });

  it('is false only where people who come by OIDC are admins', () => {
    expect(load({ callers: { ...without, oidc: [corp] }, roles: admins }).callers.apiTokens).toEqual({ admins: false });
    expect(problemsOf({ callers: without })).toEqual([locked]);
    expect(problemsOf({ callers: without, roles: admins })).toEqual([locked]);
    expect(problemsOf({ callers: { ...without, oidc: [corp] } })).toEqual([locked]);
    const approvers = [{ groups: ['oncall'], roles: ['approver'] }];
    expect(problemsOf({ callers: { ...without, oidc: [corp] }, roles: approvers })).toEqual([locked]);
    expect(problemsOf({ callers: { ...without, serviceAccounts: [eu] }, roles: admins })).toEqual([locked]);
  });
});

describe('roles', () => {
  it('are given to names and to groups', () => {
    const roles = [
      { groups: ['platform-admins'], roles: ['admin'] },
      { names: ['system:serviceaccount:ci:deployer', `spiffe://${'a'.repeat(244)}`], roles: ['requester', 'auditor'] },
    ];
    expect(load({ roles }).roles).toEqual([
      { names: [], ...roles[0] },
      { groups: [], ...roles[1] },
    ]);
  });

  it.each([
    ['nobody', { roles: ['admin'] }, 'roles[0]: needs names or groups'],
    ['no names at all', { names: [], roles: ['admin'] }, 'roles[0].names: must not have fewer than 1 items'],
    ['no role', { names: ['jane'], roles: [] }, 'roles[0].roles: must not have fewer than 1 items'],
    ['a role that there is not', { names: ['jane'], roles: ['root'] }, 'roles[0].roles[0]: must be one of'],
    ['reviewers', { names: ['jane'], roles: ['reviewer'] }, 'roles[0].roles[0]: must be one of'],
    ['a pattern', { names: ['jane*'], roles: ['admin'] }, 'roles[0].names[0]: contains U+002A, which is not allowed'],
    ['a path', { groups: ['/team'], roles: ['admin'] }, 'roles[0].groups[0]: begins with U+002F, which is not allowed'],
    [
      'a name that is too long',
      { names: ['a'.repeat(254)], roles: ['admin'] },
      'roles[0].names[0]: must not have more than 253 characters',
    ],
  ])('are not given to %s', (_what, binding, problem) => {
    const found = problemsOf({ roles: [binding] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(problem);
  });
});

it('reports every problem of callers at once, each with its place', () => {
  const callers = {
    oidc: [
      { ...corp, issuer: 'http://idp.example.com', scopes: ['email'] },
      { ...partner, usernamePrefix: '' },
    ],
    serviceAccounts: [{ ...eu, cluster: 'nowhere' }],
    clientCertificates: certificates,
    apiTokens: { admins: false },
  };
  expect(problemsOf({ callers, roles: [{ names: ['a b'], roles: ['auditor'] }] })).toEqual([
    expect.stringContaining('roles[0].names[0]: contains U+0020'),
    expect.stringContaining('callers.oidc[0].issuer: must be an https URL'),
    expect.stringContaining('callers.oidc[0].scopes: must hold "openid"'),
    expect.stringContaining('callers.oidc[1].usernamePrefix: must be given'),
    expect.stringContaining('callers.serviceAccounts[0].cluster: is not the name'),
    expect.stringContaining('callers.clientCertificates: needs tls.certFile'),
    expect.stringContaining('callers.apiTokens.admins: false needs an issuer'),
  ]);
});
