import { DirectoryUse } from '../context/directory-use.js';
import { DenyList } from '../access/deny-list.js';
import { IdentityBlocks } from '../context/blocked-identities.js';
import { followedWriter } from '../store/writer/followed-writer.js';
import { openAuthenticators, type Authenticators } from './authenticators.js';
import { openKeptRevocations, type KeptRevocations } from '../backup/kept-revocations.js';
import { restorationFirst } from '../backup/record-restoration.js';
import type { OpenedDatabase } from './open-database.js';
import type { Runtime } from './runtime.js';

/** The parts that know in memory who has lost access. Commits tell them before the caller is answered. */
export interface OpenedAccess {
  readonly denyList: DenyList;
  /** The list of revocations beside the database. */
  readonly kept: KeptRevocations;
  readonly authenticators: Authenticators;
  readonly directoryUse: DirectoryUse;
  readonly identityBlocks: IdentityBlocks;
}

/** Loads who has lost access: from the database, and from the list beside it. */
export async function openAccess(
  { config, overrides, clock, log, closings }: Runtime,
  { store, keptCheckpoint, found, instance }: OpenedDatabase,
): Promise<OpenedAccess> {
  const denyList = new DenyList({ reader: store.revocations, clock, log });
  const restoring = restorationFirst({ store, found, keptCheckpoint, instance, clock, log });
  const recovering = { ...store, writer: followedWriter(store.writer, [restoring]) };
  const kept = await openKeptRevocations(config.database, recovering, denyList, clock, log);
  closings.push(() => kept.close());
  const authenticators = openAuthenticators(config, store, clock, log, overrides);
  const identityBlocks = new IdentityBlocks({
    reader: store.identityBlocks,
    clusters: config.clusters.map(({ name }) => name),
    log,
  });
  await identityBlocks.load();
  return { denyList, kept, authenticators, directoryUse: new DirectoryUse(store.directory), identityBlocks };
}
