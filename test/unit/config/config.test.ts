// Tests src/config/config.ts, src/config/sources.ts, src/config/env.ts, src/config/database-config.ts,
// src/config/webhook-config.ts, src/config/budgets-config.ts
import { directoryDefaults } from '../../../src/model/directory.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { webhookEventTypes } from '../../../src/model/webhook-delivery.js';
import { embeddedRevocation } from '../../../src/config/cluster-config.js';

let directory: string;
let configFile: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubepass-config-'));
  configFile = join(directory, 'kubepass.yaml');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** `FILE clusters[0].name: message`, without line and column. */
const withoutPosition = (error: string) =>
  error.startsWith(configFile) ? error.replace(configFile, 'FILE').replace(/^FILE(?::\d+:\d+)?:/, 'FILE') : error;
const load = (variables: Record<string, string> = {}) => loadConfig(readEnvironment(variables));
const errorsOf = (variables: Record<string, string>): readonly string[] => {
  try {
    load(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.map(withoutPosition);
    throw error;
  }
};
const loadFile = (text: string, variables: Record<string, string> = {}) => {
  writeFileSync(configFile, text);
  return load({ KUBEPASS_CONFIG: configFile, ...variables });
};
const fileErrors = (text: string, variables: Record<string, string> = {}) => {
  writeFileSync(configFile, text);
  return errorsOf({ KUBEPASS_CONFIG: configFile, ...variables });
};

/** The issuer that two files are. */
const pair = (certFile: string, keyFile: string) => ({
  name: 'default',
  certFile,
  key: { kind: 'file', file: keyFile, passphrase: null },
  anchorFile: null,
  subject: null,
});

const notRepeated = 'Its text, which may hold secrets, is not repeated';
const localCA = 'signer: { localCA: { certFile: ca.crt, keyFile: ca.key } }';
/** A file with one cluster; `settings` override the necessary ones. */
const cluster = (settings: Record<string, string> = {}) => {
  const all = {
    name: 'dev-eu',
    server: 'https://10.0.0.1:6443',
    servingCertificateAuthority: 'serving.crt',
    signer: localCA.slice('signer: '.length),
    ...settings,
  };
  return `  - { ${Object.entries(all)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')} }\n`;
};
const oneCluster = (settings: Record<string, string> = {}) => `clusters:\n${cluster(settings)}`;

describe('firstAdminTokenFile', () => {
  const people =
    'callers: { oidc: [{ name: corp, issuer: "https://idp.example", audiences: [kubepass] }], apiTokens: { admins: false } }\n' +
    'roles: [{ groups: [platform-admins], roles: [admin] }]\n';

  it('is a path of the file, or of the environment, which overrides it', () => {
    expect(load().firstAdminTokenFile).toBeNull();
    const file = `${oneCluster()}firstAdminTokenFile: secrets/token\n`;
    expect(loadFile(file).firstAdminTokenFile).toBe(join(directory, 'secrets/token'));
    const variables = { KUBEPASS_FIRST_ADMIN_TOKEN_FILE: '/run/token' };
    expect(loadFile(file, variables).firstAdminTokenFile).toBe('/run/token');
  });

  it('is refused where it could not act, because no API token may be an admin', () => {
    const why = 'goes with API tokens that may be admins: take it away, because callers.apiTokens.admins is false';
    const file = `${oneCluster()}${people}`;
    expect(loadFile(file).callers.apiTokens.admins).toBe(false);
    expect(fileErrors(`${file}firstAdminTokenFile: token\n`)).toEqual([`FILE firstAdminTokenFile: ${why}`]);
    expect(fileErrors(file, { KUBEPASS_FIRST_ADMIN_TOKEN_FILE: '/run/token' })).toEqual([
      `KUBEPASS_FIRST_ADMIN_TOKEN_FILE: ${why}`,
    ]);
    // Nobody knows what was meant.
    expect(fileErrors(`${file.replace('admins: false', 'admins: no')}firstAdminTokenFile: token\n`)).toEqual([
      expect.stringMatching(/^FILE callers\.apiTokens\.admins: must be true or false/),
    ]);
  });
});

it('knows the commit that the image was built from', () => {
  expect(load({ KUBEPASS_REVISION: '0a1b2c3' }).revision).toBe('0a1b2c3');
  expect(load({ KUBEPASS_REVISION: '' }).revision).toBe('unknown');
});

it('tells errors of shape and of meaning at once, also where a list is missing', () => {
  const callers = 'callers:\n  oidc:\n    - { name: corp, issuer: "http://idp", clientID: a }\n';
  expect(
    fileErrors(oneCluster({ server: 'http://x', signer: 'kubernetess' }) + callers).map(
      (error) => error.split(': ')[0],
    ),
  ).toEqual([
    'FILE callers.oidc[0].audiences',
    'FILE callers.oidc[0].clientID',
    'FILE clusters[0].server',
    'FILE clusters[0].signer',
    'FILE callers.oidc[0].issuer',
  ]);
});

describe('loadConfig without anything', () => {
  it('is the embedded default', () => {
    const dataDir = resolve('.kubepass');
    expect(load()).toEqual({
      configFile: null,
      dataDir,
      firstAdminTokenFile: null,
      revision: 'unknown',
      host: '127.0.0.1',
      port: 8080,
      tls: null,
      tlsTerminated: false,
      trustedProxies: [],
      publicAddress: null,
      connections: { max: 1000, maxPerAddress: 250 },
      console: true,
      policiesDir: resolve('policies'),
      database: { kind: 'sqlite', file: join(dataDir, 'kubepass.db') },
      clusters: [
        {
          name: 'demo',
          server: 'https://127.0.0.1:6443',
          apiServers: ['https://127.0.0.1:6443'],
          servingCertificateAuthorityFile: join(dataDir, 'ca', 'ca.crt'),
          clientCertificateAuthorityFile: null,
          signer: {
            kind: 'localCA',
            issuers: [pair(join(dataDir, 'ca', 'ca.crt'), join(dataDir, 'ca', 'ca.key'))],
            listed: false,
            generate: true,
          },
          connection: null,
          allowPrivilegedGroups: [],
          nameAlphabet: 'ascii',
          readRoleBindings: false,
          allowExec: false,
          sharedTrust: false,
          revocation: embeddedRevocation,
        },
      ],
      issuing: { timeoutSeconds: 60, pendingExpiresAfterSeconds: 259_200, uncollectedExpiresAfterSeconds: 86_400 },
      renewal: { groupsMaxAgeSeconds: 2_592_000 },
      expiry: { noticeSeconds: [86_400, 604_800, 2_592_000] },
      inspection: {
        expiresWithinSeconds: 2_592_000,
        maxValiditySeconds: 31_622_400,
        maxCaValiditySeconds: 315_619_200,
      },
      audit: { checkpointSeconds: 60, checkpointKeyFiles: null, archive: null },
      budgets: {
        limits: { writes: 6000, endingAccess: 6000, denied: 600, inspectionSeconds: 120, auditKilobytes: 20_000 },
        roles: {},
      },
      metrics: null,
      directory: directoryDefaults,
      callers: { oidc: [], clientCertificates: null, serviceAccounts: [], apiTokens: { admins: true } },
      roles: [],
      webhooks: [],
      logLevel: 'info',
      tracing: null,
    });
  });

  it('takes a variable that is set to nothing for one that is not set', () => {
    expect(load({ KUBEPASS_PORT: '', KUBEPASS_CONFIG: '', DATABASE_URL: '', KUBEPASS_TLS_TERMINATED: '' })).toEqual(
      load(),
    );
  });

  it('cannot be changed afterwards', () => {
    const config = load();
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.clusters)).toBe(true);
    expect(Object.isFrozen(config.clusters[0]?.allowPrivilegedGroups)).toBe(true);
  });
});

