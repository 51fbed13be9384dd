import { randomBytes, randomUUID } from 'node:crypto';
import type { ClusterConnection } from '../cluster/cluster-connection.js';
import type { Config } from '../config/config.js';
import { prepareDataDir } from '../config/secrets.js';
import { AttemptsUnderWay } from '../issuance/attempts/attempts-under-way.js';
import { DirectoryUse } from '../issuance/directory/directory-use.js';
import { ClusterProbes } from '../issuance/clusters/cluster-probes.js';
import type { IssuanceContext, IssuingCluster, Log } from '../issuance/context.js';
import { recordPolicySetLoaded, recordServiceStarted } from '../issuance/events.js';
import { Checkpoints, signCheckpoints } from '../issuance/evidence/checkpoints.js';
import { DenyList } from '../issuance/lifecycle/deny-list.js';
import { IdentityBlocks } from '../issuance/lifecycle/identity-blocks.js';
import { whyRolesLost } from '../issuance/lifecycle/roles-lost.js';
import { logAsFound, Restorations } from '../issuance/restoration/restorations.js';
import type { MetricsText, RequestMeasures } from '../model/measures.js';
import type { RequestTracing } from '../model/tracing.js';
import { configuredCluster } from '../policy/policy-set.js';
import { DraftPool } from '../policy/workers/draft-pool.js';
import type { Services } from '../http/services.js';
import type { Signer } from '../signer/signer.js';
import { followedWriter } from '../store/followed-writer.js';
import type { Writer } from '../store/step.js';
import type { Store } from '../store/store.js';
import { publicRandomOctets } from '../x509/strict/serial-number.js';
import { makeFirstAdminToken, warnOfBreakGlass } from './callers/api-tokens.js';
import { openAuthenticators, type AuthenticatorOverrides } from './callers/authenticators.js';
import { openBudgets } from './budgets.js';
import type { CallersTrustInForce } from './callers/callers-trust-in-force.js';
import { openCheckpointKeys } from './checkpoint-keys.js';
import { openClientCertificates } from './callers/client-certificates.js';
import { Closings } from './closings.js';
import { commitFollowers, followersFromTheStart } from './commit-followers.js';
import type { CountingOptions } from './count-figures.js';
import { healthService } from './health.js';
import { openInspections } from './inspections.js';
import { KeptCheckpoint, keptCheckpointFile } from './database/kept-checkpoint.js';
import { openKeptRevocations } from './database/kept-revocations.js';
import { measuredReviews, metricsService, openMetrics } from './metrics.js';
import { offeredSignIns } from './callers/offered-sign-ins.js';
import { openCluster, openPublicAddress, type ClusterWiring } from './open-cluster.js';
import { isSoleProcess, openStore } from './database/open-store.js';
import { loadPolicies, watchPolicies } from './policies-in-force.js';
import { detectRestoration, nameInstance, restorationFirst } from './database/restored.js';
import { openRetention, type RetentionOverrides } from './retention.js';
import { openSignatures } from './signatures.js';
import { openTls, type TlsInForce } from './tls-in-force.js';
import { openTraces, tracedLog } from './traces.js';
import { useCasesOf } from './use-cases.js';
import { openWaysIn } from './callers/ways-in.js';
import { openWebhooks } from './webhooks.js';
import { beginWork } from './work-beside-requests.js';

/** Replacements for real parts, and wrappers around them, for tests. */
export interface Overrides extends RetentionOverrides, AuthenticatorOverrides {
  readonly clock?: () => Date;
  readonly writer?: (writer: Writer) => Writer;
  /** Whether SQLite's writer gets a thread of its own, as it does unless a test has too many services to start. */
  readonly writerThread?: boolean;
  /** The same for the thread that makes and verifies signatures with P-256. */
  readonly cryptoThread?: boolean;
  readonly signer?: (signer: Signer) => Signer;
  readonly connection?: (connection: ClusterConnection) => ClusterConnection;
  /** How often the outbox of webhooks is looked through. */
  readonly webhookRoundMilliseconds?: number;
  /** How often the files of certificates and secrets are looked at. */
  readonly tlsRoundMilliseconds?: number;
  /** How often the policies' files are looked at. */
  readonly policyRoundMilliseconds?: number;
  /** How often the figures of the database are counted. */
  readonly countMilliseconds?: number;
  /** How long one text of metrics is told. */
  readonly metricsTextMilliseconds?: number;
}

