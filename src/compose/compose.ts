import { randomBytes, randomUUID } from 'node:crypto';
import type { ClusterConnection } from '../cluster/cluster-connection.js';
import type { Config } from '../config/config.js';
import { prepareDataDir } from '../config/secrets.js';
import { CryptoThread } from '../crypto/crypto-thread.js';
import { threadedSignatures } from '../crypto/threaded-signatures.js';
import { ApiTokenAuthenticator } from '../identity/api-token-authenticator.js';
import { ApiTokens, type ApiTokenReader } from '../identity/api-tokens.js';
import { BreakGlassUses } from '../identity/break-glass.js';
import { Callers, type OtherWaysIn } from '../identity/callers.js';
import type { RefusedSignIns } from '../identity/refused-sign-ins.js';
import { inspectionService } from '../inspection/inspection-service.js';
import { InspectionPool } from '../inspection/workers/inspection-pool.js';
import { DirectoryUse } from '../issuance/directory/directory-use.js';
import { enforcementService } from '../issuance/enforcement/enforcement-service.js';
import { keepRevocationConfigMap } from '../issuance/enforcement/keep-revocation-config-map.js';
import { watchReviewers } from '../issuance/enforcement/watch-reviewers.js';
import { DenyList, learningWriter } from '../issuance/lifecycle/deny-list.js';
import { AttemptsUnderWay, within } from '../issuance/attempts/attempts-under-way.js';
import { auditEventService } from '../issuance/audit-event-service.js';
import { ClusterProbes } from '../issuance/clusters/cluster-probes.js';
import { clearUnrecordedObjects } from '../issuance/clusters/clear-unrecorded-objects.js';
import { clusterService } from '../issuance/clusters/cluster-service.js';
import { probeStaleClusters } from '../issuance/clusters/probe-cluster.js';
import { watchUnknownIdentities } from '../issuance/clusters/watch-unknown-identities.js';
import type { IssuanceContext, IssuingCluster, Log } from '../issuance/context.js';
import { recordPolicySetLoaded, recordServiceStarted } from '../issuance/events.js';
import { startHousekeeping } from '../issuance/housekeeping.js';
import { policyService } from '../issuance/policies/policy-service.js';
import { configuredCluster } from '../policy/policy-set.js';
import { signaturesHere } from '../x509/strict/signatures.js';
import { publicRandomOctets } from '../x509/strict/serial-number.js';
import { certificateRequestService, certificateService } from '../issuance/requests/certificate-request-service.js';
import { IdentityBlocks } from '../issuance/lifecycle/identity-blocks.js';
import { identityService } from '../issuance/lifecycle/identity-service.js';
import { Checkpoints } from '../issuance/evidence/checkpoints.js';
import { signCheckpoints } from '../issuance/evidence/sign-checkpoints.js';
import { detectRestoration, nameInstance, restorationFirst } from './restored.js';
import { logAsFound, Restorations } from '../issuance/restoration/restorations.js';
import { IdempotencyKeys } from '../issuance/requests/idempotency-keys.js';
import { DraftPool } from '../policy/workers/draft-pool.js';
import type { RequestTracing } from '../model/tracing.js';
import type { HealthService, Services } from '../services.js';
import { CertificateLists } from '../issuance/lifecycle/certificate-lists.js';
import type { MetricsText, RequestMeasures } from '../model/measures.js';
import type { Signer } from '../signer/signer.js';
import type { Writer } from '../store/step.js';
import type { Store } from '../store/store.js';
import { deliveriesOf } from '../webhooks/event-payload.js';
import { webhookDeliveryService } from '../webhooks/webhook-delivery-service.js';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { apiTokenWriter, makeFirstAdminToken, warnOfBreakGlass } from './api-tokens.js';
import { openBudgets, spendingWriter } from './budgets.js';
import { openCallers } from './callers.js';
import type { CallersTrustInForce } from './callers-trust-in-force.js';
import { openClientCertificates } from './client-certificates.js';
import { healthService } from './health.js';
import { offeredSignIns } from './offered-sign-ins.js';
import { openKeyProofs } from './key-proofs.js';
import { KnownClusters } from './known-clusters.js';
import { openCluster, openPublicAddress, type ClusterWiring } from './open-cluster.js';
import { isSoleProcess, openStore, rememberingWriter } from './open-store.js';
import { directoryServices, forgettingLeavers } from './directory.js';
import { openCheckpointKeys } from './checkpoint-keys.js';
import { KeptCheckpoint, keptCheckpointFile } from './kept-checkpoint.js';
import { openKeptRevocations } from './kept-revocations.js';
import { measuredReviews, measuredWriter, metricsService, openMetrics } from './metrics.js';
import { loadPolicies, watchPolicies } from './policies-in-force.js';
import { forgettingWriter, openSessionAuthenticator, openSignIn, type OpenedSignIn } from './sign-in.js';
import { openServiceAccounts } from './service-accounts.js';
import { openTls, type TlsInForce } from './tls-in-force.js';
import { openTraces, tracedLog, tracedWriter } from './traces.js';
import { openRefusedSignIns } from './refused-sign-ins.js';
import { openRetention, type RetentionOverrides } from './retention.js';
import { openRehearsal } from './rehearsal.js';
import { warmUp, type WarmUpOptions } from './warm-up.js';
import { openWebhooks, storedOutbox, wakingWriter } from './webhooks.js';
import { withdrawingWriter } from './withdrawals.js';

