import { join, resolve } from 'node:path';
import { isIP } from 'node:net';
import { directoryDefaults, type DirectorySettings } from '../model/directory.js';
import type { Browsers } from '../model/session.js';
import { inspectionDefaults } from '@kubepass/inspect/defaults';
import { type BudgetsConfig, readBudgets } from './budgets-config.js';
import {
  type CallersConfig,
  type CallersSurroundings,
  readCallers,
  readRoles,
  type RoleBindingConfig,
} from './callers-config.js';
import {
  type ClusterConfig,
  embeddedRevocation,
  type PublicAddressConfig,
  readCluster,
  readPublicAddress,
} from './cluster-config.js';
import type { FileSettings } from './config-file.js';
import { type DatabaseConfig, readDatabase } from './database-config.js';
import { type Environment, environmentVariables as variables } from './env.js';
import { ownIssuer, reportSharedDescriptors } from './issuer-config.js';
import { isLoopback } from './loopback.js';
import { below, listed, type ReportProblem, type Resolve, shown } from './setting.js';
import { openSources, type Sources } from './sources.js';
import { readTracing, type TracingConfig } from './tracing-config.js';
import { readWebhooks, type WebhookConfig } from './webhook-config.js';

/** The levels of the log, the most urgent one first. No level is silent: why a service cannot serve is always said. */
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
type LogLevel = (typeof logLevels)[number];

/** All settings of the service. Frozen; every path is absolute. None of the files that it names has been opened. */
export interface Config {
  /** The configuration file; null where the embedded default is served. */
  readonly configFile: string | null;
  readonly dataDir: string;
  /** The API token of the first admin; null: it is generated, into the data dir. */
  readonly firstAdminTokenFile: string | null;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM files to serve TLS with; null where the service itself speaks plain HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Whether a proxy in front speaks TLS. */
  readonly tlsTerminated: boolean;
  /**
   * Addresses and networks of proxies that tell where calls come from; empty: the connection's address is the caller's.
   */
  readonly trustedProxies: readonly string[];
  /**
   * How many connections to the service may be open at a time; `maxPerAddress`: for one address, or one /64 network of
   * IPv6.
   */
  readonly connections: { readonly max: number; readonly maxPerAddress: number };
  /** How clusters and browsers reach the service; null where that is not known, or not with TLS. */
  readonly publicAddress: PublicAddressConfig | null;
  /** Whether the pages of the console are served. */
  readonly console: boolean;
  readonly policiesDir: string;
  readonly database: DatabaseConfig;
  /** At least one; their names differ. */
  readonly clusters: readonly ClusterConfig[];
  readonly issuing: {
    /** For how long one attempt retries transient errors of the signer. */
    readonly timeoutSeconds: number;
    readonly pendingExpiresAfterSeconds: number;
    readonly uncollectedExpiresAfterSeconds: number;
  };
  /**
   * For so long after a sign-in a certificate, and those that renew it, may be renewed without another one; 0: never.
   */
  readonly renewal: { readonly groupsMaxAgeSeconds: number };
  /** How long before a certificate ends this is announced, the shortest time first. Empty: it is not announced. */
  readonly expiry: { readonly noticeSeconds: readonly number[] };
  /** The lifetimes on which an inspection remarks. */
  readonly inspection: Readonly<Record<keyof typeof inspectionDefaults, number>>;
  readonly audit: AuditConfig;
  /**
   * Where metrics are served over plain HTTP without a token; null: only with one, on the port of the service. Port 0
   * takes any free one.
   */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Null: principals have no budgets. */
  readonly budgets: BudgetsConfig | null;
  /** How the service follows what an identity provider tells over SCIM. */
  readonly directory: DirectorySettings;
  readonly callers: CallersConfig;
  /** The roles of principals; API tokens keep theirs. */
  readonly roles: readonly RoleBindingConfig[];
  /** Their names differ. */
  readonly webhooks: readonly WebhookConfig[];
  /** Lines below this level are left out of the log. */
  readonly logLevel: LogLevel;
  /** Null where nobody collects traces. */
  readonly tracing: TracingConfig | null;
  /** The commit that the image was built from, or `unknown`. */
  readonly revision: string;
}

/** How the audit log proves itself. */
interface AuditConfig {
  /** How often a checkpoint is signed, if there are new events. */
  readonly checkpointSeconds: number;
  /**
   * PEM files with an Ed25519 key each; all of them sign. Null: one in the data dir, which is made where there is none.
   */
  readonly checkpointKeyFiles: readonly string[] | null;
  /** Old events move to files; null: all events stay in the database. */
  readonly archive: { readonly afterDays: number; readonly directory: string } | null;
}

