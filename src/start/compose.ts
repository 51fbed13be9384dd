import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { publicRandomOctets } from '@kubepass/x509';
import { CertificateLists } from '../access/build-crls.js';
import { DenyList } from '../access/deny-list.js';
import { UnknownCertificates } from '../access/unknown-certificates.js';
import { watchReviewers } from '../access/watch-reviewers.js';
import { KeptCheckpoint, keptCheckpointFile } from '../backup/checkpoint-beside-database.js';
import { KeptRevocations } from '../backup/revocations-beside-database.js';
import { isSoleProcess, openStore } from '../backup/open-store.js';
import { logAsFound, Restorations } from '../backup/detect-restorations.js';
import { LogWatch } from '../backup/watch-for-lost-rows.js';
import { probeStaleClusters } from '../clusters/probe-cluster.js';
import { watchSharedTrust } from '../clusters/shared-trust.js';
import type { CallersConfig } from '../config/callers-config.js';
import { browsersOf, type Config } from '../config/config.js';
import { prepareDataDir } from '../config/secrets.js';
import { type Context, type Log, systemClock } from '../context/context.js';
import { IdempotencyKeys } from '../context/idempotency-keys.js';
import { ListedNames } from '../context/listed-names.js';
import { recordPolicySetLoaded, recordServiceStarted } from '../context/request-steps.js';
import { bearingNow, DirectoryUse, IdentityBlocks } from '../context/standing.js';
import { AttemptsUnderWay, ClusterProbes, within } from '../context/under-way.js';
import type { Retention } from '../log/archive-events.js';
import { Changes } from '../log/changes.js';
import { openCheckpointKeys } from '../log/checkpoint-keys.js';
import { Checkpoints, nameInstance, signCheckpoints } from '../log/sign-checkpoints.js';
import { SharedVerification } from '../log/read-audit-events.js';
import type { OfferedSignIns } from '../callers/routes/caller-routes.js';
import type { RouteContext } from './route-context.js';
import { eventPayload } from '../webhooks/event-payload.js';
import { ApiTokens } from '../callers/api-tokens.js';
import { BreakGlassUses, warnOfBreakGlass } from '../callers/break-glass.js';
import { ApiTokenAuthenticator, Callers } from '../callers/authentication/callers.js';
import { Logins, SessionAuthenticator, Sessions } from '../callers/sessions.js';
import { Budgets } from '../callers/spent-budgets.js';
import { InspectionPool } from '../inspections/inspection-pool.js';
import { KnownClusters } from '../inspections/known-clusters.js';
import { followIssuers } from '../clusters/issuers/follow-issuers.js';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import { showCertificate } from '../kubernetes/show-certificate.js';
import type { BudgetLimits } from '../model/budget.js';
import { clustersSharingTrust } from '../model/cluster.js';
import type { PublicAddress } from '../model/revocation-enforcement.js';
import type { MetricsText, RequestMeasures } from '../model/measures.js';
import type { Role } from '../model/principal.js';
import type { Browsers } from '../model/session.js';
import { type RequestTracing, untraced } from '../model/tracing.js';
import { healthService } from '../observability/health.js';
import { createMetrics } from '../observability/metrics/metrics.js';
import { loadSecondReader } from '../signing/second-reading.js';
import { DraftPool } from '../policy/workers/draft-pool.js';
import { openKeyProofs } from '../requests/open-key-proofs.js';
import { RecordedPolicySets } from '../requests/read-requests.js';
import { LocalCaSigner } from '../signing/local-ca-signer.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { touchApiToken } from '../store/tables/api-token-table.js';
import { touchSession } from '../store/tables/session-table.js';
import { type CommitFollower, followedWriter } from '../store/writer/followed-writer.js';
import { budgetFollower } from '../store/writer/kept-octets.js';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { deliveriesOf } from '../webhooks/webhook.js';
import { apiTokenWriter, openFirstAdmin } from './api-tokens.js';
import { openCallers, openLoginProviders, openRefusedSignIns, openServiceAccounts, sessionWriter } from './callers.js';
import { type CallersTrustInForce, openClientCertificates } from './client-certificates.js';
import { commitFollowers } from './commit-followers.js';
import { FilesInForce } from './in-force.js';
import { openClusters, openSignatures } from './open-clusters.js';
import { openWebhooks } from './open-webhooks.js';
import { openPolicies } from './policies-in-force.js';
import { Closings, openTraces, type Overrides, type Runtime, tracedLog } from './runtime.js';
import { openTls, type TlsInForce } from './tls-in-force.js';
import { beginClusterWork, beginRetention, startHousekeeping } from './work-beside-requests.js';

