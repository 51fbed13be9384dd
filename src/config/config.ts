import { type BudgetsConfig, readBudgets } from './budgets-config.js';
import { dirname, join, resolve } from 'node:path';
import { directoryDefaults, type DirectorySettings } from '../model/directory.js';
import { type ClusterConfig, readCluster } from './cluster-config.js';
import { type CallersConfig, readCallers, readRoles, type RoleBindingConfig } from './callers-config.js';
import { type FileSettings, readConfigFile } from './config-file.js';
import type { ReportProblem } from './report-problem.js';
import { type DatabaseConfig, readDatabase } from './database-config.js';
import { type Environment, environmentVariables as variables } from './env.js';
import { inspectionDefaults } from '@kubepass/inspect/defaults';
import { isLoopback } from './loopback.js';
import { embeddedRevocation, type PublicAddressConfig, readPublicAddress } from './revocation-config.js';
import { readWebhooks, type WebhookConfig } from './webhook-config.js';
import { type LogLevel, logLevels } from '../model/log-level.js';
import { readTracing, type TracingConfig } from './tracing-config.js';
import { isIP } from 'node:net';

/** All settings of the service. Frozen; every path is absolute. None of the files that it names has been opened. */
export interface Config {
  /** The configuration file; null where the embedded default is served. */
  readonly configFile: string | null;
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM files to serve TLS with; null where the service itself speaks plain HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Whether a proxy in front speaks TLS. */
  readonly tlsTerminated: boolean;
  /**
   * Addresses and networks of proxies that tell where calls come from; none: each comes from where its connection does.
   */
  readonly trustedProxies: readonly string[];
  readonly connections: ConnectionsConfig;
  /** How clusters and browsers reach the service; null where that is not known, or not with TLS. */
  readonly publicAddress: PublicAddressConfig | null;
  readonly policiesDir: string;
  readonly database: DatabaseConfig;
  /** At least one; their names differ. */
  readonly clusters: readonly ClusterConfig[];
  readonly issuing: IssuingConfig;
  /**
   * For so long after a sign-in a certificate, and those that renew it, may be renewed without another one; 0: never.
   */
  readonly renewal: { readonly groupsMaxAgeSeconds: number };
  readonly expiry: ExpiryConfig;
  readonly inspection: InspectionConfig;
  readonly audit: AuditConfig;
  /** Where metrics are served without a token; null: only with one, on the port of the service. */
  readonly metrics: MetricsConfig | null;
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
}

/** How many connections to the service may be open at a time. */
interface ConnectionsConfig {
  readonly max: number;
  /** For one address, or one /64 network of IPv6. */
  readonly maxPerAddress: number;
}

interface IssuingConfig {
  /** For how long one attempt retries transient errors of the signer. */
  readonly timeoutSeconds: number;
  readonly pendingExpiresAfterSeconds: number;
  readonly uncollectedExpiresAfterSeconds: number;
}

interface ExpiryConfig {
  /** How long before a certificate ends this is announced, the shortest time first. Empty: it is not announced. */
  readonly noticeSeconds: readonly number[];
}

/** How the audit log proves itself. */
interface AuditConfig {
  /** How often a checkpoint is signed, if there are new events. */
  readonly checkpointSeconds: number;
  /**
   * PEM files with an Ed25519 key each; all of them sign. Null: one in the data dir, which is made where there is none.
   */
  readonly checkpointKeyFiles: readonly string[] | null;
  /** Null: all events stay in the database. */
  readonly archive: AuditArchiveConfig | null;
}

/** Old events move to files. */
interface AuditArchiveConfig {
  readonly afterDays: number;
  readonly directory: string;
}

/** A listener of its own, over plain HTTP. */
interface MetricsConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** The lifetimes on which an inspection remarks. */
interface InspectionConfig {
  /** A certificate that ends sooner than this expires soon. */
  readonly expiresWithinSeconds: number;
  /** The longest validity of a certificate, and of a CA certificate, without a remark. */
  readonly maxValiditySeconds: number;
  readonly maxCaValiditySeconds: number;
}

/**
 * The configuration cannot be served. Each of `errors` reads `place: message`; the place is a variable or `file:/path`.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly errors: readonly string[]) {
    super(`the configuration cannot be served:\n${errors.map((error) => `  ${error}`).join('\n')}`);
  }
}

/**
 * Loads the configuration. The file that `KUBEPASS_CONFIG` names overrides the embedded defaults, and the environment
 * overrides both. Paths in the file are relative to the file, paths in the environment to the working directory. Throws
 * `ConfigError` with all problems.
 */