/**
 * The configuration cannot be served. Each of `errors` reads `place: message`; the place is a variable, or one in the
 * file such as `/etc/kubepass.yaml:4:11: clusters[0].name`.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly errors: readonly string[]) {
    super(`the configuration cannot be served:\n${errors.map((error) => `  ${error}`).join('\n')}`);
  }
}

/** A configuration as far as it can be read, with everything that is wrong with it. */
export interface ReadConfig extends Pick<Sources, 'isWrong' | 'placeOf'> {
  /** Where there are errors, some parts of it are missing or stand-ins: it must not be served. */
  readonly config: Config;
  /** The clusters in the order of the file; undefined in the place of each that cannot be served. */
  readonly clusters: readonly (ClusterConfig | undefined)[];
  readonly errors: readonly string[];
}

/** As `readConfig`. Throws `ConfigError` with all problems. */
export function loadConfig(environment: Environment): Config {
  const { config, errors } = readConfig(environment);
  if (errors.length > 0) throw new ConfigError(errors);
  return config;
}

/** How browsers reach the service. `issuers`: the names of those by which people sign in. */
export const browsersOf = ({ tls, tlsTerminated, publicAddress }: Config, issuers: readonly string[]): Browsers => ({
  isTls: tls !== null || tlsTerminated,
  origin: publicAddress && new URL(publicAddress.url).origin,
  issuers,
});

/**
 * Reads the configuration. The file that `KUBEPASS_CONFIG` names overrides the embedded defaults, and the environment
 * overrides both. Paths in the file are relative to the file, paths in the environment to the working directory.
 */
export function readConfig(environment: Environment): ReadConfig {
  const errors: string[] = [];
  const sources = openSources(environment, (place, message) => errors.push(`${place}: ${message}`));
  const { configFile, file, isWrong, placeOf, report, judge, fromFile } = sources;
  const dataDir = readPath(environment.dataDir, file.dataDir, sources) ?? resolve('.kubepass');
  const tls = readTls(sources);
  const host = readHost(sources, tls.files !== null || tls.terminated);
  const database = readDatabaseOf(sources, dataDir);
  const port = readPort(environment.port, variables.port, report) ?? file.port ?? 8080;
  const listening = { host, port, tls: tls.files !== null || isWrong('/tls') };
  const publicAddress = readPublicAddress(file, listening, fromFile, judge);
  const clusters = configFile === null ? [demoCluster(dataDir)] : readClusters(sources);
  const roles = readRoles(file.roles, judge);
  const trustedProxies = readTrustedProxies(sources);
  const config: Config = {
    configFile,
    dataDir,
    firstAdminTokenFile: readFirstAdminTokenFile(sources),
    host,
    port,
    tls: tls.files,
    tlsTerminated: tls.terminated,
    publicAddress,
    trustedProxies,
    connections: readConnections(file, tls.terminated && trustedProxies.length === 0),
    console: file.console ?? true,
    policiesDir: readPath(environment.policiesDir, file.policiesDir, sources) ?? resolve('policies'),
    database,
    clusters: clusters.filter((cluster) => cluster !== undefined),
    issuing: {
      timeoutSeconds: 60,
      pendingExpiresAfterSeconds: 259_200,
      uncollectedExpiresAfterSeconds: 86_400,
      ...file.issuing,
    },
    renewal: { groupsMaxAgeSeconds: 2_592_000, ...file.renewal },
    expiry: {
      noticeSeconds: (file.expiry?.noticeSeconds ?? [86_400, 604_800, 2_592_000]).toSorted((a, b) => a - b),
    },
    inspection: { ...inspectionDefaults, ...file.inspection },
    audit: {
      checkpointSeconds: file.audit?.checkpointSeconds ?? 60,
      checkpointKeyFiles: file.audit?.checkpointKeys?.map(fromFile) ?? null,
      archive: readArchive(sources),
    },
    metrics: readMetrics(sources, port),
    budgets: readBudgets(file.budgets, environment.budgets, report, variables.budgets),
    directory: readDirectory(sources),
    callers: readCallers(
      file.callers,
      surroundingsOfCallers(sources, { publicAddress, tls, port, roles }),
      fromFile,
      judge,
    ),
    roles,
    webhooks: readWebhooks(file.webhooks ?? [], clusterNames(sources), fromFile, judge),
    logLevel: readLogLevel(sources),
    tracing: readTracing(environment, report),
    revision: environment.revision ?? 'unknown',
  };
  return { config: deepFreeze(config), clusters, errors, isWrong, placeOf };
}

/** The path in the variable, else the one in the file. */
function readPath(value: string | undefined, inFile: string | undefined, { fromFile }: Sources): string | undefined {
  if (value !== undefined) return resolve(value);
  return inFile === undefined ? undefined : fromFile(inFile);
}

