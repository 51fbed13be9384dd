import { access, constants, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lookIntoDatabase } from '../backup/open-store.js';
import { UserAuthorities } from '../clusters/user-authorities.js';
import { type ClusterAuthorities, findSharedTrust } from '../clusters/shared-trust.js';
import type { ClusterConfig } from '../config/cluster-config.js';
import type { LocalCAConfig } from '../config/issuer-config.js';
import type { ReadConfig } from '../config/config.js';
import { reasonOf } from '../config/file-reason.js';
import { checkDataDir, readClientSecret, readSecretFile } from '../config/secrets.js';
import { ownCheckpointKeyFile, readCheckpointKey } from '../log/checkpoint-keys.js';
import type { TlsPair } from '../http/server/tls-settings.js';
import { type ClientTrust, readClientBundle, readClientTrust } from '../kubernetes/certificate-authorities.js';
import { loadPolicySet } from '../policy/load-policy-set.js';
import { type IssuerPlace, whyNotGenerated } from '../signing/issuer-files.js';
import { sentenceOf } from '../signing/issuer-records.js';
import { judgeIssuers } from '../signing/open-issuers.js';
import type { FoundDatabase } from '../store/schema/migrations.js';
import { encodeCertificates, type ParsedCertificate, signaturesHere } from '@kubepass/x509';
import { unsafeSettings } from '../policy/unsafe-settings.js';
import { readApiToken } from './api-tokens.js';
import { namesUserAuthority, readCallersFiles, warnOfEnded } from './client-certificates.js';
import { readAuthorityFile, type Remarks } from './in-force.js';
import { readSecretsOf } from './open-webhooks.js';
import { readTracingFiles } from './runtime.js';
import { readTlsPair, warnUnlessValid } from './tls-in-force.js';

/** The verdict on a configuration. Each text reads `place: message`, and tells no secret. */
export interface CheckedConfig {
  /** A start refuses the configuration for each of them. */
  readonly errors: readonly string[];
  /** The service starts all the same, without the cluster or the archives that it cannot use. */
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  /** The database; undefined where it cannot be looked into. */
  readonly database: FoundDatabase | undefined;
}

/** Everything that the parts of a check share. */
interface Check extends ReadConfig {
  readonly findings: Findings;
  readonly now: Date;
}

/**
 * Reads all that a start reads, with the functions of the start, and finds everything that is wrong, whatever else is
 * wrong. Changes nothing: no directory, file or database is made, and no migration is applied.
 */
export async function checkConfig(read: ReadConfig, now: Date): Promise<CheckedConfig> {
  const findings = new Findings(read);
  const check: Check = { ...read, findings, now };
  const policies = checkPolicies(check);
  await findings.unless('/dataDir', async (remarks) => {
    const warning = await checkDataDir(read.config.dataDir);
    if (warning !== null) remarks.warn({}, warning);
  });
  const database = await checkDatabase(check);
  const pair = await checkTls(check);
  const trusts: ClusterTrust[] = [];
  for (const [i, cluster] of read.clusters.entries())
    if (cluster !== undefined) trusts.push(await checkCluster(check, `/clusters/${i}`, cluster, database));
  for (const { cluster, message } of findSharedTrust(trusts.map(({ authorities }) => authorities)))
    findings.add(`/clusters/${read.clusters.findIndex((one) => one?.name === cluster)}`, message);
  await checkCallers(check, pair, trusts);
  await checkOthers(check);
  findings.errors.push(...(await policies));
  const { errors, faults, warnings } = findings;
  return { errors: [...read.errors, ...errors], faults, warnings, database };
}

async function checkPolicies({ config, clusters, isWrong, placeOf, findings }: Check): Promise<readonly string[]> {
  if (isWrong('/policiesDir')) return [];
  const known = clusters.map(
    (cluster) => cluster && { name: cluster.name, readsRoleBindings: cluster.readRoleBindings },
  );
  const areKnown = known.every((cluster) => cluster !== undefined) && !isWrong('/clusters');
  const loaded = await loadPolicySet(config.policiesDir, areKnown ? { clusters: known } : {});
  if (!loaded.ok) return loaded.errors.map((error) => `${placeOf('/policiesDir')}: ${error}`);
  const found = clusters.flatMap((cluster) => cluster ?? []);
  for (const { cluster, message } of unsafeSettings(loaded.policySet, {
    clusters: found,
    tokensAreAdmins: config.callers.apiTokens.admins,
  })) {
    const at =
      cluster === null ? '/callers/apiTokens' : `/clusters/${clusters.findIndex((one) => one?.name === cluster)}`;
    findings.remarksOn(at).warn({}, message);
  }
  return [];
}

