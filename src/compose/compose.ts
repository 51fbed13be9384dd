import { browsersOf, type Config } from '../config/config.js';
import type { RouteContext } from '../http/route-context.js';
import type { Log } from '../context/context.js';
import { recordPolicySetLoaded, recordServiceStarted } from '../context/request-steps.js';
import { isSoleProcess } from '../backup/open-store.js';
import { LogWatch } from '../backup/watch-log.js';
import { warnOfBreakGlass } from '../identity/break-glass.js';
import type { MetricsText, RequestMeasures } from '../model/measures.js';
import type { Browsers } from '../model/session.js';
import type { RequestTracing } from '../model/tracing.js';
import { followedWriter } from '../store/writer/followed-writer.js';
import type { Store } from '../store/store.js';
import { openFirstAdmin } from './api-tokens.js';
import { type CallersTrustInForce, openClientCertificates } from './client-certificates.js';
import { openWaysIn } from './ways-in.js';
import { Closings, openRuntime, type Overrides, type Runtime } from './runtime.js';
import { commitFollowers } from './commit-followers.js';
import { openAccess } from './open-access.js';
import { openAudit, type OpenedAudit } from './open-audit.js';
import { openClusters } from './open-clusters.js';
import { openDatabase } from './open-database.js';
import { openIssuance, type OpenedIssuance } from './open-issuance.js';
import { openRouteContext } from './open-route-context.js';
import { openPolicies } from './policies-in-force.js';
import { openTls, type TlsInForce } from './tls-in-force.js';
import { openWebhooks } from './open-webhooks.js';
import { beginWork } from './work-beside-requests.js';

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

/** The order in which the rooms open their parts. They are closed in the opposite one. */
async function wire(
  config: Config,
  givenLog: Log,
  overrides: Overrides,
  closings: Closings,
): Promise<Omit<Composition, 'close'>> {
  const runtime = await openRuntime(config, givenLog, overrides, closings);
  const { clock, log, metrics, files } = runtime;
  const tls = config.tls && (await openTls(config.tls, files, clock, log));
  const database = await openDatabase(runtime);
  const webhooks = await openWebhooks(runtime, database.store);
  const access = await openAccess(runtime, database);
  const followers = commitFollowers({
    ...access,
    fromTheStart: database.fromTheStart,
    wake: webhooks.wake,
    measured: metrics.steps,
  });
  const store: Store = { ...database.store, writer: followedWriter(database.writer, followers, runtime.tracing) };
  const audit = await openAudit(runtime, store, webhooks);
  const clusters = await openClusters(runtime, store, database.instance);
  const clientCertificates = await openClientCertificates(runtime, clusters.all, tls);
  const policies = await openPolicies(runtime, clusters.all, (next, last) =>
    recordPolicySetLoaded(context, next, last),
  );
  const issuance = await openIssuance(runtime, { store, database, access, clusters, policies, webhooks });
  const { context } = issuance;
  const watch = new LogWatch({ ...runtime, ...database, ...access, ...issuance, store, tree: audit.checkpoints.tree });
  await recordStart(runtime, issuance, audit, watch);
  const waysIn = await openWaysIn(runtime, { context, access, clientCertificates });
  const parts = { database, access, clusters, policies, webhooks, audit, issuance, waysIn, tls, clientCertificates };
  const opened = openRouteContext(runtime, parts);
  return {
    store,
    context: opened.context,
    tls,
    metrics,
    callersTrust: clientCertificates?.trust ?? null,
    requestTracing: runtime.requestTracing,
    browsers: browsersOf(config, waysIn.signIn.logins.issuers),
    async reload() {
      log.info({}, 'the policies, and the files of certificates and secrets, are read again');
      await Promise.all([policies.reload(), files.reload()]);
    },
    async begin() {
      const watching = isSoleProcess(config) ? null : watch.begin();
      closings.push(() => watching?.stop());
      await beginWork(runtime, parts, opened);
      opened.setRecovered();
    },
  };
}

/** Records the start before anybody gets in: with a checkpoint, and the first admin token where none exists. */
async function recordStart(
  { config, clock, log }: Runtime,
  { context }: OpenedIssuance,
  { checkpoints }: OpenedAudit,
  watch: LogWatch,
): Promise<void> {
  await recordServiceStarted(context);
  await checkpoints.open();
  await watch.open();
  await openFirstAdmin(config, context.store, clock, log);
  warnOfBreakGlass(await context.store.apiTokens.liveBreakGlass(clock()), log);
}