function readFirstAdminTokenFile(sources: Sources): string | null {
  const { environment, file, judge, isWrong } = sources;
  const path = readPath(environment.firstAdminTokenFile, file.firstAdminTokenFile, sources) ?? null;
  if (path !== null && file.callers?.apiTokens?.admins === false && !isWrong('/callers/apiTokens'))
    judge(
      '/firstAdminTokenFile',
      'goes with API tokens that may be admins: take it away, because callers.apiTokens.admins is false',
    );
  return path;
}

function readHost({ environment, file, judge, isWrong }: Sources, isSafe: boolean): string {
  const host = environment.host ?? file.host ?? '127.0.0.1';
  if (!isSafe && !isWrong('/tls') && !isLoopback(host))
    judge(
      '/host',
      `${isIP(host) === 0 ? 'it' : `"${host}"`} is not a loopback address: set ${variables.tlsCertFile} and ${variables.tlsKeyFile}, or ${variables.tlsTerminated}=true where a proxy terminates TLS`,
    );
  return host;
}

function readDatabaseOf({ environment, configFile, file, report, judge, fromFile }: Sources, dataDir: string) {
  const { databaseUrl } = environment;
  const resolvePath: Resolve = databaseUrl === undefined ? fromFile : (path) => resolve(path);
  const database = readDatabase(databaseUrl ?? file.databaseUrl, dataDir, resolvePath, (message) => {
    judge('/databaseUrl', message);
  });
  // Each replica would generate a CA of its own, and would not know the certificates of the others.
  if (database.kind === 'postgresql' && configFile === null)
    report(
      variables.configFile,
      'is missing: with PostgreSQL no CA is generated, so a file has to say which clusters there are, each with signer: kubernetes or localCA: { certFile, keyFile }',
    );
  return database;
}

/** The names of the clusters in the file; null where one of them is not known. */
function clusterNames({ file, isWrong }: Sources): readonly string[] | null {
  const clusters = file.clusters ?? [];
  return clusters.some((_, i) => isWrong(`/clusters/${i}/name`)) || isWrong('/clusters/0/name')
    ? null
    : clusters.map(({ name }) => name);
}

/** A setting that is not known counts as good, so that nothing is reported that depends on it. */
function surroundingsOfCallers(
  sources: Sources,
  { publicAddress, tls, port, roles }: Pick<CallersSurroundings, 'publicAddress' | 'tls' | 'port' | 'roles'>,
): CallersSurroundings {
  const { file, isWrong } = sources;
  const clusters = (file.clusters ?? []).map(({ name, kubeconfig, inCluster }, i) => ({
    name,
    isReached: kubeconfig !== undefined || inCluster === true || isWrong(`/clusters/${i}`),
  }));
  const isTlsUnknown = isWrong('/tls');
  return {
    clusters: clusterNames(sources) && clusters,
    publicAddress: isTlsUnknown || isWrong('/publicAddress') ? {} : publicAddress,
    tls: isTlsUnknown ? { files: {}, terminated: true } : tls,
    port,
    roles: isWrong('/roles') ? null : roles,
  };
}

/** The embedded default: one cluster with a CA of the service's own. */
function demoCluster(dataDir: string): ClusterConfig {
  const certFile = join(dataDir, 'ca', 'ca.crt');
  return {
    name: 'demo',
    server: 'https://127.0.0.1:6443',
    apiServers: ['https://127.0.0.1:6443'],
    servingCertificateAuthorityFile: certFile,
    clientCertificateAuthorityFile: null,
    signer: ownIssuer({ certFile, keyFile: join(dataDir, 'ca', 'ca.key') }, true),
    connection: null,
    allowPrivilegedGroups: [],
    nameAlphabet: 'ascii',
    readRoleBindings: false,
    allowExec: false,
    sharedTrust: false,
    revocation: embeddedRevocation,
  };
}

function readClusters({ file: { clusters = [] }, fromFile, judge }: Sources): readonly (ClusterConfig | undefined)[] {
  const names = clusters.map(({ name }) => name);
  reportSharedDescriptors(clusters, judge);
  return clusters.map((settings, i) => {
    const at = below(`/clusters/${i}`, judge);
    if (names.indexOf(settings.name) !== i) at('/name', `${shown(settings.name)} is the name of an earlier cluster`);
    return readCluster(settings, fromFile, at);
  });
}