async function checkDatabase({
  config,
  errors,
  isWrong,
  placeOf,
  findings,
}: Check): Promise<FoundDatabase | undefined> {
  const isRefused = errors.some((error) => error.startsWith(`${placeOf('/databaseUrl')}:`));
  const { database, dataDir } = config;
  // The data dir is looked at already.
  const isInDataDir = database.kind === 'sqlite' && dirname(database.file) === dataDir;
  return isRefused || (isInDataDir && (isWrong('/dataDir') || findings.errors.length > 0))
    ? undefined
    : findings.unless('/databaseUrl', async (remarks) => {
        const found = await lookIntoDatabase(config);
        if (found.newer !== null) remarks.warn({}, found.newer);
        return found;
      });
}

async function checkTls({ config: { tls }, findings, now }: Check): Promise<TlsPair | undefined> {
  if (tls === null) return undefined;
  const cert = await findings.unless('/tls/certFile', () => readFile(tls.certFile));
  const key = await findings.unless('/tls/keyFile', (remarks) => readSecretFile(tls.keyFile, remarks));
  if (cert === undefined || key === undefined) return undefined;
  return findings.unless('/tls/certFile', async (remarks) => {
    const pair = await readTlsPair(tls, { warn: () => undefined });
    warnUnlessValid(pair, now, remarks);
    return pair;
  });
}

/** A cluster with the CA that it accepts user certificates from, as far as the configuration says it. */
interface ClusterTrust {
  readonly cluster: ClusterConfig;
  readonly authorities: ClusterAuthorities;
  readonly clientTrust: () => Promise<ClientTrust | null>;
}

async function checkCluster(
  check: Check,
  at: string,
  cluster: ClusterConfig,
  database: FoundDatabase | undefined,
): Promise<ClusterTrust> {
  const { findings } = check;
  const { signer, connection, allowExec } = cluster;
  const { servingCertificateAuthorityFile: serving, clientCertificateAuthorityFile: client } = cluster;
  const local = signer.kind === 'localCA' ? await checkIssuers(check, at, cluster.name, signer, database) : null;
  if (serving !== null && !(signer.kind === 'localCA' && signer.generate))
    await findings.unless(`${at}/servingCertificateAuthority`, () => readAuthorityFile(serving));
  const own = local && readClientTrust(encodeCertificates(local.anchors));
  const named =
    client === null
      ? own
      : await findings.unless(`${at}/clientCertificateAuthority`, async () =>
          readClientTrust(await readFile(client, 'utf8')),
        );
  if (connection !== null)
    await findings.unless(
      `${at}/${connection.kind}`,
      async () => {
        const { openClusterConnection } = await import('../kubernetes/cluster-connection.js');
        await (await openClusterConnection(connection, { allowExec })).close();
      },
      'faults',
    );
  const inFile = named ? readClientBundle(named.pem) : [];
  const { name, sharedTrust } = cluster;
  return {
    cluster,
    authorities: {
      name,
      sharedTrust,
      chains: local?.chains ?? inFile,
      trusted: [...inFile, ...(local?.anchors ?? [])],
    },
    clientTrust: () => Promise.resolve(named ?? null),
  };
}

async function checkIssuers(
  { findings, now, isWrong }: Check,
  at: string,
  cluster: string,
  ca: LocalCAConfig,
  database: FoundDatabase | undefined,
): Promise<Record<'chains' | 'anchors', readonly ParsedCertificate[]> | null> {
  const recorded = database?.issuers.filter((one) => one.cluster === cluster) ?? [];
  const [first] = ca.issuers;
  if (
    ca.generate &&
    first?.key.kind === 'file' &&
    (await isMissing(first.certFile)) &&
    (await isMissing(first.key.file))
  ) {
    const whyNot = whyNotGenerated(cluster, dirname(first.certFile), recorded);
    if (whyNot !== null) findings.add('/dataDir', whyNot);
    return null;
  }
  const pointerOf = (issuer: string, place: IssuerPlace): string => {
    if (ca.generate) return '/dataDir';
    const member = ca.listed || place !== '/key' ? place : '/keyFile';
    const index = ca.issuers.findIndex(({ name }) => name === issuer);
    return `${at}/signer/localCA${ca.listed && index >= 0 ? `/issuers/${index}` : ''}${member}`;
  };
  if (isWrong(`${at}/signer`)) return null;
  const judged = await judgeIssuers(cluster, ca, recorded, {
    clock: () => now,
    signatures: signaturesHere,
    remark: (issuer, place, fields, message) => findings.remarksOn(pointerOf(issuer, place)).warn(fields, message),
  });
  for (const problem of judged.problems) {
    // Where a cluster has one issuer, the place of the file says whose file it is.
    const text = ca.listed || problem.place === '' ? sentenceOf(cluster, problem) : problem.message;
    findings.add(pointerOf(problem.issuer, problem.place), text);
  }
  const anchors = judged.read.flatMap(({ certificates }) => certificates?.anchors ?? []);
  const chains = [...judged.read.flatMap(({ certificates }) => certificates?.chain ?? []), ...anchors];
  return anchors.length === 0 ? null : { chains, anchors };
}