export function loadConfig(environment: Environment): Config {
  const errors: string[] = [];
  const report: ReportProblem = (place, message) => errors.push(`${place}: ${message}`);

  const configFile = environment.configFile === undefined ? null : resolve(environment.configFile);
  const inFile: ReportProblem = (path, message) => {
    report(`${configFile ?? ''}:${path || '/'}`, message);
  };
  const file = configFile === null ? undefined : readConfigFile(configFile, inFile);
  const fromFile = (path: string) => resolve(dirname(configFile ?? ''), path);
  const pathSetting = (value: string | undefined, ofFile: string | undefined, otherwise: string) =>
    value !== undefined ? resolve(value) : ofFile !== undefined ? fromFile(ofFile) : otherwise;

  const dataDir = pathSetting(environment.dataDir, file?.dataDir, resolve('.kubepass'));
  const host = environment.host ?? file?.host ?? '127.0.0.1';
  const tls = readTls(environment, file, fromFile, report);
  if (!tls.files && !tls.terminated && !isLoopback(host))
    report(
      environment.host === undefined ? `${configFile ?? ''}:/host` : variables.host,
      `"${host}" is not a loopback address: set ${variables.tlsCertFile} and ${variables.tlsKeyFile}, or ${variables.tlsTerminated}=true where a proxy terminates TLS`,
    );
  const database = readDatabase(
    environment.databaseUrl ?? file?.databaseUrl,
    dataDir,
    environment.databaseUrl === undefined ? fromFile : (path) => resolve(path),
    environment.databaseUrl === undefined
      ? (message) => inFile('/databaseUrl', message)
      : (message) => report(variables.databaseUrl, message),
  );
  // Each replica would generate a CA of its own, and would not know the certificates of the others.
  if (database.kind === 'postgresql' && configFile === null)
    report(
      variables.configFile,
      'is missing: with PostgreSQL no CA is generated, so a file has to say which clusters there are, each with signer: kubernetes or localCA: { certFile, keyFile }',
    );
  const port = readPort(environment.port, variables.port, report) ?? file?.port ?? 8080;
  const publicAddress = readPublicAddress(file, { host, port, tls: tls.files !== null }, fromFile, inFile);
  const clusters = file === undefined ? [demoCluster(dataDir)] : readClusters(file, fromFile, inFile);
  const roles = readRoles(file?.roles, inFile);
  const trustedProxies = readTrustedProxies(environment.trustedProxies, file?.trustedProxies, (i, message) => {
    if (environment.trustedProxies === undefined) inFile(`/trustedProxies/${i}`, message);
    else report(variables.trustedProxies, message);
  });
  const config: Config = {
    configFile,
    dataDir,
    host,
    port,
    tls: tls.files,
    tlsTerminated: tls.terminated,
    publicAddress,
    trustedProxies,
    connections: readConnections(file, tls.terminated && trustedProxies.length === 0),
    policiesDir: pathSetting(environment.policiesDir, file?.policiesDir, resolve('policies')),
    database,
    clusters,
    issuing: {
      timeoutSeconds: 60,
      pendingExpiresAfterSeconds: 259_200,
      uncollectedExpiresAfterSeconds: 86_400,
      ...file?.issuing,
    },
    renewal: { groupsMaxAgeSeconds: 2_592_000, ...file?.renewal },
    expiry: {
      noticeSeconds: (file?.expiry?.noticeSeconds ?? [86_400, 604_800, 2_592_000]).toSorted((a, b) => a - b),
    },
    inspection: {
      ...inspectionDefaults,
      ...file?.inspection,
    },
    audit: {
      checkpointSeconds: file?.audit?.checkpointSeconds ?? 60,
      checkpointKeyFiles: file?.audit?.checkpointKeys?.map(fromFile) ?? null,
      archive: readArchive(file, fromFile, inFile),
    },
    metrics: readMetrics(environment, file, port, report),
    budgets: readBudgets(file?.budgets, environment.budgets, report, variables.budgets),
    directory: readDirectory(file, clusters, inFile),
    callers: readCallers(
      file?.callers,
      {
        clusters: new Map(clusters.map(({ name, connection }) => [name, { connected: connection !== null }])),
        hasPublicAddress: publicAddress !== null,
        tls: tls.files !== null,
        tlsTerminated: tls.terminated,
        port,
        roles,
      },
      fromFile,
      inFile,
    ),
    roles,
    webhooks: readWebhooks(
      file?.webhooks ?? [],
      (file?.clusters ?? []).map(({ name }) => name),
      fromFile,
      inFile,
    ),
    logLevel: readLogLevel(environment.logLevel, report),
    tracing: readTracing(environment, report),
  };
  if (errors.length > 0) throw new ConfigError(errors);
  return deepFreeze(config);
}

/** The embedded default: one cluster with a CA of the service's own. */
function demoCluster(dataDir: string): ClusterConfig {
  const certFile = join(dataDir, 'ca', 'ca.crt');
  return {
    name: 'demo',
    server: 'https://127.0.0.1:6443',
    servingCertificateAuthorityFile: certFile,
    clientCertificateAuthorityFile: null,
    signer: { kind: 'localCA', certFile, keyFile: join(dataDir, 'ca', 'ca.key'), generate: true },
    connection: null,
    allowPrivilegedGroups: [],
    nameAlphabet: 'ascii',
    readRoleBindings: false,
    allowExec: false,
    revocation: embeddedRevocation,
  };
}

