import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readClientTrust } from './cluster/client-trust.js';
import { describeCertificateAuthority } from './cluster/describe-certificate-authority.js';
import type { ClusterConfig, Config } from './config/config.js';
import { createSecretFile, prepareDataDir, readSecretFile, replaceSecretFile } from './config/secrets.js';
import { ApiTokenAuthenticator } from './identity/api-token-authenticator.js';
import { ApiTokens, type ApiTokenWriter } from './identity/api-tokens.js';
import { makeAdminToken } from './identity/make-admin-token.js';
import { auditEventService } from './issuance/audit-event-service.js';
import { certificateRequestService } from './issuance/certificate-request-service.js';
import { certificateService } from './issuance/certificate-service.js';
import { clusterService } from './issuance/cluster-service.js';
import type { IssuanceContext, IssuingCluster, Log } from './issuance/context.js';
import { startHousekeeping } from './issuance/housekeeping.js';
import { idempotencyService } from './issuance/idempotency.js';
import { policyService } from './issuance/policy-service.js';
import { recoverRequests } from './issuance/recover-requests.js';
import { within } from './issuance/wait.js';
import { recordPolicySetLoaded, recordServiceStarted } from './issuance/service-events.js';
import { generateCertificateAuthority, loadCertificateAuthority } from './pki/certificate-authority.js';
import { loadPolicySet } from './policy/load-policy-set.js';
import type { PolicySet } from './policy/policy-set.js';
import { watchPolicySet, type PolicySetWatch } from './policy/watch-policy-set.js';
import type { Services } from './services.js';
import { LocalCaSigner } from './signer/local-ca.js';
import type { Signer } from './signer/signer.js';
import { acquireDataDirLock } from './store/data-dir-lock.js';
import { openSqliteStore } from './store/sqlite/open-sqlite-store.js';
import type { Writer } from './store/step.js';
import type { Store } from './store/store.js';

/** How long the issuances under way may take to end when the service stops. */
const drainSeconds = 10;

/** What a test may put in place of the real thing, or around it. */
export interface Overrides {
  readonly clock?: () => Date;
  readonly writer?: (writer: Writer) => Writer;
  readonly signer?: (signer: Signer) => Signer;
}

/** The service, wired and recovered, without its HTTP edge. */
export interface Composition {
  readonly services: Services;
  readonly store: Store;
  /** Finishes what is under way, then closes the store and lets go of the data dir. */
  close(): Promise<void>;
}

/** Wires the adapters, once. What it opened is closed again where a later part fails. */
export async function compose(config: Config, log: Log, overrides: Overrides = {}): Promise<Composition> {
  const opened: (() => Promise<void> | void)[] = [];
  const closeOpened = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return { ...(await wire(config, log, overrides, opened)), close: closeOpened };
  } catch (error) {
    await closeOpened();
    throw error;
  }
}

async function wire(
  config: Config,
  log: Log,
  overrides: Overrides,
  opened: (() => Promise<void> | void)[],
): Promise<Omit<Composition, 'close'>> {
  const clock = overrides.clock ?? (() => new Date());
  const warning = await prepareDataDir(config.dataDir);
  if (warning !== null) log.warn({}, warning);
  const lock = acquireDataDirLock(config.dataDir);
  opened.push(() => lock.release());

  const store = await openStore(config, overrides);
  opened.push(() => store.close());

  const clusters = new Map<string, IssuingCluster>();
  for (const cluster of config.clusters)
    clusters.set(cluster.name, await openCluster(cluster, store, clock, log, overrides));

  const policies = watchPolicies(config, await loadPolicies(config, log), log, (policySet, previous) =>
    recordPolicySetLoaded(context, policySet, previous),
  );
  opened.push(() => policies.stop());
  const context: IssuanceContext = {
    store,
    clusters,
    policySet: () => policies.current(),
    clock,
    random: randomBytes,
    owner: randomUUID(),
    // The lock of the data dir says so.
    soleProcess: true,
    settings: config.issuing,
    log,
    running: new Map(),
    keysInFlight: new Set(),
  };
  await recordServiceStarted(context);
  if (!(await store.apiTokens.hasLiveAdmin(clock()))) {
    await writeAdminToken(config, store, clock());
    log.info({ file: adminTokenFile(config) }, 'there was no live admin: a token was made');
  }
  await recoverRequests(context);
  const housekeeping = startHousekeeping(context);
  opened.push(async () => {
    await housekeeping.stop();
    // What takes longer is found again by the next start.
    await within(drainSeconds, Promise.all(context.running.values()));
  });
  return { store, services: servicesOf(context) };
}

function servicesOf(context: IssuanceContext): Services {
  const { store, clock } = context;
  const authenticator = new ApiTokenAuthenticator(store.apiTokens, clock);
  return {
    authenticator,
    certificateRequests: certificateRequestService(context),
    certificates: certificateService(context),
    clusters: clusterService(context),
    policies: policyService(context),
    auditEvents: auditEventService(context),
    apiTokens: new ApiTokens({
      reader: store.apiTokens,
      writer: apiTokenWriter(store.writer),
      authenticator,
      clock,
      random: context.random,
    }),
    health: { ready: () => store.ping() },
    idempotency: idempotencyService(context),
  };
}

/** Each change to a token is one commit with its audit event. */
function apiTokenWriter(writer: Writer): ApiTokenWriter {
  return {
    async create(token, secretSha256, event) {
      const operations = [{ op: 'insertApiToken' as const, token, secretSha256 }];
      if (!(await writer.commit({ operations, events: [event] })).committed)
        throw new Error(`API token ${token.id} could not be recorded`);
    },
    async revoke(id, at, event) {
      const operations = [{ op: 'revokeApiToken' as const, id, at }];
      return (await writer.commit({ operations, events: [event] })).committed;
    },
  };
}