/** The service, wired, without its HTTP edge. */
export interface Composition {
  readonly services: Services;
  readonly store: Store;
  /** Null where the service itself speaks plain HTTP. */
  readonly tls: TlsInForce | null;
  /** The CAs of callers with client certificates; null where none get in. */
  readonly callersTrust: CallersTrustInForce | null;
  /** Null where nobody collects traces. */
  readonly requestTracing: RequestTracing | null;
  /** How people sign in with browsers; null where nobody does. */
  readonly browsers: { readonly origin: string; readonly issuers: readonly string[] } | null;
  readonly metrics: { readonly requests: RequestMeasures; text(): Promise<MetricsText> };
  /** Reads the files that may change, and the policies, again. If a part is not valid, its old content stays in force. */
  reload(): Promise<void>;
  /**
   * Begins the work beside the requests, once the service listens. First it recovers the requests that an earlier
   * process left, and resolves when that is done; until then `services.health` is not ready.
   */
  begin(): Promise<void>;
  /** Finishes the work under way, then closes the store and releases the data dir. */
  close(): Promise<void>;
}

/** Wires the adapters, once. Where a later part fails, the parts that are open already are closed again. */
export async function compose(config: Config, log: Log, overrides: Overrides = {}): Promise<Composition> {
  const closings = new Closings();
  try {
    return { ...(await wire(config, log, overrides, closings)), close: () => closings.close() };
  } catch (error) {
    await closings.close();
    throw error;
  }
}