function readClusters(file: FileSettings, fromFile: (path: string) => string, report: ReportProblem) {
  const names = file.clusters.map(({ name }) => name);
  return file.clusters.flatMap((settings, i) => {
    const at: ReportProblem = (path, message) => {
      report(`/clusters/${i}${path}`, message);
    };
    if (names.indexOf(settings.name) !== i) at('/name', `"${settings.name}" is the name of an earlier cluster`);
    return readCluster(settings, fromFile, at) ?? [];
  });
}

function readTls(
  environment: Environment,
  file: FileSettings | undefined,
  fromFile: (path: string) => string,
  report: ReportProblem,
): { readonly files: Config['tls']; readonly terminated: boolean } {
  const { tlsTerminated } = environment;
  if (tlsTerminated !== undefined && tlsTerminated !== 'true' && tlsTerminated !== 'false')
    report(variables.tlsTerminated, 'must be true or false');
  const terminated = tlsTerminated === undefined ? (file?.tls?.terminated ?? false) : tlsTerminated === 'true';

  const path = (value: string | undefined, ofFile: string | undefined) =>
    value !== undefined ? resolve(value) : ofFile !== undefined ? fromFile(ofFile) : undefined;
  const certFile = path(environment.tlsCertFile, file?.tls?.certFile);
  const keyFile = path(environment.tlsKeyFile, file?.tls?.keyFile);
  if (certFile !== undefined && keyFile !== undefined) return { files: { certFile, keyFile }, terminated };
  if (certFile !== undefined) report(variables.tlsKeyFile, `is missing beside ${variables.tlsCertFile}`);
  if (keyFile !== undefined) report(variables.tlsCertFile, `is missing beside ${variables.tlsKeyFile}`);
  return { files: null, terminated };
}

function readArchive(
  file: FileSettings | undefined,
  fromFile: (path: string) => string,
  report: ReportProblem,
): AuditArchiveConfig | null {
  const { archiveAfterDays: afterDays, archiveDir: directory } = file?.audit ?? {};
  if (afterDays !== undefined && directory !== undefined) return { afterDays, directory: fromFile(directory) };
  if (afterDays !== undefined) report('/audit/archiveDir', 'is missing beside archiveAfterDays');
  if (directory !== undefined) report('/audit/archiveAfterDays', 'is missing beside archiveDir');
  return null;
}

function readDirectory(
  file: FileSettings | undefined,
  clusters: readonly ClusterConfig[],
  report: ReportProblem,
): DirectorySettings {
  const settings = { ...directoryDefaults, ...file?.directory };
  for (const [i, name] of settings.required.entries())
    if (!clusters.some((cluster) => cluster.name === name))
      report(`/directory/required/${i}`, `"${name}" is not the name of a cluster`);
  return settings;
}

/** A proxy in front brings the connections of all callers from its own address, which may not be known. */
function readConnections(file: FileSettings | undefined, hasUnknownProxy: boolean): ConnectionsConfig {
  const { max = 1000, maxPerAddress } = file?.connections ?? {};
  return { max, maxPerAddress: maxPerAddress ?? (hasUnknownProxy ? max : 250) };
}

/** There is a listener where a file or a variable asks for one: nobody reads figures without a token unasked. */
function readMetrics(
  { metricsHost, metricsPort }: Environment,
  file: FileSettings | undefined,
  port: number,
  report: ReportProblem,
): MetricsConfig | null {
  if (file?.metrics === undefined && metricsHost === undefined && metricsPort === undefined) return null;
  const taken = readPort(metricsPort, variables.metricsPort, report) ?? file?.metrics?.port ?? 9464;
  if (taken !== 0 && taken === port) report(variables.metricsPort, `${taken} is the port of the service itself`);
  return { host: metricsHost ?? file?.metrics?.host ?? '127.0.0.1', port: taken };
}

function readPort(value: string | undefined, variable: string, report: ReportProblem): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  // Kubernetes sets <NAME>_PORT in every pod beside a Service of that name.
  const advice = value.startsWith('tcp://')
    ? '; Kubernetes sets it so for a Service named kubepass: give the pod enableServiceLinks: false'
    : '';
  report(variable, `must be a port from 0 to 65535${advice}`);
  return undefined;
}

function readLogLevel(value: string | undefined, report: ReportProblem): LogLevel {
  if (value === undefined) return 'info';
  const level = logLevels.find((known) => known === value);
  if (level === undefined) report(variables.logLevel, `must be one of ${logLevels.join(', ')}`);
  return level ?? 'info';
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part as object);
  return Object.freeze(value);
}

/**
 * The proxies of which the service believes where a call comes from: `told` is the variable, else the setting in the file.
 * Reports each that is neither an address nor a network.
 */
function readTrustedProxies(
  told: string | undefined,
  inFile: readonly string[] | undefined,
  report: (i: number, message: string) => void,
): readonly string[] {
  const proxies = told === undefined ? (inFile ?? []) : told.split(',').map((proxy) => proxy.trim());
  for (const [i, proxy] of proxies.entries()) if (!isNetwork(proxy)) report(i, `"${proxy}" ${notNetwork}`);
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