describe('loadConfig with an environment', () => {
  it('takes every variable', () => {
    const config = load({
      KUBEPASS_DATA_DIR: '/data',
      KUBEPASS_HOST: '0.0.0.0',
      KUBEPASS_PORT: '0',
      KUBEPASS_POLICIES_DIR: 'rules',
      DATABASE_URL: 'file:/db/k.db',
      KUBEPASS_TLS_CERT_FILE: 'tls.crt',
      KUBEPASS_TLS_KEY_FILE: '/tls/tls.key',
    });
    expect(config).toMatchObject({
      dataDir: '/data',
      host: '0.0.0.0',
      port: 0,
      policiesDir: resolve('rules'),
      database: { kind: 'sqlite', file: '/db/k.db' },
      tls: { certFile: resolve('tls.crt'), keyFile: '/tls/tls.key' },
      clusters: [{ signer: { issuers: [{ certFile: '/data/ca/ca.crt' }] } }],
    });
  });

  it('keeps the database in the data directory unless told otherwise', () => {
    expect(load({ KUBEPASS_DATA_DIR: '/data' }).database).toEqual({ kind: 'sqlite', file: '/data/kubepass.db' });
  });

  it.each([
    ['file:./x.db', resolve('x.db')],
    ['file:x.db', resolve('x.db')],
    ['file:/x.db', '/x.db'],
    ['file:///x%20y.db', '/x y.db'],
  ])('reads DATABASE_URL %s as %s', (url, file) => {
    expect(load({ DATABASE_URL: url }).database).toEqual({ kind: 'sqlite', file });
  });

  it.each([
    ['mysql://kubepass:hunter2@db/kubepass', 'must be a file: URL (SQLite) or a postgresql: URL'],
    [':memory:', 'must be a file: URL (SQLite) or a postgresql: URL'],
    ['file::memory:', 'must name a file'],
    ['file:', 'must name a file'],
    ['file:/data/', 'must name a file'],
    ['file:x.db?mode=memory', 'must have neither query nor fragment'],
    ['file://elsewhere/x.db', 'is not a file: URL of this machine'],
  ])('refuses DATABASE_URL %s, without repeating it', (url, message) => {
    expect(errorsOf({ DATABASE_URL: url })).toEqual([`DATABASE_URL: ${message}`]);
  });

  it.each([
    ['postgresql://kubepass:hunter2@db.example:5433/kubepass', true],
    ['postgres://kubepass@127.0.0.1/kubepass', false],
    ['postgresql://kubepass@[::1]/kubepass?sslmode=disable', false],
    ['postgresql://kubepass@%2Fvar%2Frun%2Fpostgresql/kubepass', false],
    ['postgresql:///kubepass?host=/var/run/postgresql', false],
    ['postgresql://kubepass@db/kubepass?sslmode=verify-full&sslrootcert=/etc/ca.crt', false],
  ])('serves from DATABASE_URL %s', (url, exposed) => {
    const { database } = loadFile(oneCluster(), { DATABASE_URL: url });
    expect(database).toEqual({ kind: 'postgresql', url, exposed });
  });

  it.each([
    ['postgresql://kubepass:hunter2@db', 'must name one database: postgresql://user@host/database'],
    ['postgresql://kubepass:hunter2@db/a/b', 'must name one database: postgresql://user@host/database'],
    ['postgresql:///kubepass', 'must name a host'],
    ['postgresql://kubepass:hunter2@db/kubepass?sslmode=require', 'sslmode must be verify-full or disable'],
    ['postgresql://db/kubepass?sslmode=disable&sslmode=verify-full', 'has a parameter twice'],
    ['postgresql://db/kubepass?sslrootcert=/ca', 'sslrootcert, sslcert and sslkey go with sslmode=verify-full'],
    ['postgresql://db/kubepass?sslmode=verify-full&sslrootcert=ca', 'sslrootcert must be an absolute path'],
    [
      'postgresql://db/kubepass?options=-csynchronous_commit%3Doff',
      'takes the parameters sslmode, sslrootcert, sslcert, sslkey and host',
    ],
    ['postgresql://kubepass:hunt%er2@db/kubepass', 'is not validly percent-encoded'],
    [
      'postgresql://kubepass:hunter 2@db/kubepass',
      'is not a URL: postgresql://user:password@host:port/database, each part percent-encoded where need be',
    ],
  ])('refuses DATABASE_URL %s, without repeating it', (url, message) => {
    expect(fileErrors(oneCluster(), { DATABASE_URL: url })).toEqual([`DATABASE_URL: ${message}`]);
  });

  it('refuses to make a CA of its own with PostgreSQL', () => {
    expect(errorsOf({ DATABASE_URL: 'postgresql://kubepass@127.0.0.1/kubepass' })).toEqual([
      'KUBEPASS_CONFIG: is missing: with PostgreSQL no CA is generated, so a file has to say which clusters there are, each with signer: kubernetes or localCA: { certFile, keyFile }',
    ]);
  });

  it('has no listener for metrics unless one is asked for', () => {
    expect(load({}).metrics).toBeNull();
    expect(loadFile(oneCluster()).metrics).toBeNull();
    expect(loadFile(`${oneCluster()}metrics: {}\n`).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(loadFile(`${oneCluster()}metrics: { host: 10.0.0.1, port: 0 }\n`).metrics).toEqual({
      host: '10.0.0.1',
      port: 0,
    });
    expect(load({ KUBEPASS_METRICS_PORT: '9000' }).metrics).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(load({ KUBEPASS_METRICS_HOST: '0.0.0.0' }).metrics).toEqual({ host: '0.0.0.0', port: 9464 });
    expect(loadFile(`${oneCluster()}metrics: { port: 1 }\n`, { KUBEPASS_METRICS_PORT: '2' }).metrics?.port).toBe(2);
  });

  it('refuses a listener for metrics that cannot be', () => {
    expect(errorsOf({ KUBEPASS_METRICS_PORT: '8080' })).toEqual([
      'KUBEPASS_METRICS_PORT: 8080 is the port of the service itself: give the metrics another one',
    ]);
    expect(errorsOf({ KUBEPASS_METRICS_PORT: 'x' })).toEqual(['KUBEPASS_METRICS_PORT: must be a port from 0 to 65535']);
    expect(fileErrors(`${oneCluster()}metrics: { port: 70000 }\n`)).toEqual([
      'FILE metrics.port: must be <= 65535, not 70000',
    ]);
    expect(fileErrors(`${oneCluster()}metrics: { token: x }\n`)).toEqual([
      'FILE metrics.token: is not a known setting; here are host, port',
    ]);
  });

  it.each(['-1', '65536', '80.5', '0x50', ' 80', 'http'])('refuses KUBEPASS_PORT %j', (port) => {
    expect(errorsOf({ KUBEPASS_PORT: port })).toEqual([
      `KUBEPASS_PORT: must be a port from 0 to 65535${/^\d+$/.test(port) ? `, not "${port}"` : ''}`,
    ]);
  });

  it('explains the KUBEPASS_PORT that Kubernetes sets', () => {
    expect(errorsOf({ KUBEPASS_PORT: 'tcp://10.96.0.7:8080' })).toEqual([
      'KUBEPASS_PORT: must be a port from 0 to 65535, not "tcp://10.96.0.7:8080"; Kubernetes sets it so for a Service of this name: give the pod enableServiceLinks: false',
    ]);
  });

  it('ignores the variables that Kubernetes sets beside Services, and those of the kubectl plugin', () => {
    const others = {
      KUBEPASS_SERVICE_HOST: '10.96.0.7',
      KUBEPASS_SERVICE_PORT: '8443',
      KUBEPASS_SERVICE_PORT_HTTPS: '8443',
      KUBEPASS_PORT_8443_TCP: 'tcp://10.96.0.7:8443',
      KUBEPASS_PORT_8443_TCP_PROTO: 'tcp',
      KUBEPASS_PORT_8443_TCP_PORT: '8443',
      KUBEPASS_PORT_8443_TCP_ADDR: '10.96.0.7',
      KUBEPASS_POSTGRES_SERVICE_HOST: '10.96.0.8',
      KUBEPASS_POSTGRES_PORT: 'tcp://10.96.0.8:5432',
      KUBEPASS_POSTGRES_PORT_5432_TCP_ADDR: '10.96.0.8',
      KUBEPASS_SERVER: 'https://kubepass.example',
      KUBEPASS_TOKEN: 'secret',
      KUBEPASS_ANYTHING: '',
    };
    expect(load(others)).toEqual(load());
    expect(errorsOf({ KUBEPASS_METRICS_PORT: 'tcp://10.96.0.9:9464' })[0]).toContain('enableServiceLinks: false');
  });

  it.each([
    ['KUBEPASS_POLICY_DIR', 'did you mean KUBEPASS_POLICIES_DIR?'],
    ['KUBEPASS_DATABASE_URL', 'did you mean DATABASE_URL?'],
    ['KUBEPASS_LOGLEVEL', 'did you mean KUBEPASS_LOG_LEVEL?'],
    ['KUBEPASS_TLS_CERT', 'did you mean KUBEPASS_TLS_CERT_FILE?'],
    ['KUBEPASS_ADMIN_PASSWORD', 'there are KUBEPASS_CONFIG, KUBEPASS_DATA_DIR, '],
  ])('refuses the variable %s, and does not repeat its value', (name, advice) => {
    const errors = errorsOf({ [name]: 'hunter2' });
    expect(errors).toEqual([expect.stringContaining(`${name}: is not a variable that kubepass reads; ${advice}`)]);
    expect(errors.join()).not.toContain('hunter2');
  });

  it('says where a file is no YAML, and repeats nothing of it', () => {
    writeFileSync(configFile, `${oneCluster()}databaseUrl: postgresql://u:hunt er2@db/k: x\n`);
    const thrown = () => load({ KUBEPASS_CONFIG: configFile });
    expect(thrown).toThrow(`kubepass.yaml:3:14: is not YAML: BLOCK_AS_IMPLICIT_KEY. ${notRepeated}`);
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('serves plain HTTP on %s', (host) => {
    expect(load({ KUBEPASS_HOST: host })).toMatchObject({ host, tls: null });
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'kubepass.example', '127.0.0.1.example', 'localhost.example', '1.127.0.0.1'])(
    'refuses plain HTTP on %s',
    (host) => {
      expect(errorsOf({ KUBEPASS_HOST: host })).toEqual([
        `KUBEPASS_HOST: ${isIP(host) === 0 ? 'it' : `"${host}"`} is not a loopback address: set KUBEPASS_TLS_CERT_FILE and KUBEPASS_TLS_KEY_FILE, or KUBEPASS_TLS_TERMINATED=true where a proxy terminates TLS`,
      ]);
      expect(errorsOf({ KUBEPASS_HOST: host, KUBEPASS_TLS_TERMINATED: 'false' })).toHaveLength(1);
      expect(load({ KUBEPASS_HOST: host, KUBEPASS_TLS_TERMINATED: 'true' })).toMatchObject({ host, tls: null });
    },
  );

  it.each(['1', 'yes', 'TRUE'])('refuses KUBEPASS_TLS_TERMINATED=%s, which somebody may take for true', (value) => {
    expect(errorsOf({ KUBEPASS_TLS_TERMINATED: value })).toEqual(['KUBEPASS_TLS_TERMINATED: must be true or false']);
    expect(errorsOf({ KUBEPASS_TLS_TERMINATED: value, KUBEPASS_HOST: '::' })).toHaveLength(2);
  });

  it('refuses a certificate without its key, and a key without its certificate', () => {
    expect(errorsOf({ KUBEPASS_TLS_CERT_FILE: 'a' })).toEqual([
      'KUBEPASS_TLS_KEY_FILE: is missing beside KUBEPASS_TLS_CERT_FILE',
    ]);
    expect(errorsOf({ KUBEPASS_TLS_KEY_FILE: 'a' })).toEqual([
      'KUBEPASS_TLS_CERT_FILE: is missing beside KUBEPASS_TLS_KEY_FILE',
    ]);
  });
});

describe('loadConfig with a file', () => {
  it('reads it whole, its paths relative to the file', () => {
    const config = loadFile(
      `${oneCluster({
        clientCertificateAuthority: '/etc/client.crt',
        kubeconfig: 'dev.kubeconfig',
        context: 'admin@dev',
        allowPrivilegedGroups: '["kubeadm:cluster-admins"]',
        nameAlphabet: 'unicode',
        readRoleBindings: 'true',
        allowExec: 'true',
      })}${cluster({ name: 'dev-us', inCluster: 'true' })}` +
        'issuing: { timeoutSeconds: 5, uncollectedExpiresAfterSeconds: 60 }\n' +
        'inspection: { expiresWithinSeconds: 86400, maxCaValiditySeconds: 3155760000 }\n' +
        'dataDir: data\nfirstAdminTokenFile: first-admin-token\nhost: 10.0.0.1\nport: 9000\npoliciesDir: rules\ndatabaseUrl: file:db/k.db\n' +
        'tls: { certFile: tls.crt, keyFile: tls.key }\nconnections: { max: 500 }\nconsole: false\n',
    );
    expect(config).toEqual({
      configFile,
      dataDir: join(directory, 'data'),
      firstAdminTokenFile: join(directory, 'first-admin-token'),
      revision: 'unknown',
      host: '10.0.0.1',
      port: 9000,
      tls: { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') },
      tlsTerminated: false,
      trustedProxies: [],
      publicAddress: { url: 'https://10.0.0.1:9000', certificateAuthorityFile: null },
      connections: { max: 500, maxPerAddress: 250 },
      console: false,
      policiesDir: join(directory, 'rules'),
      database: { kind: 'sqlite', file: join(directory, 'db/k.db') },
      clusters: [
        {
          name: 'dev-eu',
          server: 'https://10.0.0.1:6443',
          apiServers: ['https://10.0.0.1:6443'],
          servingCertificateAuthorityFile: join(directory, 'serving.crt'),
          clientCertificateAuthorityFile: '/etc/client.crt',
          signer: {
            kind: 'localCA',
            issuers: [pair(join(directory, 'ca.crt'), join(directory, 'ca.key'))],
            listed: false,
            generate: false,
          },
          connection: { kind: 'kubeconfig', file: join(directory, 'dev.kubeconfig'), context: 'admin@dev' },
          allowPrivilegedGroups: ['kubeadm:cluster-admins'],
          nameAlphabet: 'unicode',
          readRoleBindings: true,
          allowExec: true,
          sharedTrust: false,
          revocation: embeddedRevocation,
        },
        expect.objectContaining({ name: 'dev-us', connection: { kind: 'inCluster' }, allowExec: false }),
      ],
      issuing: { timeoutSeconds: 5, pendingExpiresAfterSeconds: 259_200, uncollectedExpiresAfterSeconds: 60 },
      renewal: { groupsMaxAgeSeconds: 2_592_000 },
      expiry: { noticeSeconds: [86_400, 604_800, 2_592_000] },
      inspection: { expiresWithinSeconds: 86_400, maxValiditySeconds: 31_622_400, maxCaValiditySeconds: 3_155_760_000 },
      audit: { checkpointSeconds: 60, checkpointKeyFiles: null, archive: null },
      budgets: {
        limits: { writes: 6000, endingAccess: 6000, denied: 600, inspectionSeconds: 120, auditKilobytes: 20_000 },
        roles: {},
      },
      metrics: null,
      directory: directoryDefaults,
      callers: { oidc: [], clientCertificates: null, serviceAccounts: [], apiTokens: { admins: true } },
      roles: [],
      webhooks: [],
      logLevel: 'info',
      tracing: null,
    });
  });

  it('does not limit one address more than all, where a proxy brings every connection from its own', () => {
    const terminated = { KUBEPASS_TLS_TERMINATED: 'true' };
    expect(load(terminated).connections).toEqual({ max: 1000, maxPerAddress: 1000 });
    const limited = `${oneCluster()}connections: { max: 40, maxPerAddress: 3 }\n`;
    expect(loadFile(limited, terminated).connections).toEqual({ max: 40, maxPerAddress: 3 });
    expect(fileErrors(`${oneCluster()}connections: { max: 0 }\n`)).toEqual([
      'FILE connections.max: must be >= 1, not 0',
    ]);
    const known = { ...terminated, KUBEPASS_TRUSTED_PROXIES: '10.0.0.7' };
    expect(load(known).connections).toEqual({ max: 1000, maxPerAddress: 250 });
  });

  it('knows the proxies that it trusts by address or network', () => {
    const file = `${oneCluster()}trustedProxies: [10.0.0.0/8, 'fd00::/8', 192.0.2.7, '::1']\n`;
    expect(loadFile(file).trustedProxies).toEqual(['10.0.0.0/8', 'fd00::/8', '192.0.2.7', '::1']);
    expect(loadFile(file, { KUBEPASS_TRUSTED_PROXIES: '10.1.0.0/16, ::1/128' }).trustedProxies).toEqual([
      '10.1.0.0/16',
      '::1/128',
    ]);
  });

  it.each([
    ['"false"', '"false"'],
    ['no', '"no"'],
    ['0', '0'],
    ['', 'empty'],
    ['{}', 'these settings'],
  ])('refuses console: %s, which is neither true nor false', (value, told) => {
    const message = `FILE console: must be true or false, not ${told}`;
    expect(fileErrors(`${oneCluster()}console: ${value}\n`)).toEqual([message]);
  });

  it.each(['', '0.0.0.0/0', '::/0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/', '10.0/8'])(
    'trusts no proxy %j',
    (proxy) => {
      const message =
        'must be an address, or a network such as 10.0.0.0/8 or fd00::/8: ' +
        'not everybody (/0), because callers would then choose their address';
      expect(fileErrors(`${oneCluster()}trustedProxies: ['${proxy}']\n`)).toEqual([
        `FILE trustedProxies[0]: entry 1 ${message}`,
      ]);
      expect(errorsOf({ KUBEPASS_TRUSTED_PROXIES: `127.0.0.1,${proxy}` })).toEqual([
        `KUBEPASS_TRUSTED_PROXIES: entry 2 ${message}`,
      ]);
    },
  );

  it.each(['proxy.example', 'fe80::1%eth0', '10.0.0.0-10.0.0.9', '*', '-1', '10.0.0.0/-8'])(
    'trusts no proxy %j either',
    (proxy) => {
      expect(errorsOf({ KUBEPASS_TRUSTED_PROXIES: proxy })).toHaveLength(1);
    },
  );

  it('reads which events of the audit log are archived, and where', () => {
    const settings = `${oneCluster()}audit: { archiveAfterDays: 400, archiveDir: archives }\n`;
    expect(loadFile(settings).audit.archive).toEqual({ afterDays: 400, directory: join(directory, 'archives') });
    const one = (setting: string) => fileErrors(`${oneCluster()}audit: { ${setting} }\n`);
    expect(one('archiveAfterDays: 400')).toEqual(['FILE audit.archiveDir: is missing beside archiveAfterDays']);
    expect(one('archiveDir: archives')).toEqual(['FILE audit.archiveAfterDays: is missing beside archiveDir']);
    expect(one('archiveAfterDays: 0, archiveDir: archives')).toEqual([
      'FILE audit.archiveAfterDays: must be >= 1, not 0',
    ]);
  });

  it('reads how a cluster is made to refuse revoked certificates, and how it reaches kubepass', () => {
    const { clusters, publicAddress } = loadFile(
      `${oneCluster({ kubeconfig: 'a.kubeconfig', revocation: '{ mode: admission, whenInDoubt: noOpinion, configMap: { namespace: x, name: y.z } }' })}publicAddress: { url: "https://kubepass.example:8443/base/", certificateAuthority: ca.crt }\n`,
    );
    expect(clusters[0]?.revocation).toEqual({
      mode: 'admission',
      whenInDoubt: 'noOpinion',
      configMap: { namespace: 'x', name: 'y.z' },
    });
    expect(publicAddress).toEqual({
      url: 'https://kubepass.example:8443/base',
      certificateAuthorityFile: join(directory, 'ca.crt'),
    });
  });

  it.each([
    ['{ mode: sometimes }', '', 'clusters[0].revocation.mode: must be one of'],
    ['{ mode: admission }', '', 'clusters[0].revocation.mode: admission needs a way to reach the cluster'],
    ['{ mode: webhook }', '', 'clusters[0].revocation.mode: webhook needs publicAddress'],
    ['{ mode: listed }', '', 'clusters[0].revocation.mode: listed needs publicAddress'],
    ['{ whenInDoubt: noOpinion }', '', 'clusters[0].revocation.whenInDoubt: goes with a mode'],
    ['{ configMap: { namespace: a, name: b } }', '', 'clusters[0].revocation.configMap: goes with mode: admission'],
    ['{ configMap: { namespace: A, name: b_ } }', '', 'clusters[0].revocation.configMap.name: must be a DNS subdomain'],
    [
      '{ mode: none }',
      'publicAddress: { url: "http://kubepass.example" }\n',
      'publicAddress.url: must be an https URL',
    ],
    [
      '{ mode: none }',
      'publicAddress: { url: "https://a:b@kubepass" }\n',
      'publicAddress.url: must not hold credentials',
    ],
  ])('refuses revocation: %s with "%s"', (revocation, more, error) => {
    const errors = fileErrors(`${oneCluster({ revocation })}${more}`);
    expect(errors).toContainEqual(expect.stringContaining(`FILE ${error}`));
  });

  it('lets the environment override it', () => {
    const file = `${oneCluster()}dataDir: /a\nhost: 10.0.0.1\nport: 1\npoliciesDir: /a\ndatabaseUrl: file:/a\ntls: { terminated: true }\n`;
    expect(
      loadFile(file, {
        KUBEPASS_DATA_DIR: '/b',
        KUBEPASS_HOST: '::1',
        KUBEPASS_PORT: '2',
        KUBEPASS_POLICIES_DIR: '/b',
        DATABASE_URL: 'file:/b',
      }),
    ).toMatchObject({ dataDir: '/b', host: '::1', port: 2, policiesDir: '/b', database: { file: '/b' } });
    expect(fileErrors(file, { KUBEPASS_TLS_TERMINATED: 'false' })).toEqual([
      'FILE host: "10.0.0.1" is not a loopback address: set KUBEPASS_TLS_CERT_FILE and KUBEPASS_TLS_KEY_FILE, or KUBEPASS_TLS_TERMINATED=true where a proxy terminates TLS',
    ]);
  });

  it('gives a cluster its defaults', () => {
    expect(loadFile(oneCluster()).clusters).toMatchObject([
      {
        clientCertificateAuthorityFile: null,
        connection: null,
        allowPrivilegedGroups: [],
        nameAlphabet: 'ascii',
        readRoleBindings: false,
        allowExec: false,
        sharedTrust: false,
      },
    ]);
  });

  it('takes the serving CA from the kubeconfig where it names none', () => {
    const text =
      'clusters:\n  - { name: eu, server: "https://10.0.0.1:6443", signer: kubernetes, kubeconfig: eu.kubeconfig }\n' +
      '  - { name: us, server: "https://10.0.0.2:6443", signer: { localCA: { certFile: c, keyFile: k } } }\n';
    expect(fileErrors(text)).toEqual([
      'FILE clusters[1].servingCertificateAuthority: is missing: kubeconfigs carry it to trust the API server',
    ]);
  });

  it('names every error by its path, all at once, with those of the environment', () => {
    const text =
      'clusters:\n' +
      cluster({ name: 'Dev_EU', server: 'http://10.0.0.1', allowPrivilegedGroups: '["ok", "System:masters"]' }) +
      cluster({ name: 'us', signer: 'kubernetes', readRoleBindings: 'true' }) +
      cluster({ name: 'us', inCluster: 'true', kubeconfig: 'k' }) +
      cluster({ name: 'ap', context: 'c' });
    expect(fileErrors(text, { KUBEPASS_PORT: 'x', DATABASE_URL: 'mysql://x' })).toEqual([
      'DATABASE_URL: must be a file: URL (SQLite) or a postgresql: URL',
      'KUBEPASS_PORT: must be a port from 0 to 65535',
      'FILE clusters[0].name: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
      'FILE clusters[0].server: must be an https URL, not one of http',
      'FILE clusters[0].allowPrivilegedGroups[1]: system:* is never given out',
      'FILE clusters[1].signer: kubernetes needs a way to reach the cluster: kubeconfig, or inCluster: true',
      'FILE clusters[1].readRoleBindings: needs a way to reach the cluster: kubeconfig, or inCluster: true',
      'FILE clusters[2].name: "us" is the name of an earlier cluster',
      'FILE clusters[2].inCluster: and kubeconfig exclude each other',
      'FILE clusters[3].context: is a context of kubeconfig, which is missing',
    ]);
  });

  it.each([
    ['no clusters', 'port: 1\n', ['FILE clusters: is missing']],
    ['an empty list of clusters', 'clusters: []\n', ['FILE clusters: must not have fewer than 1 items']],
    ['nothing in it', '', ['FILE must be a group of settings, not empty']],
    ['an unknown setting', `${oneCluster()}ports: 1\n`, ['FILE ports: is not a known setting; did you mean port?']],
    [
      'an unknown setting of a cluster',
      oneCluster({ servers: 'x' }),
      ['FILE clusters[0].servers: is not a known setting; did you mean server?'],
    ],
    ['a setting of another type', `${oneCluster()}port: "80"\n`, ['FILE port: must be a whole number, not "80"']],
    ['a port out of range', `${oneCluster()}port: 65536\n`, ['FILE port: must be <= 65535, not 65536']],
    [
      'an alphabet that does not exist',
      oneCluster({ nameAlphabet: 'utf8' }),
      ['FILE clusters[0].nameAlphabet: must be one of ascii, unicode, not a text of 4 characters'],
    ],
    [
      'a timeout of nothing',
      `${oneCluster()}issuing: { timeoutSeconds: 0 }\n`,
      ['FILE issuing.timeoutSeconds: must be >= 1, not 0'],
    ],
    [
      'a lifetime that is none, and one that nothing has',
      `${oneCluster()}inspection: { expiresWithinSeconds: 0, maxValiditySeconds: 3155760001, maxSeconds: 1 }\n`,
      [
        'FILE inspection.?: is not a known setting; here are expiresWithinSeconds, maxValiditySeconds, maxCaValiditySeconds',
        'FILE inspection.expiresWithinSeconds: must be >= 1, not 0',
        'FILE inspection.maxValiditySeconds: must be <= 3155760000, not 3155760001',
      ],
    ],
    [
      'a signer that does not exist',
      oneCluster({ signer: 'vault' }),
      ['FILE clusters[0].signer: must be kubernetes, { localCA: { certFile, keyFile } } or { localCA: { issuers } }'],
    ],
    [
      'a local CA without its key',
      oneCluster({ signer: '{ localCA: { certFile: x } }' }),
      ['FILE clusters[0].signer.localCA.keyFile: is missing'],
    ],
    [
      'a database that is not a file',
      `${oneCluster()}databaseUrl: mysql://x\n`,
      ['FILE databaseUrl: must be a file: URL (SQLite) or a postgresql: URL'],
    ],
    ['a key twice', `${oneCluster()}port: 1\nport: 2\n`, [`FILE is not YAML: DUPLICATE_KEY. ${notRepeated}`]],
    ['a tag of its own', 'clusters: !x []', [`FILE is not YAML: TAG_RESOLVE_FAILED. ${notRepeated}`]],
  ])('refuses %s', (_, text, errors) => {
    expect(fileErrors(text)).toEqual(errors);
  });

  it('reports every wrong type, however many', () => {
    expect(fileErrors(`clusters:\n${'  - 7\n'.repeat(30)}`)).toHaveLength(30);
  });

  it.each([
    ['ftp://10.0.0.1', 'must be an https URL'],
    ['"https://"', 'must be an https URL'],
    ['"https://a b"', 'must be an https URL'],
    ['"https://a\\nb"', 'must be an https URL'],
    ['"https://a\\u0085b"', 'must be an https URL'],
    ['"https://a\\x01b"', 'must be an https URL'],
    ['https://bücher.example', 'must be an https URL'],
    ['https://me:secret@10.0.0.1', 'must not hold credentials'],
    ['https://10.0.0.1?x=1', 'must have neither query nor fragment'],
    ['"https://10.0.0.1#x"', 'must have neither query nor fragment'],
  ])('refuses server %s', (server, message) => {
    expect(fileErrors(oneCluster({ server }))).toEqual([`FILE clusters[0].server: ${message}`]);
  });

  it('takes a server behind a path', () => {
    expect(loadFile(oneCluster({ server: 'https://rancher.example/k8s/clusters/c-1' })).clusters).toMatchObject([
      { server: 'https://rancher.example/k8s/clusters/c-1' },
    ]);
  });

  it('refuses a file that is not there', () => {
    expect(errorsOf({ KUBEPASS_CONFIG: '/nowhere/kubepass.yaml' })).toEqual([
      expect.stringMatching(/^\/nowhere\/kubepass\.yaml: cannot be read: ENOENT/),
    ]);
  });

  it('says everything in the message of the error, too', () => {
    writeFileSync(configFile, 'port: 1\nhosts: x\n');
    const thrown = () => load({ KUBEPASS_CONFIG: configFile });
    expect(thrown).toThrow('clusters: is missing\n');
    expect(thrown).toThrow(':2:1: hosts: is not a known setting; did you mean host?');
  });
});

describe('expiry in a file', () => {
  it('has its distances with the shortest first, or none', () => {
    const noticeSeconds = (text: string) =>
      loadFile(`${oneCluster()}expiry: { noticeSeconds: ${text} }\n`).expiry.noticeSeconds;
    expect(noticeSeconds('[604800, 600, 7200]')).toEqual([600, 7200, 604_800]);
    expect(noticeSeconds('[]')).toEqual([]);
  });

  it.each([
    ['[599]', 'FILE expiry.noticeSeconds[0]: must be >= 600, not 599'],
    ['[600, 600]', 'FILE expiry.noticeSeconds: must not have duplicate items'],
    ['[86400.5]', 'FILE expiry.noticeSeconds[0]: must be a whole number, not 86400.5'],
    ['600', 'FILE expiry.noticeSeconds: must be a list, not 600'],
  ])('is refused where it says %s', (text, error) => {
    expect(fileErrors(`${oneCluster()}expiry: { noticeSeconds: ${text} }\n`)).toEqual([error]);
  });
});

describe('webhooks in a file', () => {
  const webhook = (settings: Record<string, string> = {}) => {
    const all = {
      name: 'chat',
      url: 'https://chat.example:8443/hooks/1?room=ops',
      secretFile: 'chat.secret',
      events: '[pending, issued, denied]',
      ...settings,
    };
    return `  - { ${Object.entries(all)
      .map(([key, value]) => `${key}: ${value}`)
      .join(', ')} }\n`;
  };
  const file = (...webhooks: string[]) => `${oneCluster()}webhooks:\n${webhooks.join('')}`;

  it('are read whole, their paths relative to the file', () => {
    const settings = { name: 'portal', events: '[issued]', clusters: '[dev-eu]', certificateAuthority: '/etc/ca.crt' };
    expect(loadFile(file(webhook(), webhook(settings))).webhooks).toEqual([
      {
        name: 'chat',
        url: 'https://chat.example:8443/hooks/1?room=ops',
        secretFile: join(directory, 'chat.secret'),
        events: ['certificate_request.pending', 'certificate_request.issued', 'certificate_request.denied'],
        clusters: null,
        certificateAuthorityFile: null,
      },
      {
        name: 'portal',
        url: 'https://chat.example:8443/hooks/1?room=ops',
        secretFile: join(directory, 'chat.secret'),
        events: ['certificate_request.issued'],
        clusters: ['dev-eu'],
        certificateAuthorityFile: '/etc/ca.crt',
      },
    ]);
  });

  it('take every event that there is, also all of them', () => {
    const events = [...webhookEventTypes];
    expect(loadFile(file(webhook({ events: `[${events.join(', ')}]` }))).webhooks).toMatchObject([{ events }]);
  });

  it.each([
    'http://127.0.0.1:9000/x',
    'http://localhost',
    'http://[::1]:9000/',
    'https://10.0.0.1',
    'https://a.example',
  ])('may be at %s', (url) => {
    expect(loadFile(file(webhook({ url: JSON.stringify(url) }))).webhooks).toMatchObject([{ url }]);
  });

  it.each([
    ['http://chat.example/hook-secret', 'must be an https URL: plain http is for a loopback address alone'],
    ['http://127.0.0.1.example/', 'must be an https URL: plain http is for a loopback address alone'],
    ['http://0.0.0.0/', 'must be an https URL: plain http is for a loopback address alone'],
    ['https://user:hook-secret@chat.example/', 'must not hold credentials: the signature is what tells kubepass'],
    ['https://hook-secret@chat.example/', 'must not hold credentials: the signature is what tells kubepass'],
    ['https://@chat.example/', 'must not hold credentials: the signature is what tells kubepass'],
    ['https://chat.example/#hook-secret', 'must not have a fragment'],
    ['https:/chat.example/', 'must be an https URL'],
    ['https:///chat.example/', 'must be an https URL'],
    ['https://chat.example\\\\@evil.example/', 'must be an https URL'],
    ['https://chat.example/a b', 'must be an https URL'],
    ['https://chat.example:99999/', 'must be an https URL'],
    ['ftp://chat.example/', 'must be an https URL'],
    ['file:///etc/passwd', 'must be an https URL'],
    ['HTTPS://chat.example/', 'must be an https URL'],
    ['chat.example', 'must be an https URL'],
    ['', 'must be an https URL'],
  ])('are refused at %s, without repeating it', (url, message) => {
    expect(fileErrors(file(webhook({ url: `"${url}"` })))).toEqual([`FILE webhooks[0].url: ${message}`]);
  });

  it('are refused with everything that is wrong, each by its path', () => {
    const errors = fileErrors(
      file(
        webhook({ events: '[pending, pending, certificate_request.pending]', clusters: '["*", dev-eu, prod]' }),
        webhook({ name: 'chat', url: '"http://[::1]/"', certificateAuthority: 'ca.crt' }),
        webhook({ name: 'Chat' }),
      ),
    );
    expect(errors).toEqual([
      'FILE webhooks[0].events[1]: "pending" stands there already',
      'FILE webhooks[0].events[2]: "certificate_request.pending" stands there already',
      'FILE webhooks[0].clusters[2]: is neither "*" nor the name of a configured cluster; there are dev-eu',
      'FILE webhooks[1].name: "chat" is the name of an earlier webhook',
      'FILE webhooks[1].certificateAuthority: is for https alone',
      'FILE webhooks[2].name: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
    ]);
  });

  it.each([
    [{ events: '[]' }, 'FILE webhooks[0].events: must not have fewer than 1 items'],
    [
      { events: '[approved]' },
      `FILE webhooks[0].events[0]: must be one of ${webhookEventTypes.join(', ')}, pending, issued, denied, not a text of 8 characters`,
    ],
    [{ clusters: '[]' }, 'FILE webhooks[0].clusters: must not have fewer than 1 items'],
    [{ secret: 'whsec_x' }, 'FILE webhooks[0].secret: is not a known setting; did you mean secretFile?'],
  ])('are refused with %j', (settings, error) => {
    expect(fileErrors(file(webhook(settings)))).toEqual([error]);
  });
});

describe('budgets', () => {
  it('take what is not given from the defaults, and roles from the general ones', () => {
    const { budgets } = loadFile(
      `${oneCluster()}budgets: { writes: 50, roles: { provisioner: { writes: 900 }, auditor: { denied: 1 } } }`,
    );
    const limits = { writes: 50, endingAccess: 50, denied: 600, inspectionSeconds: 120, auditKilobytes: 20_000 };
    expect(budgets).toEqual({
      limits,
      roles: { provisioner: { ...limits, writes: 900, endingAccess: 900 }, auditor: { ...limits, denied: 1 } },
    });
  });

  it('are whole numbers from one on, for roles that exist', () => {
    expect(
      fileErrors(
        `${oneCluster()}budgets: { writes: 0, denied: 1.5, reads: 1, roles: { owner: {}, admin: { writes: -1 } } }`,
      ),
    ).toEqual(
      expect.arrayContaining([
        expect.stringContaining('FILE budgets.writes:'),
        expect.stringContaining('FILE budgets.denied:'),
        'FILE budgets.?: is not a known setting; here are writes, denied, inspectionSeconds, auditKilobytes, roles',
        expect.stringContaining('FILE budgets.roles.?: is not a known setting; here are '),
        expect.stringContaining('FILE budgets.roles.admin.writes:'),
      ]),
    );
  });

  it('are off where the environment says so in this one way', () => {
    expect(load({ KUBEPASS_BUDGETS: 'off' }).budgets).toBeNull();
    expect(errorsOf({ KUBEPASS_BUDGETS: 'false' })).toEqual(['KUBEPASS_BUDGETS: must be off, or not be set']);
  });
});