/** The service, wired, without its HTTP edge. */
export interface Composition {
  /** Everything that routes work with. */
  readonly context: RouteContext;
  readonly store: Store;
  /** Null where the service itself speaks plain HTTP. */
  readonly tls: TlsInForce | null;
  /** The CAs of callers with client certificates; null where none get in. */
  readonly callersTrust: CallersTrustInForce | null;
  /** Null where nobody collects traces. */
  readonly requestTracing: RequestTracing | null;
  readonly browsers: Browsers;
  readonly metrics: { readonly requests: RequestMeasures; text(): Promise<MetricsText> };
  /**
   * Reads the files that may change, and the policies, again. If a part is not valid, its old content stays in force.
   */
  reload(): Promise<void>;
  /**
   * Begins the work beside the requests, once the service listens. First it recovers the requests that an earlier
   * process left, and resolves when that is done; until then `context.health` is not ready.
   */
  begin(): Promise<void>;
  /** Finishes the work under way, then closes the store and releases the data dir. */
  close(): Promise<void>;
}

/** How long a service that stops waits for the issuances under way. */
const drainSeconds = 10;
/** How long it waits for webhook deliveries under way: one that is cut off is sent again. */
const webhookDrainMilliseconds = 5_000;

/** Wires the adapters, once. Where a later part fails, the parts that are open already are closed again. */
export async function compose(config: Config, log: Log, overrides: Overrides = {}): Promise<Composition> {
  const closings = new Closings();
  try {
    return { ...(await open(config, log, overrides, closings)), close: () => closings.close() };
  } catch (error) {
    await closings.close();
    throw error;
  }
}