function readTls(sources: Sources): { readonly files: Config['tls']; readonly terminated: boolean } {
  const { environment, file, judge } = sources;
  const { tlsTerminated } = environment;
  if (tlsTerminated !== undefined && tlsTerminated !== 'true' && tlsTerminated !== 'false')
    judge('/tls/terminated', 'must be true or false');
  const terminated = tlsTerminated === undefined ? (file.tls?.terminated ?? false) : tlsTerminated === 'true';

  const certFile = readPath(environment.tlsCertFile, file.tls?.certFile, sources);
  const keyFile = readPath(environment.tlsKeyFile, file.tls?.keyFile, sources);
  if (certFile !== undefined && keyFile !== undefined) return { files: { certFile, keyFile }, terminated };
  const name = (variable: 'tlsCertFile' | 'tlsKeyFile', setting: string) =>
    environment[variable] === undefined ? setting : variables[variable];
  if (certFile !== undefined) judge('/tls/keyFile', `is missing beside ${name('tlsCertFile', 'tls.certFile')}`);
  if (keyFile !== undefined) judge('/tls/certFile', `is missing beside ${name('tlsKeyFile', 'tls.keyFile')}`);
  return { files: null, terminated };
}

function readArchive({ file, fromFile, judge }: Sources): AuditConfig['archive'] {
  const { archiveAfterDays: afterDays, archiveDir: directory } = file.audit ?? {};
  if (afterDays !== undefined && directory !== undefined) return { afterDays, directory: fromFile(directory) };
  if (afterDays !== undefined) judge('/audit/archiveDir', 'is missing beside archiveAfterDays');
  if (directory !== undefined) judge('/audit/archiveAfterDays', 'is missing beside archiveDir');
  return null;
}

function readDirectory(sources: Sources): DirectorySettings {
  const settings = { ...directoryDefaults, ...sources.file.directory };
  const names = clusterNames(sources);
  for (const [i, name] of settings.required.entries())
    if (names !== null && !names.includes(name))
      sources.judge(`/directory/required/${i}`, `is not the name of a cluster; there are ${listed(names)}`);
  return settings;
}

/** A proxy in front brings the connections of all callers from its own address, which may not be known. */
function readConnections({ connections }: Partial<FileSettings>, hasUnknownProxy: boolean): Config['connections'] {
  const { max = 1000, maxPerAddress } = connections ?? {};
  return { max, maxPerAddress: maxPerAddress ?? (hasUnknownProxy ? max : 250) };
}

/** There is a listener where a file or a variable asks for one: nobody reads figures without a token unasked. */
function readMetrics(
  { environment: { metricsHost, metricsPort }, file: { metrics }, report, judge }: Sources,
  port: number,
): Config['metrics'] {
  if (metrics === undefined && metricsHost === undefined && metricsPort === undefined) return null;
  const taken = readPort(metricsPort, variables.metricsPort, report) ?? metrics?.port ?? 9464;
  if (taken !== 0 && taken === port)
    judge('/metrics/port', `${taken} is the port of the service itself: give the metrics another one`);
  return { host: metricsHost ?? metrics?.host ?? '127.0.0.1', port: taken };
}

function readPort(value: string | undefined, variable: string, report: ReportProblem): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  // Kubernetes sets <NAME>_PORT in every pod beside a Service of that name.
  const advice = value.startsWith('tcp://')
    ? '; Kubernetes sets it so for a Service of this name: give the pod enableServiceLinks: false'
    : '';
  const given = /^\d{1,6}$|^tcp:\/\/[\d.:a-f[\]]+$/.test(value) ? `, not "${value}"` : '';
  report(variable, `must be a port from 0 to 65535${given}${advice}`);
  return undefined;
}

function readLogLevel({ environment: { logLevel = 'info' }, report }: Sources): LogLevel {
  const level = logLevels.find((known) => known === logLevel);
  if (level === undefined) report(variables.logLevel, `must be one of ${logLevels.join(', ')}`);
  return level ?? 'info';
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part as object);
  return Object.freeze(value);
}

/** The proxies that may say where a call comes from. Reports each that is no address or network. */
function readTrustedProxies({ environment, file, judge }: Sources): readonly string[] {
  const told = environment.trustedProxies?.split(',').map((proxy) => proxy.trim());
  const proxies = told ?? file.trustedProxies ?? [];
  for (const [i, proxy] of proxies.entries()) {
    if (!isNetwork(proxy))
      judge(told === undefined ? `/trustedProxies/${i}` : '/trustedProxies', `entry ${i + 1} ${notNetwork}`);
  }
  return proxies;
}

const notNetwork =
  'must be an address, or a network such as 10.0.0.0/8 or fd00::/8: not everybody (/0), because callers would then choose their address';

/** Whether it is an IP address, or one with the length of a prefix (RFC 4632 section 3.1, RFC 4291 section 2.3). */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = /^[0-9a-f:.]+$/i.test(address) ? isIP(address) : 0;
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
