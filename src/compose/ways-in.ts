import { Callers } from '../identity/callers/callers.js';
import type { IssuanceContext } from '../context/context.js';
import { whyRolesLost } from '../access/roles-lost.js';
import type { OpenedAccess } from './open-access.js';
import type { Runtime } from './runtime.js';
import { openCallers, type OpenedIssuer, openServiceAccounts } from './callers.js';
import type { OpenedClientCertificates } from './client-certificates.js';
import { openKeyProofs } from '../requests/open-key-proofs.js';
import { openRefusedSignIns } from './refused-sign-ins.js';
import { openSignIn, type OpenedSignIn } from './sign-in.js';

/** The parts that are open before callers get in. */
export interface WaysInParts {
  readonly context: IssuanceContext;
  readonly access: Pick<OpenedAccess, 'authenticators'>;
  readonly clientCertificates: OpenedClientCertificates | null;
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
export async function openWaysIn(
  { config, clock, log, metrics, intervalMilliseconds, closings }: Runtime,
  { context, access: { authenticators }, clientCertificates }: WaysInParts,
): Promise<OpenedWaysIn> {
  closings.push(() => authenticators.close());
  const { store, clusters, directoryUse } = context;
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
    metrics.callers.refused(reason);
  };
  const signIn = await openSignIn(config, tokens.issuers, store, { clock, log, countRefusal, intervalMilliseconds });
  closings.push(() => {
    signIn.stop();
  });
  const waysIn = {
    ...tokens.waysIn,
    ...(signIn.logins.issuers.length > 0 && { sessions }),
    ...(clientCertificates && { clientCertificates: clientCertificates.wayIn }),
    keyProofs: openKeyProofs(
      { roles: config.roles, admins: config.callers.apiTokens.admins },
      store,
      directoryUse,
      clock,
    ),
  };
  return {
    callers: new Callers(apiTokens, waysIn, { count: countRefusal }, (principal) => whyRolesLost(context, principal)),
    signIn,
    issuers: tokens.issuers,
    async reload() {
      await Promise.all([clientCertificates?.trust.reload(), tokens.reload(), signIn.reload()]);
    },
    areIssuersRefused: () => tokens.isRefused() || signIn.isRefused(),
  };
}
