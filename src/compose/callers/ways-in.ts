import type { Config } from '../../config/config.js';
import { Callers, type WhyRolesLost } from '../../identity/callers.js';
import type { DirectoryUse } from '../../issuance/directory/directory-use.js';
import type { IssuingCluster, Log } from '../../issuance/context.js';
import type { CallerMetrics } from '../../observability/metrics/caller-metrics.js';
import type { Store } from '../../store/store.js';
import type { Authenticators } from './authenticators.js';
import { openCallers, type OpenedIssuer } from './callers.js';
import type { OpenedClientCertificates } from './client-certificates.js';
import type { Closings } from '../closings.js';
import { openKeyProofs } from './open-key-proofs.js';
import { openRefusedSignIns } from './refused-sign-ins.js';
import { openServiceAccounts } from './service-accounts.js';
import { openSignIn, type OpenedSignIn } from './sign-in.js';

/** The parts that are open before callers get in. */
export interface WaysInParts {
  readonly store: Store;
  readonly directoryUse: DirectoryUse;
  readonly whyRolesLost: WhyRolesLost;
  readonly clusters: ReadonlyMap<string, IssuingCluster>;
  readonly authenticators: Authenticators;
  readonly clientCertificates: OpenedClientCertificates | null;
  readonly measures: CallerMetrics;
  readonly clock: () => Date;
  readonly log: Log;
  readonly intervalMilliseconds: number;
}

export interface OpenedWaysIn {
  /** The one door for all of them. */
  readonly callers: Callers;
  readonly signIn: OpenedSignIn;
  readonly issuers: readonly OpenedIssuer[];
  /** Reads the files of CAs and secrets again. */
  reload(): Promise<void>;
  /** Whether a file of an issuer cannot be used as it is now. */
  areIssuersRefused(): boolean;
}

/** Opens every way in of the configuration. Throws `ConfigError` with everything that is wrong with the issuers. */
export async function openWaysIn(config: Config, parts: WaysInParts, closings: Closings): Promise<OpenedWaysIn> {
  const {
    store,
    directoryUse,
    whyRolesLost,
    clusters,
    authenticators,
    clientCertificates,
    measures,
    clock,
    log,
    intervalMilliseconds,
  } = parts;
  const { apiTokens, sessions } = authenticators;
  await apiTokens.loadReviewers();
  const serviceAccounts = openServiceAccounts(config, clusters, clock, log);
  const tokens = await openCallers(config, serviceAccounts, clock, log, intervalMilliseconds);
  closings.push(() => {
    tokens.close();
  });
  const refusedSignIns = openRefusedSignIns(store.writer, clock, log);
  closings.push(() => refusedSignIns.stop());
  const countRefusal = (reason: string) => {
    refusedSignIns.count(reason);
    measures.refused(reason);
  };
  const signIn = await openSignIn(config, tokens.issuers, store, { clock, log, countRefusal, intervalMilliseconds });
  closings.push(() => {
    signIn.stop();
  });
  const waysIn = {
    ...tokens.waysIn,
    ...(signIn.logins.issuers.length > 0 && { sessions }),
    ...(clientCertificates && { clientCertificates: clientCertificates.wayIn }),
    keyProofs: openKeyProofs(config, store, directoryUse, clock),
  };
  return {
    callers: new Callers(apiTokens, waysIn, { count: countRefusal }, whyRolesLost),
    signIn,
    issuers: tokens.issuers,
    async reload() {
      await Promise.all([clientCertificates?.trust.reload(), tokens.reload(), signIn.reload()]);
    },
    areIssuersRefused: () => tokens.isRefused() || signIn.isRefused(),
  };
}