/** Opens every part of the service, in this order. They are closed in the opposite order. */
async function open(
  config: Config,
  givenLog: Log,
  overrides: Overrides,
  closings: Closings,
): Promise<Omit<Composition, 'close'>> {
  // 1. The surroundings: clock, log, data dir, and the files of certificates and secrets, which are read again.
  const clock = overrides.clock ?? systemClock;
  const random = publicRandomOctets();
  const owner = randomUUID();
  const traces = await openTraces(config, givenLog);
  if (traces !== null) closings.push(() => traces.close());
  const tracing = traces?.tracing ?? untraced;
  const log = traces === null ? givenLog : tracedLog(givenLog, tracing);
  const warning = await prepareDataDir(config.dataDir);
  if (warning !== null) log.warn({}, warning);
  const files = new FilesInForce(log, overrides.tlsRoundMilliseconds ?? 5_000);
  closings.push(() => files.stop());
  const metrics = createMetrics(config, clock, overrides.metricsTextMilliseconds);
  const tls = config.tls && (await openTls(config.tls, files, clock, log));

  // 2. The database, and what it was like before this process. There is one store: `followers` grow with the parts.
  if (config.database.kind === 'postgresql' && config.database.exposed)
    log.warn({}, 'the way to PostgreSQL is not protected: sslmode=verify-full with sslrootcert would do that');
  const opened = await openStore(config, {
    log,
    writerThread: overrides.writerThread ?? true,
    measures: metrics.store,
  });
  closings.push(() => opened.close());
  const budgets = openBudgets(config, clock, overrides.clock && (() => clock().getTime()));
  const schemaFault = await opened.whyNotSchema();
  const schemaNote = schemaFault && `the database ${schemaFault}: it does not refuse or record all that it should`;
  if (schemaNote !== null) log.error({}, schemaNote);
  const found = await logAsFound(opened.auditEvents);
  const keptCheckpoint = new KeptCheckpoint(keptCheckpointFile(config));
  const followers: CommitFollower[] = [keptCheckpoint.follower, ...budgetFollower(budgets)];
  const writer = overrides.writer?.(opened.writer) ?? opened.writer;
  const store: Store = { ...opened, writer: followedWriter(writer, followers, tracing) };
  const instance = await nameInstance(store, clock());
  const signsHere = config.clusters.some(({ signer }) => signer.kind === 'localCA');
  const restorations = new Restorations({ store, clock, random, log, found, keptCheckpoint, instance, signsHere });
  const runtime: Runtime = { config, overrides, clock, log, tracing, metrics, files, store, closings };

  // 3. Webhooks.
  const webhooks = await openWebhooks(config.webhooks, files);
  const deliveries = deliveriesOf(webhooks, random, eventPayload, tracing);
  const dispatcher = new WebhookDispatcher({
    webhooks,
    store,
    clock,
    random: randomBytes,
    owner,
    log,
    tracing,
    ...(overrides.webhookRoundMilliseconds !== undefined && { roundMilliseconds: overrides.webhookRoundMilliseconds }),
  });

  // 4. The parts that know in memory who has lost access. From here on, commits tell them before they are answered.
  const denyList = new DenyList({
    reader: store.revocations,
    clock,
    log,
    sharing: (cluster) => clustersSharingTrust(config.clusters, cluster),
  });
  const recovering = { ...store, writer: { commit: (step: Step) => restorations.recordLost(step, 'revocations') } };
  const keptRevocations = new KeptRevocations({ config, instance, store: recovering, denyList, clock, log });
  closings.push(() => keptRevocations.close());
  await keptRevocations.open();
  const breakGlass = new BreakGlassUses({
    record: async (event) => {
      await store.writer.commit({ operations: [], events: [event] });
    },
    log,
    clock,
    intervalMilliseconds: overrides.breakGlassMilliseconds ?? 60_000,
  });
  const { admins } = config.callers.apiTokens;
  const byApiToken = new ApiTokenAuthenticator(overrides.tokenReader?.(store.apiTokens) ?? store.apiTokens, clock, {
    admins,
    useBreakGlass: (token) => breakGlass.use(token),
    touch: (id, at) => store.writer.commit({ operations: [touchApiToken({ id, at })], events: [] }),
  });
  const bySession = new SessionAuthenticator({
    reader: store.sessions,
    touch: (id, at) => store.writer.commit({ operations: [touchSession({ id, at })], events: [] }),
    roles: config.roles,
    issuers: config.callers.oidc.filter(({ login }) => login !== null).map(({ name }) => name),
    apiTokens: byApiToken,
    clock,
  });
  const clusterNames = config.clusters.map(({ name }) => name);
  const identityBlocks = new IdentityBlocks({ reader: store.identityBlocks, clusters: clusterNames, log });
  await identityBlocks.load();
  const listedNames = new ListedNames({ store, denyList, identityBlocks, clock, log });
  await listedNames.follow();
  const directoryUse = new DirectoryUse(store.directory);
  followers.push(
    ...commitFollowers({
      denyList,
      keptRevocations,
      byApiToken,
      bySession,
      directoryUse,
      identityBlocks,
      listedNames,
      webhooks: dispatcher,
      measured: metrics.steps,
    }),
  );

  // 5. Checkpoints. They stand before all that records events, because what is opened first is closed last: the last
  // checkpoint is signed when everything has ended that records.
  let signing: { stop(): Promise<void> } | null = null;
  closings.push(() => signing?.stop());
  const { checkpointKeyFiles, checkpointSeconds } = config.audit;
  const signers = await openCheckpointKeys(checkpointKeyFiles, config.dataDir, log);
  const soleProcess = isSoleProcess(config);
  const checkpoints = new Checkpoints({
    store,
    signers,
    owner,
    clock,
    log,
    soleProcess,
    deliveriesOf: deliveries,
    retiresOthers: soleProcess || checkpointKeyFiles !== null,
  });

  // 6. The clusters with their signers, and the policies for them.
  const signatures = openSignatures(runtime);
  const probes = new ClusterProbes(store, overrides.probeTimes);
  const clusters = await openClusters(runtime, { instance, probes, signatures });
  const allClusters = [...clusters.values()];
  const clientCertificates = await openClientCertificates(runtime, allClusters, tls);
  const policies = await openPolicies(runtime, allClusters, (next, last) => recordPolicySetLoaded(context, next, last));

  // 7. The context of the use cases. The start is on record before anybody gets in, with a checkpoint, and the first
  // admin token where none exists.
  const context: Context = {
    store,
    clusters,
    policySet: policies.current,
    unsafeSettings: policies.unsafe,
    clock,
    random,
    signatures,
    owner,
    soleProcess,
    settings: { ...config.issuing, ...config.renewal, expiryNoticeSeconds: config.expiry.noticeSeconds },
    log,
    deliveriesOf: deliveries,
    probes,
    identityBlocks,
    directory: config.directory,
    directoryUse,
    denyList,
    listedNames,
    publicAddress: await openPublicAddress(config.publicAddress),
    measures: metrics.issuance,
    keyMeasures: metrics.keys,
    attempts: new AttemptsUnderWay(),
    tracing,
    lostRecords: { instance, recordLost: (step) => restorations.recordLost(step) },
  };
  const watch = new LogWatch({
    store,
    restorations,
    keptCheckpoint,
    tree: checkpoints.tree,
    keptRevocations,
    clock,
    log,
    lookMilliseconds: overrides.lostRowsMilliseconds,
  });
  await recordServiceStarted(context);
  await checkpoints.open();
  await watch.open();
  await openFirstAdmin(config, store, clock, log);
  warnOfBreakGlass(await store.apiTokens.liveBreakGlass(clock()), log);

  // 8. The ways in.
  closings.push(() => breakGlass.close());
  await byApiToken.loadReviewers();
  const serviceAccounts = openServiceAccounts(config, clusters, clock, log);
  const { jsonWebTokens, issuers } = await openCallers(config, serviceAccounts, clock, log, files);
  closings.push(() => {
    for (const { keys } of issuers) keys.stop();
  });
  const refusedSignIns = openRefusedSignIns(store.writer, clock, log);
  closings.push(() => refusedSignIns.stop());
  const countRefusal = (reason: string) => {
    refusedSignIns.count(reason);
    metrics.callers.refused(reason);
  };
  const providers = await openLoginProviders(config, issuers, clock, log, files);
  const sessions = new Sessions({
    reader: store.sessions,
    writer: sessionWriter(store.writer),
    roles: config.roles,
    clock,
    random: randomBytes,
  });
  const logins = new Logins(providers, sessions, countRefusal);
  const waysIn = {
    ...(jsonWebTokens && { jsonWebTokens }),
    sessions: bySession,
    ...(clientCertificates && { clientCertificates: clientCertificates.wayIn }),
    keyProofs: openKeyProofs({ roles: config.roles, admins }, store, directoryUse, clock),
  };
  const authenticator = new Callers(byApiToken, waysIn, { count: countRefusal }, bearingNow(context));

  // 9. The figures, the threads for what may take long, and all else that routes work with.
  let retention: Retention | null = null;
  const retentionNotes = () => retention?.notes() ?? [];
  const followedIssuers = followIssuers(context);
  metrics.follow({
    queue: () => store.queue(),
    probes,
    faults: {
      areFilesRefused: (kind) => (kind === 'policies' ? policies.isRefused() : files.isRefused(kind)),
      isRetentionFailing: () => retentionNotes().length > 0,
    },
    issuers: () => followedIssuers.figures(),
  });
  const ofThreads = (work: string) => ({
    report: (error: unknown) => {
      log.error({ err: error }, `a worker that ${work} ended by itself`);
    },
  });
  const { threadTimes: times = {} } = overrides;
  const pool = new InspectionPool({ ...ofThreads('inspects uploads'), ...times });
  closings.push(() => pool.close());
  const drafts = new DraftPool({ ...ofThreads('tries policies out'), evaluate: times, replay: times });
  closings.push(() => drafts.close());
  const known = new KnownClusters(allClusters, clock);
  let isRecovered = false;
  const health = healthService({
    store,
    clock,
    isRecovered: () => isRecovered,
    clusters: allClusters,
    probes,
    policies,
    denyList,
    checkpointSeconds,
    webhooks: dispatcher,
    issuers,
    tls,
    restored: () => restorations.summary(),
    notes: () =>
      [schemaNote, keptCheckpoint.note, keptRevocations.note, ...retentionNotes()].filter((note) => note !== null),
  });
  const routeContext: RouteContext = {
    ...context,
    recordedPolicySets: new RecordedPolicySets(context),
    certificateLists: new CertificateLists(context, denyList),
    probePorts: {
      signerOf: (issuer) => new LocalCaSigner({ active: () => issuer }, randomBytes),
      show: (server, shown) => showCertificate(server, shown),
    },
    drafts,
    checkpoints,
    verification: new SharedVerification(store.auditEvents),
    changes: new Changes(store.changes, instance, randomBytes),
    apiTokens: new ApiTokens({
      reader: store.apiTokens,
      writer: apiTokenWriter(store.writer),
      authenticator: byApiToken,
      admins,
      clusters,
      clock,
      random: randomBytes,
    }),
    unknownCertificates: new UnknownCertificates(context),
    reviewMeasures: metrics.callers.reviews,
    inspecting: { thresholds: config.inspection, known, pool },
    budgets,
    idempotency: new IdempotencyKeys(store),
    sessions,
    logins,
    authenticator,
    offeredSignIns: offeredSignIns(config.callers),
    health,
    webhooks: dispatcher,
    metrics,
    restored: restorations,
  };

  return {
    store,
    context: routeContext,
    tls,
    metrics,
    callersTrust: clientCertificates?.trust ?? null,
    requestTracing: traces?.tracing ?? null,
    browsers: browsersOf(config, logins.issuers),
    async reload() {
      log.info({}, 'the policies, and the files of certificates and secrets, are read again');
      await Promise.all([policies.reload(), files.reload()]);
    },
    async begin() {
      const watching = soleProcess ? null : watch.begin();
      closings.push(() => watching?.stop());
      signing = signCheckpoints(checkpoints, checkpointSeconds, log);
      const housekeeping = startHousekeeping(context, overrides.housekeepingMilliseconds);
      closings.push(async () => {
        // The next start recovers those that take longer.
        await within(
          drainSeconds,
          housekeeping.stop().then(() => Promise.all([context.attempts.allEnded(), probes.stop()])),
        );
      });
      const ofClusters = [...clusters].flatMap(([name, cluster]) => beginClusterWork(context, name, cluster));
      closings.push(async () => {
        await Promise.all(ofClusters.map((work) => work.stop()));
      });
      for (const part of [denyList, identityBlocks, listedNames]) {
        part.start();
        closings.push(() => part.stop());
      }
      const following = followedIssuers.begin();
      closings.push(() => following.stop());
      const reviewers = watchReviewers(context);
      closings.push(() => reviewers.stop());
      const { countMilliseconds } = overrides;
      const counting = metrics.counting.begin({
        ...context,
        ...(countMilliseconds !== undefined && {
          recordsMilliseconds: countMilliseconds,
          certificatesMilliseconds: countMilliseconds,
          partOfTime: 1,
        }),
      });
      closings.push(() => counting.stop());
      retention = beginRetention(runtime, checkpoints, signers);
      dispatcher.start();
      closings.push(() => dispatcher.stop(webhookDrainMilliseconds));
      // Only certificates of clusters are read twice.
      if (allClusters.some(({ signer }) => signer.needsCluster)) loadSecondReader();
      void probeStaleClusters(context);
      if (clusters.size > 1) closings.push(watchSharedTrust(allClusters, log));
      void known.ask();
      clientCertificates?.begin();
      await housekeeping.recovered;
      isRecovered = true;
    },
  };
}