const isMissing = (file: string): Promise<boolean> =>
  access(file).then(
    () => false,
    () => true,
  );

async function checkCallers(
  { config: { callers, firstAdminTokenFile: first }, findings, now }: Check,
  pair: TlsPair | undefined,
  trusts: readonly ClusterTrust[],
): Promise<void> {
  if (first !== null) await findings.unless('/firstAdminTokenFile', (remarks) => readApiToken(first, remarks));
  for (const [i, { certificateAuthorityFile: file, login }] of callers.oidc.entries()) {
    const at = `/callers/oidc/${i}`;
    if (file !== null) await findings.unless(`${at}/certificateAuthority`, () => readAuthorityFile(file));
    const secret = login?.clientSecretFile ?? null;
    if (secret !== null)
      await findings.unless(`${at}/login/clientSecretFile`, (remarks) => readClientSecret(secret, remarks));
  }
  const certificates = callers.clientCertificates;
  if (certificates === null) return;
  const { certificateAuthorityFile, revocationListFile } = certificates;
  const at = '/callers/clientCertificates';
  const known = await findings.unless(`${at}/certificateAuthority`, () => readFile(certificateAuthorityFile));
  if (revocationListFile !== null) await findings.unless(`${at}/revocationList`, () => readFile(revocationListFile));
  if (known === undefined || pair === undefined) return;
  await findings.unless(`${at}/certificateAuthority`, async (remarks) => {
    const trust = await readCallersFiles(certificates, pair);
    const named = trusts.filter(({ cluster }) => namesUserAuthority(cluster));
    const why = (await UserAuthorities.of(named, new Set(named.map(({ cluster }) => cluster.name)))).whyShared(trust);
    if (why !== null) throw new Error(why);
    warnOfEnded(trust, now, remarks);
  });
}

async function checkOthers({ config, findings }: Check): Promise<void> {
  const { webhooks, audit, publicAddress, tracing, dataDir } = config;
  for (const [i, { secretFile, certificateAuthorityFile: file }] of webhooks.entries()) {
    await findings.unless(`/webhooks/${i}/secretFile`, (remarks) => readSecretsOf(secretFile, remarks));
    if (file !== null) await findings.unless(`/webhooks/${i}/certificateAuthority`, () => readAuthorityFile(file));
  }
  for (const [i, file] of (audit.checkpointKeyFiles ?? []).entries())
    await findings.unless(`/audit/checkpointKeys/${i}`, (remarks) => readCheckpointKey(file, remarks));
  const own = ownCheckpointKeyFile(dataDir);
  if (audit.checkpointKeyFiles === null && !(await isMissing(own)))
    await findings.unless('/dataDir', (remarks) => readCheckpointKey(own, remarks));
  const { archive } = audit;
  if (archive !== null)
    await findings.unless('/audit/archiveDir', () => access(archive.directory, constants.W_OK), 'faults');
  const authority = publicAddress?.certificateAuthorityFile ?? null;
  if (authority !== null)
    await findings.unless('/publicAddress/certificateAuthority', () => readAuthorityFile(authority));
  if (tracing !== null)
    await findings.unless('OTEL_EXPORTER_OTLP_CERTIFICATE', (remarks) => {
      for (const warning of tracing.warnings) remarks.warn({}, warning);
      return readTracingFiles(tracing, remarks);
    });
}

/** Collects what is wrong with a configuration, each with the place of its setting. */
class Findings {
  readonly errors: string[] = [];
  readonly faults: string[] = [];
  readonly warnings: string[] = [];

  constructor(private readonly read: Pick<ReadConfig, 'isWrong' | 'placeOf'>) {}

  /** Takes what functions of the start say about a setting that can be used all the same. */
  remarksOn(pointer: string): Remarks {
    return {
      warn: (fields, message) => {
        const more = Object.entries(fields).map(([name, value]) => `; ${name}: ${textOf(value)}`);
        const warning = `${this.read.placeOf(pointer)}: ${message}${more.join('')}`;
        if (!this.warnings.includes(warning)) this.warnings.push(warning);
      },
    };
  }

  /**
   * The value that is read for the setting at `pointer`. Undefined where it cannot be read, and the reason is kept; and
   * where the setting itself is wrong, so that there is nothing to read.
   */
  async unless<T>(
    pointer: string,
    read: (remarks: Remarks) => T | Promise<T>,
    kept: 'errors' | 'faults' = 'errors',
  ): Promise<T | undefined> {
    if (this.read.isWrong(pointer)) return undefined;
    try {
      return await read(this.remarksOn(pointer));
    } catch (error) {
      this.add(pointer, reasonOf(error), kept);
      return undefined;
    }
  }

  add(pointer: string, reason: string, kept: 'errors' | 'faults' = 'errors'): void {
    this[kept].push(`${this.read.placeOf(pointer)}: ${reason}`);
  }
}

const textOf = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));
