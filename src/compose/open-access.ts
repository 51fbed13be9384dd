import type { SessionAuthenticator } from '../identity/sessions.js';
import { ApiTokenAuthenticator } from '../identity/callers/callers.js';
import { BreakGlassUses } from '../identity/break-glass.js';
import { DirectoryUse, IdentityBlocks } from '../context/standing.js';
import { ListedNames } from '../context/listed-names.js';
import { clustersSharingTrust } from '../model/cluster.js';
import { DenyList } from '../access/revocations.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { type KeptRevocations, openKeptRevocations } from '../backup/kept-revocations.js';
import { Restorations } from '../backup/recorded-restorations.js';
import type { OpenedDatabase } from './open-database.js';
import type { Runtime } from './runtime.js';
import { openSessionAuthenticator } from './sign-in.js';

/** The parts that know in memory who has lost access. Commits tell them before the caller is answered. */
export interface OpenedAccess {
  readonly denyList: DenyList;
  /** The list of revocations beside the database. */
  readonly kept: KeptRevocations;
  readonly authenticators: Authenticators;
  readonly directoryUse: DirectoryUse;
  readonly identityBlocks: IdentityBlocks;
  readonly listedNames: ListedNames;
}

/** They remember the credentials that they have seen; commits that end one make them forget it. */
interface Authenticators {
  readonly apiTokens: ApiTokenAuthenticator;
  readonly sessions: SessionAuthenticator;
  /** Records the uses of break-glass tokens that are not on record yet. */
  close(): Promise<void>;
}

/** Loads who has lost access: from the database, and from the list beside it. */
export async function openAccess(runtime: Runtime, { store, ...traces }: OpenedDatabase): Promise<OpenedAccess> {
  const { config, clock, random, log, closings } = runtime;
  const sharing = (cluster: string) => clustersSharingTrust(config.clusters, cluster);
  const denyList = new DenyList({ reader: store.revocations, clock, log, sharing });
  const restorations = new Restorations({ ...traces, store, clock, random, log, signsHere: () => false });
  const recovering = { ...store, writer: { commit: (step: Step) => restorations.recordLost(step, 'revocations') } };
  const kept = await openKeptRevocations(config.database, recovering, denyList, clock, log);
  closings.push(() => kept.close());
  const authenticators = openAuthenticators(runtime, store);
  const identityBlocks = new IdentityBlocks({
    reader: store.identityBlocks,
    clusters: config.clusters.map(({ name }) => name),
    log,
  });
  await identityBlocks.load();
  const listedNames = new ListedNames({ store, denyList, identityBlocks, clock, log });
  await listedNames.follow();
  const directoryUse = new DirectoryUse(store.directory);
  return { denyList, kept, authenticators, directoryUse, identityBlocks, listedNames };
}

function openAuthenticators({ config, overrides, clock, log }: Runtime, store: Store): Authenticators {
  const breakGlass = new BreakGlassUses({
    record: async (event) => {
      await store.writer.commit({ operations: [], events: [event] });
    },
    log,
    clock,
    intervalMilliseconds: overrides.breakGlassMilliseconds ?? 60_000,
  });
  const apiTokens = new ApiTokenAuthenticator(overrides.tokenReader?.(store.apiTokens) ?? store.apiTokens, clock, {
    admins: config.callers.apiTokens.admins,
    useBreakGlass: (token) => breakGlass.use(token),
  });
  return {
    apiTokens,
    sessions: openSessionAuthenticator(config, store, apiTokens, clock),
    close: () => breakGlass.close(),
  };
}