/** The budgets of all principals. `now`: milliseconds that only grow. */
function openBudgets({ budgets }: Config, clock: () => Date, now?: () => number): Budgets {
  if (budgets === null) return new Budgets(null, clock, now);
  const roles = new Map(Object.entries(budgets.roles) as [Role, BudgetLimits][]);
  return new Budgets({ limits: budgets.limits, roles }, clock, now);
}

/** Reads the CA at the address where clusters reach the service. */
async function openPublicAddress(config: Config['publicAddress']): Promise<PublicAddress | null> {
  if (config === null) return null;
  const file = config.certificateAuthorityFile;
  const certificateAuthority = file && describeCertificateAuthority(await readFile(file, 'utf8')).pem;
  return { url: config.url, certificateAuthority };
}

/** The ways in of the configuration that programs find by themselves: an issuer is among them if it has a `cli`. */
const offeredSignIns = ({ oidc, serviceAccounts }: CallersConfig): OfferedSignIns => ({
  oidc: oidc.flatMap(({ name, issuer, scopes, audiences, cli }) =>
    cli === null ? [] : [{ name, issuer, clientId: cli.clientId, scopes, audiences }],
  ),
  serviceAccounts: serviceAccounts.map(({ cluster, audience }) => ({ cluster, audience })),
});