async function wire(
  config: Config,
  givenLog: Log,
  overrides: Overrides,
  closings: Closings,
): Promise<Omit<Composition, 'close'>> {
  const clock = overrides.clock ?? (() => new Date());
  const traces = await openTraces(config, givenLog);
  closings.push(() => traces.close());
  const { tracing } = traces;
  const log = tracedLog(givenLog, tracing);
  const warning = await prepareDataDir(config.dataDir);
  if (warning !== null) log.warn({}, warning);
  const { database } = config;
  if (database.kind === 'postgresql' && database.exposed)
    log.warn({}, 'the way to PostgreSQL is not protected: sslmode=verify-full with sslrootcert would do that');

  const intervalMilliseconds = overrides.tlsRoundMilliseconds ?? 5_000;
  const tls = config.tls && (await openTls(config.tls, log, { clock, intervalMilliseconds }));
  closings.push(() => tls?.stop());

  const metrics = openMetrics(config, clock, overrides.metricsTextMilliseconds);

  // The store.
  const messages = {
    warn: (message: string) => {
      log.warn({}, message);
    },
    inform: (message: string) => {
      log.info({}, message);
    },
  };
  const opening = await openStore(config, messages, {
    writerThread: overrides.writerThread ?? true,
    measures: metrics.store,
  });
  closings.push(() => opening.close());
  const writer = overrides.writer?.(opening.writer) ?? opening.writer;
  const budgets = openBudgets(config, clock, overrides.clock && (() => clock().getTime()));
  const schemaFault = await opening.whyNotSchema();
  const schemaNote = schemaFault && `the database ${schemaFault}: it does not refuse or record all that it should`;
  if (schemaNote !== null) log.error({}, schemaNote);
  const found = await logAsFound(opening.auditEvents);
  const keptCheckpoint = new KeptCheckpoint(keptCheckpointFile(config));
  const fromTheStart = followersFromTheStart(keptCheckpoint, budgets);
  const openedStore: Store = { ...opening, writer: followedWriter(writer, fromTheStart) };
  const instance = await nameInstance(openedStore, clock());

  // Webhooks: commits that put something into the outbox wake the dispatcher.
  const owner = randomUUID();
  const random = publicRandomOctets();
  const webhooks = await openWebhooks(config, openedStore, {
    ...{ clock, random, owner, log, tracing, intervalMilliseconds },
    roundMilliseconds: overrides.webhookRoundMilliseconds,
  });
  closings.push(() => {
    webhooks.stop();
  });

  // Revocations: this process knows those that it commits before it answers, and so does the list beside the database.
  const denyList = new DenyList({ reader: openedStore.revocations, clock, log });
  const restoring = restorationFirst({ store: openedStore, found, keptCheckpoint, instance, clock, log });
  const kept = await openKeptRevocations(
    database,
    { ...openedStore, writer: followedWriter(openedStore.writer, [restoring]) },
    denyList,
    clock,
    log,
  );
  closings.push(() => kept.close());
  const authenticators = openAuthenticators(config, openedStore, clock, log, overrides);
  const directoryUse = new DirectoryUse(openedStore.directory);
  const identityBlocks = new IdentityBlocks({
    reader: openedStore.identityBlocks,
    clusters: config.clusters.map(({ name }) => name),
    log,
  });
  await identityBlocks.load();
  const followers = commitFollowers({
    ...{ fromTheStart, denyList, kept, authenticators, directoryUse, identityBlocks },
    measures: metrics.issuance,
    wake: () => {
      webhooks.wake();
    },
  });
  const store: Store = { ...openedStore, writer: followedWriter(writer, followers, tracing) };

  // The last checkpoint is signed when everything that records events has ended.
  let signing: { stop(): Promise<void> } | null = null;
  closings.push(() => signing?.stop());

  // Clusters with their signers.
  const signatures = openSignatures(overrides.cryptoThread ?? true, log, closings);
  const probes = new ClusterProbes(store);
  metrics.follow({ store, probes });
  const clusters = new Map<string, IssuingCluster>();
  const wiring: ClusterWiring = {
    store,
    clock,
    random: randomBytes,
    signatures,
    log,
    tracing,
    instance,
    whyNotSigning: (cluster) => probes.whyNotSigning(cluster),
    measure: (cluster) => metrics.clusters.callsTo(cluster),
    wrapSigner: overrides.signer ?? ((signer) => signer),
    wrapConnection: overrides.connection ?? ((connection) => connection),
  };
  for (const cluster of config.clusters) {
    const opened = await openCluster(cluster, wiring);
    closings.push(() => opened.connection?.close());
    clusters.set(cluster.name, opened);
  }
  const issuing = [...clusters.values()];
  await probes.load(issuing.map(({ cluster }) => cluster));

  // Other ways in than API tokens.
  const clientCertificates = await openClientCertificates(config, issuing, log, tls, { clock, intervalMilliseconds });
  closings.push(() => clientCertificates?.close());

  // Policies.
  const configured = issuing.map(({ cluster }) => configuredCluster(cluster));
  const loaded = await loadPolicies(config, configured, log);
  const policies = watchPolicies(config, configured, loaded, log, {
    record: (policySet, previous) => recordPolicySetLoaded(context, policySet, previous),
    onRejected: () => {
      metrics.policiesRejected();
    },
    clock,
    ...(overrides.policyRoundMilliseconds !== undefined && {
      intervalMilliseconds: overrides.policyRoundMilliseconds,
    }),
  });
  closings.push(() => policies.stop());

  // Checkpoints of the audit log.
  const signers = await openCheckpointKeys(config, log);
  const checkpoints = new Checkpoints({
    store,
    signers,
    retiresOthers: isSoleProcess(config) || config.audit.checkpointKeyFiles !== null,
    ...{ owner, clock, log },
    soleProcess: isSoleProcess(config),
    deliveriesOf: (announcement) => webhooks.deliveriesOf(announcement),
  });
  const retention = openRetention(config, { store, checkpoints, signers, clock, log }, overrides);

  // A database that was put back from a backup.
  const restorations = new Restorations({
    ...{ store, clock, random, log, found },
    signsHere: () => issuing.some(({ authority }) => authority !== undefined),
  });

  // Use cases.
  const context: IssuanceContext = {
    store,
    clusters,
    policySet: () => policies.current(),
    clock,
    random,
    signatures,
    owner,
    soleProcess: isSoleProcess(config),
    settings: { ...config.issuing, ...config.renewal, expiryNoticeSeconds: config.expiry.noticeSeconds },
    log,
    deliveriesOf(announcement) {
      const deliveries = webhooks.deliveriesOf(announcement);
      for (const { id } of deliveries) tracing.keep(id);
      return deliveries;
    },
    probes,
    identityBlocks,
    directory: config.directory,
    directoryUse,
    denyList,
    publicAddress: await openPublicAddress(config.publicAddress),
    measures: metrics.issuance,
    attempts: new AttemptsUnderWay(),
    tracing,
    lostRecords: { instance, recordLost: (step) => restorations.recordLost(step) },
  };
  await recordServiceStarted(context);
  await checkpoints.open();
  await detectRestoration({ restorations, checkpoints, keptCheckpoint, instance, log });
  await makeFirstAdminToken(config, store, clock, log);
  await warnOfBreakGlass(store, clock, log);
  closings.push(() => authenticators.close());
  const waysIn = await openWaysIn(
    config,
    {
      ...{ store, directoryUse, clusters, authenticators, clientCertificates, clock, log, intervalMilliseconds },
      whyRolesLost: (principal) => whyRolesLost(context, principal),
      measures: metrics.callers,
    },
    closings,
  );
  metrics.followFaults({
    areFilesRefused: {
      policies: () => policies.isRefused(),
      tls: () => tls?.isRefused() ?? false,
      callers: () => clientCertificates?.trust.isRefused() ?? false,
      webhooks: () => webhooks.isRefused(),
      issuers: () => waysIn.areIssuersRefused(),
    },
    isRetentionFailing: () => retention.notes().length > 0,
  });

  // Workers.
  const { inspections, known } = openInspections(config, { store, clusters: issuing, budgets, clock, log }, closings);
  const drafts = new DraftPool({
    report: (error) => {
      log.error({ err: error }, 'a worker that tries policies out ended by itself');
    },
  });
  closings.push(() => drafts.close());
  let recovered = false;
  const health = healthService({
    ...{ store, clock, probes, policies, denyList, tls, webhooks },
    isRecovered: () => recovered,
    clusters: issuing,
    checkpointSeconds: config.audit.checkpointSeconds,
    issuers: waysIn.issuers,
    restored: () => restorations.summary(),
    notes: () => [schemaNote, keptCheckpoint.note, kept.note, ...retention.notes()].filter((note) => note !== null),
  });
  const { sessions, logins } = waysIn.signIn;
  const { admins } = config.callers.apiTokens;
  const useCases = useCasesOf(context, { drafts, checkpoints, denyList, authenticators, admins, budgets });
  const services: Services = {
    ...useCases,
    enforcement: measuredReviews(useCases.enforcement, metrics.callers),
    authenticator: waysIn.callers,
    ...{ sessions, logins, inspections, health, budgets },
    webhookDeliveries: webhooks.deliveries,
    metrics: metricsService(metrics),
    restored: restorations,
    offeredSignIns: offeredSignIns(config.callers),
  };
  return {
    store,
    services,
    tls,
    callersTrust: clientCertificates?.trust ?? null,
    requestTracing: traces.requests,
    browsers:
      logins.issuers.length > 0 && config.publicAddress
        ? { origin: new URL(config.publicAddress.url).origin, issuers: logins.issuers }
        : null,
    metrics,
    async reload() {
      log.info({}, 'the policies, and the files of certificates and secrets, are read again');
      await Promise.all([policies.reload(), tls?.reload(), webhooks.reload(), waysIn.reload()]);
    },
    async begin() {
      signing = signCheckpoints(checkpoints, config.audit.checkpointSeconds, log);
      const { counting } = metrics;
      const { dispatcher } = webhooks;
      const work = { context, denyList, counting, retention, dispatcher, known, clientCertificates };
      await beginWork({ ...work, countingOptions: countingOptions(overrides) }, closings);
      recovered = true;
    },
  };
}

const countingOptions = ({ countMilliseconds }: Overrides): Partial<CountingOptions> =>
  countMilliseconds === undefined
    ? {}
    : { recordsMilliseconds: countMilliseconds, certificatesMilliseconds: countMilliseconds, partOfTime: 1 };