async function openStore(config: Config, overrides: Overrides): Promise<Store> {
  await mkdir(dirname(config.database.file), { recursive: true, mode: 0o700 });
  const store = await openSqliteStore({ file: config.database.file });
  return overrides.writer ? { ...store, writer: overrides.writer(store.writer) } : store;
}

async function openCluster(
  config: ClusterConfig,
  store: Store,
  clock: () => Date,
  log: Log,
  overrides: Overrides,
): Promise<IssuingCluster> {
  const { certFile, keyFile, generate } = config.signer;
  if (generate) await generateMissingAuthority(config, clock(), log);
  const certificatePem = await readFile(certFile, 'utf8');
  const key = await readSecretFile(keyFile);
  if (key.warning !== null) log.warn({}, key.warning);
  const authority = loadCertificateAuthority(certificatePem, key.content.toString('utf8'));
  await pinAuthority(config.name, authority.spkiSha256, store, clock());

  const clientCa =
    config.clientCertificateAuthorityFile === null
      ? certificatePem
      : await readFile(config.clientCertificateAuthorityFile, 'utf8');
  const serving = await readFile(config.servingCertificateAuthorityFile, 'utf8');
  const clientTrust = readClientTrust(clientCa);
  const signer = new LocalCaSigner(authority);
  return {
    cluster: {
      name: config.name,
      server: config.server,
      signer: 'localCA',
      servingCertificateAuthority: describeCertificateAuthority(serving).pem,
      allowPrivilegedGroups: config.allowPrivilegedGroups,
      nameAlphabet: config.nameAlphabet,
    },
    signer: overrides.signer?.(signer) ?? signer,
    clientTrust: () => Promise.resolve(clientTrust),
  };
}

/**
 * Makes the embedded default's CA where there is none; what is there is used. Both files appear at once, by a rename
 * of their directory, so that no crash leaves half a CA behind.
 */
async function generateMissingAuthority({ name, signer }: ClusterConfig, now: Date, log: Log): Promise<void> {
  const directory = dirname(signer.certFile);
  if (existsSync(signer.certFile) || existsSync(signer.keyFile)) return;
  const made = await generateCertificateAuthority({ commonName: `kubepass-${name}-ca`, now, random: randomBytes });
  const temporary = await mkdtemp(`${directory}.`);
  try {
    await createSecretFile(join(temporary, basename(signer.keyFile)), made.privateKeyPem);
    await createSecretFile(join(temporary, basename(signer.certFile)), made.certificatePem);
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  log.info({ certFile: signer.certFile }, 'a CA was generated');
}

/** Another CA under the same name would make what was issued unverifiable: the first one stays, or nothing starts. */
async function pinAuthority(cluster: string, spkiSha256: string, store: Store, now: Date): Promise<void> {
  const pinned = await store.certificateAuthorities.pinnedSpkiSha256(cluster);
  if (pinned === spkiSha256) return;
  if (pinned !== null)
    throw new Error(
      `cluster "${cluster}" was served with another CA (SPKI SHA-256 ${pinned}, now ${spkiSha256}): ` +
        'put that CA back, or give the cluster another name',
    );
  const { committed } = await store.writer.commit({
    operations: [{ op: 'pinCertificateAuthority', cluster, spkiSha256 }],
    events: [
      {
        type: 'CertificateAuthorityPinned',
        at: now,
        principal: null,
        cluster,
        requestId: null,
        fingerprintSha256: null,
        details: { spkiSha256 },
      },
    ],
  });
  if (!committed) throw new Error(`the CA of cluster "${cluster}" could not be pinned`);
}

async function loadPolicies({ policiesDir }: Config, log: Log): Promise<PolicySet> {
  const loaded = await loadPolicySet(policiesDir);
  if (!loaded.ok) throw new Error(`the policies cannot be loaded:\n${loaded.errors.map((e) => `  ${e}`).join('\n')}`);
  const { policies, guardrails, digest } = loaded.policySet;
  log.info({ policies: policies.length, guardrails: guardrails.length, digest }, 'policies in force');
  if (policies.length === 0) log.warn({ policiesDir }, 'there is no policy: every request is denied');
  return loaded.policySet;
}

function watchPolicies(
  { policiesDir }: Config,
  initial: PolicySet,
  log: Log,
  record: (policySet: PolicySet, previous: PolicySet) => Promise<void>,
): PolicySetWatch {
  return watchPolicySet({
    directory: policiesDir,
    initial,
    onChange(policySet, previous) {
      log.info({ digest: policySet.digest, previousDigest: previous.digest }, 'other policies are in force');
      record(policySet, previous).catch((error: unknown) => {
        log.error({ err: error }, 'the change of policies could not be put on record');
      });
    },
    onErrors(errors) {
      log.error({ errors }, 'the policies were changed and do not validate: those in force stay');
    },
  });
}

const adminTokenFile = ({ dataDir }: Config): string => join(dataDir, 'admin-token');

function writeAdminToken(config: Config, store: Store, now: Date): Promise<void> {
  return makeAdminToken({
    writer: apiTokenWriter(store.writer),
    keepSecret: (secret) => replaceSecretFile(adminTokenFile(config), `${secret}\n`),
    now,
    random: randomBytes,
  });
}

/**
 * Makes one more admin token, beside those that are there, and answers the file it is in. The right to write to the
 * data dir is what it takes; the audit log tells of it. Throws where the service is running.
 */
export async function recoverAdminToken(config: Config): Promise<string> {
  await prepareDataDir(config.dataDir);
  const lock = acquireDataDirLock(config.dataDir);
  try {
    const store = await openStore(config, {});
    try {
      await writeAdminToken(config, store, new Date());
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
  return adminTokenFile(config);
}