/** How long a service that stops waits for the issuances under way. */
const drainSeconds = 10;
/** How long it waits for webhook deliveries under way: one that is cut off is sent again. */
const webhookDrainMilliseconds = 5_000;

/** Replacements for real parts, and wrappers around them, for tests. */
export interface Overrides extends RetentionOverrides {
  readonly clock?: () => Date;
  readonly writer?: (writer: Writer) => Writer;
  /** Whether SQLite's writer gets a thread of its own, as it does unless a test has too many services to start. */
  readonly writerThread?: boolean;
  /** The same for the thread that makes and verifies signatures with P-256. */
  readonly cryptoThread?: boolean;
  /** Finds the tokens of callers. */
  readonly tokenReader?: (reader: ApiTokenReader) => ApiTokenReader;
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
  /** How often the audit log tells of the uses of a break-glass token. */
  readonly breakGlassMilliseconds?: number;
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
  /** As in `warm-up.ts`; before the service listens. */
  warmUp(options?: WarmUpOptions): Promise<readonly number[]>;
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
  givenLog: Log,
  overrides: Overrides,
  opened: (() => Promise<void> | void)[],
): Promise<Omit<Composition, 'close'>> {
  const clock = overrides.clock ?? (() => new Date());
  const traces = await openTraces(config, givenLog);
  opened.push(() => traces.close());
  const { tracing } = traces;
  const log = tracedLog(givenLog, tracing);
  const warning = await prepareDataDir(config.dataDir);
  if (warning !== null) log.warn({}, warning);
  const { database } = config;
  if (database.kind === 'postgresql' && database.exposed)
    log.warn({}, 'the way to PostgreSQL is not protected: sslmode=verify-full with sslrootcert would do that');

  const intervalMilliseconds = overrides.tlsRoundMilliseconds ?? 5_000;
  const tls = config.tls && (await openTls(config.tls, log, { clock, intervalMilliseconds }));
  opened.push(() => tls?.stop());

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
  opened.push(() => opening.close());
  const writer = overrides.writer?.(opening.writer) ?? opening.writer;
  const budgets = openBudgets(config, clock, overrides.clock && (() => clock().getTime()));
  const found = await logAsFound(opening.auditEvents);
  const keptCheckpoint = new KeptCheckpoint(keptCheckpointFile(config));
  const openedStore: Store = {
    ...opening,
    writer: keptCheckpoint.keeping(spendingWriter(rememberingWriter(writer), budgets)),
  };
  const instance = await nameInstance(openedStore, clock());

  // Webhooks: commits that put something into the outbox wake the dispatcher.
  const owner = randomUUID();
  const random = publicRandomOctets();
  const webhooksInForce = await openWebhooks(config, log, intervalMilliseconds);
  opened.push(() => {
    webhooksInForce.stop();
  });
  const { webhooks } = webhooksInForce;
  const outbox = storedOutbox(openedStore.webhookDeliveries, openedStore.writer);
  const dispatcher = new WebhookDispatcher({
    webhooks,
    outbox,
    clock,
    random: randomBytes,
    owner,
    log,
    tracing,
    ...(overrides.webhookRoundMilliseconds !== undefined && { roundMilliseconds: overrides.webhookRoundMilliseconds }),
  });
  const wake = () => {
    tracing.outside(() => {
      dispatcher.wake();
    });
  };

  // Revocations: this process knows those that it commits before it answers, and so does the list beside the database.
  const denyList = new DenyList({ reader: openedStore.revocations, clock, log });
  const kept = await openKeptRevocations(
    database,
    restorationFirst({ store: openedStore, found, keptCheckpoint, instance, clock, log }),
    denyList,
    clock,
    log,
  );
  opened.push(() => kept.close());
  const learning = learningWriter(openedStore.writer, (revoked) => {
    for (const one of revoked) denyList.add(one);
    return kept.keep(revoked);
  });

  const withdrawing = withdrawingWriter(learning, (some) => kept.keepWithdrawn(some));

  // Sessions that this process ends are forgotten before that is answered.
  const sessionAuthenticator = openSessionAuthenticator(config, openedStore, clock);
  const forgetting = forgettingWriter(withdrawing, (id) => {
    sessionAuthenticator.forget(id);
  });
  let forgetToken: (id: string) => void = () => undefined;
  const directoryUse = new DirectoryUse(openedStore.directory);
  const forgettingBoth = forgettingLeavers(forgetting, directoryUse, (id) => {
    forgetToken(id);
  });
  const store: Store = {
    ...openedStore,
    writer: tracedWriter(measuredWriter(wakingWriter(forgettingBoth, wake), metrics.issuance), tracing),
  };

  // The last checkpoint is signed when everything that records events has ended.
  let signing: { stop(): Promise<void> } | null = null;
  opened.push(() => signing?.stop());

  // Signatures.
  const cryptoThread = new CryptoThread({
    report: (error) => {
      log.error({ err: error }, 'the thread that makes and verifies signatures ended by itself');
    },
  });
  opened.push(() => cryptoThread.close());
  const signatures = (overrides.cryptoThread ?? true) ? threadedSignatures(cryptoThread) : signaturesHere;

  // Clusters with their signers.
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
    const issuing = await openCluster(cluster, wiring);
    opened.push(() => issuing.connection?.close());
    clusters.set(cluster.name, issuing);
  }
  await probes.load([...clusters.values()].map(({ cluster }) => cluster));

  // Other ways in than API tokens.
  const clientCertificates = await openClientCertificates(config, clusters.values(), log, {
    clock,
    intervalMilliseconds,
  });
  opened.push(() => clientCertificates?.close());

  // Policies.
  const configured = [...clusters.values()].map(({ cluster }) => configuredCluster(cluster));
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
  opened.push(() => policies.stop());

  // Checkpoints of the audit log.
  const signers = await openCheckpointKeys(config, log);
  const checkpoints = new Checkpoints({
    store,
    signers,
    retiresOthers: isSoleProcess(config) || config.audit.checkpointKeyFiles !== null,
    ...{ owner, clock, log },
    soleProcess: isSoleProcess(config),
    deliveriesOf: (announcement) => deliveriesOf(webhooks, random, announcement),
  });
  const retention = openRetention(config, { store, checkpoints, signers, clock, log }, overrides);

  // A database that was put back from a backup.
  const restorations = new Restorations({
    ...{ store, clock, random, log, found },
    signsHere: () => [...clusters.values()].some(({ authority }) => authority !== undefined),
  });

  // Use cases.
  const traced = (deliveries: ReturnType<typeof deliveriesOf>) => {
    for (const { id } of deliveries) tracing.keep(id);
    return deliveries;
  };
  const context: IssuanceContext = {
    store,
    clusters,
    policySet: () => policies.current(),
    clock,
    random,
    signatures,
    owner,
    soleProcess: isSoleProcess(config),
    settings: { ...config.issuing, expiryNoticeSeconds: config.expiry.noticeSeconds },
    log,
    deliveriesOf: (announcement) => traced(deliveriesOf(webhooks, random, announcement)),
    probes,
    identityBlocks: new IdentityBlocks(store.identityBlocks),
    directory: config.directory,
    directoryUse,
    denyList,
    publicAddress: await openPublicAddress(config.publicAddress),
    measures: metrics.issuance,
    attempts: new AttemptsUnderWay(),
    idempotencyKeys: new IdempotencyKeys(store),
    tracing,
    lostRecords: { instance, recordLost: (step) => restorations.recordLost(step) },
  };
  await recordServiceStarted(context);
  await checkpoints.open();
  await detectRestoration({ restorations, checkpoints, keptCheckpoint, instance, log });
  await makeFirstAdminToken(config, store, clock, log);
  await warnOfBreakGlass(store, clock, log);
  const breakGlass = new BreakGlassUses({
    record: async (event) => {
      await store.writer.commit({ operations: [], events: [event] });
    },
    log,
    clock,
    intervalMilliseconds: overrides.breakGlassMilliseconds ?? 60_000,
  });
  opened.push(() => breakGlass.close());
  const { admins } = config.callers.apiTokens;
  const authenticator = new ApiTokenAuthenticator(overrides.tokenReader?.(store.apiTokens) ?? store.apiTokens, clock, {
    admins,
    useBreakGlass: (token) => breakGlass.use(token),
  });
  forgetToken = (id) => {
    authenticator.forget(id);
  };
  await authenticator.loadReviewers();
  const serviceAccounts = openServiceAccounts(config, clusters, clock, log);
  const callers = await openCallers(config, serviceAccounts, clock, log, intervalMilliseconds);
  opened.push(() => {
    callers.close();
  });
  const refusedSignIns = openRefusedSignIns(store.writer, clock, log);
  opened.push(() => refusedSignIns.stop());
  const countRefusal = (reason: string) => {
    refusedSignIns.count(reason);
    metrics.callers.refused(reason);
  };
  const signIn = await openSignIn(config, callers.issuers, store, { clock, log, countRefusal, intervalMilliseconds });
  opened.push(() => {
    signIn.stop();
  });
  metrics.followFaults({
    areFilesRefused: {
      policies: () => policies.isRefused(),
      tls: () => tls?.isRefused() ?? false,
      callers: () => clientCertificates?.trust.isRefused() ?? false,
      webhooks: () => webhooksInForce.isRefused(),
      issuers: () => callers.isRefused() || signIn.isRefused(),
    },
    isRetentionFailing: () => retention.notes().length > 0,
  });
  const signsIn = signIn.logins.issuers.length > 0;

  // Workers.
  const pool = new InspectionPool({
    report: (error) => {
      log.error({ err: error }, 'a worker that inspects uploads ended by itself');
    },
  });
  opened.push(() => pool.close());
  const drafts = new DraftPool({
    report: (error) => {
      log.error({ err: error }, 'a worker that tries policies out ended by itself');
    },
  });
  opened.push(() => drafts.close());
  const known = new KnownClusters([...clusters.values()], clock);
  let recovered = false;
  const health = healthService({
    ...{ store, clock, probes, policies, denyList, tls },
    isRecovered: () => recovered,
    clusters: [...clusters.values()],
    checkpointSeconds: config.audit.checkpointSeconds,
    webhooks: {
      configured: webhooks.length,
      get failing() {
        return dispatcher.failing;
      },
    },
    issuers: callers.issuers,
    restored: () => restorations.summary(),
    notes: () => [...(kept.note === null ? [] : [kept.note]), ...retention.notes()],
  });
  const inspections = inspectionService({
    clock,
    thresholds: config.inspection,
    inventory: store.inventory,
    clusters: () => known.all(),
    pool,
    budgets,
  });
  const webhookDeliveries = webhookDeliveryService({
    records: outbox,
    webhooks: webhooks.map(({ name }) => name),
    clock,
    wake,
  });
  const allServicesOf = (of: IssuanceContext): Services => ({
    ...servicesOf(
      of,
      drafts,
      health,
      new CertificateLists(of, denyList),
      checkpoints,
      authenticator,
      { count: countRefusal },
      {
        ...callers.waysIn,
        ...(signsIn && { sessions: sessionAuthenticator }),
        ...(clientCertificates && { clientCertificates: clientCertificates.wayIn }),
        keyProofs: openKeyProofs(config, of.store, clock),
      },
      signIn,
      admins,
    ),
    inspections,
    webhookDeliveries,
    metrics: metricsService(metrics),
    enforcement: measuredReviews(enforcementService(of), metrics.callers),
    restored: restorations,
    budgets,
    offeredSignIns: offeredSignIns(config.callers),
  });
  return {
    store,
    services: allServicesOf(context),
    tls,
    callersTrust: clientCertificates?.trust ?? null,
    requestTracing: traces.requests,
    browsers:
      signsIn && config.publicAddress
        ? { origin: new URL(config.publicAddress.url).origin, issuers: signIn.logins.issuers }
        : null,
    metrics,
    async reload() {
      log.info({}, 'the policies, and the files of certificates and secrets, are read again');
      await Promise.all([
        policies.reload(),
        tls?.reload(),
        clientCertificates?.trust.reload(),
        webhooksInForce.reload(),
        callers.reload(),
        signIn.reload(),
      ]);
    },
    warmUp: (options) => warmUp(() => openRehearsal(context, allServicesOf), log, options),
    async begin() {
      const housekeeping = startHousekeeping(context);
      opened.push(async () => {
        // The next start recovers those that take longer.
        await within(
          drainSeconds,
          housekeeping.stop().then(() => context.attempts.allEnded()),
        );
      });
      const unknownIdentities = [...clusters].flatMap(([name, { connection }]) =>
        connection === null ? [] : watchUnknownIdentities(context, name, connection),
      );
      const clearings = [...clusters].flatMap(([name, { connection, signer }]) =>
        connection === null || !signer.needsCluster ? [] : clearUnrecordedObjects(context, name, connection),
      );
      opened.push(async () => {
        await Promise.all([...unknownIdentities, ...clearings].map((watch) => watch.stop()));
      });
      denyList.start();
      opened.push(() => denyList.stop());
      const reviewers = watchReviewers(context);
      opened.push(() => {
        reviewers.stop();
      });
      const lists = [...clusters].flatMap(([name, { cluster, connection }]) =>
        connection === null || cluster.revocation.mode !== 'admission'
          ? []
          : keepRevocationConfigMap(context, name, cluster.revocation, connection),
      );
      opened.push(async () => {
        await Promise.all(lists.map((list) => list.stop()));
      });
      signing = signCheckpoints(checkpoints, config.audit.checkpointSeconds, log);
      const counting = metrics.counting.begin({
        store,
        clock,
        log,
        ...(overrides.countMilliseconds !== undefined && {
          recordsMilliseconds: overrides.countMilliseconds,
          certificatesMilliseconds: overrides.countMilliseconds,
          partOfTime: 1,
        }),
      });
      opened.push(() => counting.stop());
      retention.begin();
      opened.push(() => retention.stop());
      dispatcher.start();
      opened.push(() => dispatcher.stop(webhookDrainMilliseconds));
      void probeStaleClusters(context);
      void known.ask();
      clientCertificates?.begin();
      await housekeeping.recovered;
      recovered = true;
    },
  };
}

