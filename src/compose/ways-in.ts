import { Callers, RefusedSignIns } from '../identity/callers/callers.js';
import type { IssuanceContext, Log } from '../context/context.js';
import { auditEvent } from '../model/audit-event.js';
import type { Writer } from '../store/steps/step.js';
import { bearingNow } from '../context/standing.js';
import type { OpenedAccess } from './open-access.js';
import type { Runtime } from './runtime.js';
import { openCallers, type OpenedIssuer, openServiceAccounts } from './callers.js';
import type { OpenedClientCertificates } from './client-certificates.js';
import { openKeyProofs } from '../requests/open-key-proofs.js';
import { openSignIn, type OpenedSignIn } from './sign-in.js';

/** The parts that are open before callers get in. */
interface WaysInParts {
  readonly context: IssuanceContext;
  readonly access: Pick<OpenedAccess, 'authenticators'>;
  readonly clientCertificates: OpenedClientCertificates | null;
}

export interface OpenedWaysIn {
  /** The one door for all of them. */
  readonly callers: Callers;
  readonly signIn: OpenedSignIn;
  readonly issuers: readonly OpenedIssuer[];
}

/** Opens every way in of the configuration. */
export async function openWaysIn(
  runtime: Runtime,
  { context, access: { authenticators }, clientCertificates }: WaysInParts,
): Promise<OpenedWaysIn> {
  const { config, clock, log, metrics, files, closings } = runtime;
  closings.push(() => authenticators.close());
  const { store, clusters, directoryUse } = context;
  const { apiTokens, sessions } = authenticators;
  await apiTokens.loadReviewers();
  const serviceAccounts = openServiceAccounts(config, clusters, clock, log);
  const tokens = await openCallers(config, serviceAccounts, clock, log, files);
  closings.push(() => tokens.close());
  const refusedSignIns = openRefusedSignIns(store.writer, clock, log);
  closings.push(() => refusedSignIns.stop());
  const countRefusal = (reason: string) => {
    refusedSignIns.count(reason);
    metrics.callers.refused(reason);
  };
  const signIn = await openSignIn(config, tokens.issuers, store, runtime, countRefusal);
  const waysIn = {
    ...tokens.waysIn,
    sessions,
    ...(clientCertificates && { clientCertificates: clientCertificates.wayIn }),
    keyProofs: openKeyProofs(
      { roles: config.roles, admins: config.callers.apiTokens.admins },
      store,
      directoryUse,
      clock,
    ),
  };
  return {
    callers: new Callers(apiTokens, waysIn, { count: countRefusal }, bearingNow(context)),
    signIn,
    issuers: tokens.issuers,
  };
}

/** Begins to count what is refused, and to record it in the audit log. */
function openRefusedSignIns(writer: Writer, clock: () => Date, log: Log): RefusedSignIns {
  const refusals = new RefusedSignIns(
    async (count) => {
      const { committed } = await writer.commit({
        operations: [],
        events: [auditEvent('SignInRefused', clock(), null, { ...count })],
      });
      if (!committed) throw new Error('the writer did not take the event');
    },
    (error) => {
      log.error({ err: error }, 'refused sign-ins could not be recorded: they are kept, and counted on');
    },
  );
  refusals.start();
  return refusals;
}