function servicesOf(
  context: IssuanceContext,
  drafts: DraftPool,
  health: HealthService,
  certificateLists: CertificateLists,
  checkpoints: Checkpoints,
  authenticator: ApiTokenAuthenticator,
  refusedSignIns: Pick<RefusedSignIns, 'count'>,
  waysIn: OtherWaysIn,
  { sessions, logins }: OpenedSignIn,
  admins: boolean,
): Omit<
  Services,
  'inspections' | 'webhookDeliveries' | 'metrics' | 'enforcement' | 'restored' | 'budgets' | 'offeredSignIns'
> {
  const { store, clock } = context;
  return {
    authenticator: new Callers(authenticator, waysIn, refusedSignIns),
    certificateRequests: certificateRequestService(context),
    certificates: certificateService(context),
    identities: identityService(context),
    ...directoryServices(context),
    clusters: clusterService(context, certificateLists),
    policies: policyService(context, drafts),
    auditEvents: auditEventService(store, checkpoints),
    apiTokens: new ApiTokens({
      reader: store.apiTokens,
      writer: apiTokenWriter(store.writer),
      authenticator,
      admins,
      clusters: context.clusters,
      clock,
      random: randomBytes,
    }),
    sessions,
    logins,
    health,
    idempotency: context.idempotencyKeys,
    clock,
  };
}
