import type { DatabaseConfig } from '../config/database-config.js';
import type { Log } from '../context/context.js';
import type { DenyList } from '../access/deny-list.js';
import { restoreRevocations } from '../access/revoke-certificate.js';
import type { RevokedCertificate } from '../model/certificate.js';
import type { Store } from '../store/store.js';
import { KeptRevocationsFile } from './revocations-file.js';
import { apiTokenRevokedAgain } from '../callers/api-tokens.js';
import { auditEvent } from '../model/audit-event.js';
import type { Step, Withdrawal } from '../store/steps/step.js';
import { revokeApiToken } from '../store/tables/api-token-table.js';
import { insertIdentityBlock, removeIdentityBlock } from '../store/tables/identity-block-table.js';
import { comparedWithdrawals } from './compare-withdrawals.js';

/** The list of revocations beside the database. */
export interface KeptRevocations {
  /** One sentence for people: what the list restored, or that there is none. Null where there is nothing to say. */
  readonly note: string | null;
  /** Puts revocations that are committed into the list. A fault is logged: they are in the database. */
  keep(revoked: readonly RevokedCertificate[]): Promise<void>;
  /** The same with what else was taken from somebody. */
  keepWithdrawn(withdrawn: readonly Withdrawal[]): Promise<void>;
  close(): Promise<void>;
}

const nothingKnown =
  'if the database was restored from a backup, certificates that were revoked since are not known, and count as valid';

/**
 * Opens the list beside a SQLite database. Revocations that it has and the database never knew are recorded again,
 * before `denyList` is loaded. Then it is written anew with all that the database knows. Beside PostgreSQL there is no
 * file of which every process would know.
 */
export async function openKeptRevocations(
  database: DatabaseConfig,
  store: Store,
  denyList: DenyList,
  clock: () => Date,
  log: Log,
): Promise<KeptRevocations> {
  if (database.kind !== 'sqlite') {
    await denyList.load();
    const note = `no list of revocations is kept beside PostgreSQL: ${nothingKnown}`;
    const nothing = () => Promise.resolve();
    return { note, keep: nothing, keepWithdrawn: nothing, close: nothing };
  }
  const file = new KeptRevocationsFile(`${database.file}.revoked.ndjson`);
  const { note, withdrawn } = await restore(file, store, clock(), log);
  await denyList.load();
  const failed = (error: unknown) => {
    log.error({ err: error, file: file.path }, 'the list of revocations beside the database cannot be written');
  };
  await file.replace(denyList.all(), withdrawn).catch(failed);
  return {
    note,
    keep: (revoked) => file.append(revoked).catch(failed),
    keepWithdrawn: (some) => file.append([], some).catch(failed),
    close: () => file.close(),
  };
}

async function restore(
  file: KeptRevocationsFile,
  store: Store,
  now: Date,
  log: Log,
): Promise<Pick<KeptRevocations, 'note'> & { readonly withdrawn: readonly Withdrawal[] }> {
  const read = await file.read();
  if (read === null) {
    const { kept: withdrawn } = await restoreWithdrawals(store, [], now);
    const { seq } = await store.auditEvents.head();
    // A new database was not restored.
    if (seq === 0) return { note: null, withdrawn };
    const note = `there was no list of revocations beside the database: ${nothingKnown}`;
    log.warn({ file: file.path }, note);
    return { note, withdrawn };
  }
  if (read.damaged > 0)
    log.error(
      { file: await file.setAside(), lines: read.damaged },
      'the list of revocations beside the database has lines that cannot be read; a copy is kept',
    );
  const revocations = await restoreRevocations(store, read.revoked, now);
  const { restored: others, kept: withdrawn } = await restoreWithdrawals(store, read.withdrawn, now);
  const restored = revocations + others;
  if (restored === 0) return { note: null, withdrawn };
  const note =
    others === 0
      ? `the database did not know ${restored} revocations of the list beside it: they are recorded again`
      : `the database did not know ${restored} revocations and blocks of the list beside it, ${others} of them of API tokens and identities: they are recorded again`;
  log.warn({ file: file.path, restored }, note);
  return { note, withdrawn };
}

/**
 * Withdraws again what a list knows and the database does not, because it was put back from a backup. `restored`: how
 * many these are; `kept`: everything that holds now.
 */
async function restoreWithdrawals(store: Store, listed: readonly Withdrawal[], now: Date) {
  const { tokens, blocks, all } = await comparedWithdrawals(store, listed, now);
  for (const token of tokens)
    await commit(store, [revokeApiToken({ id: token.id, at: now })], apiTokenRevokedAgain(token, now));
  for (const { folded, block, stored } of blocks) {
    const { username, clusters, reason, comment, until } = block;
    const details = {
      ...{ username, clusters, reason, comment, until: until && until.toISOString() },
      ...{ revokedCertificates: 0, cancelledRequests: 0, restored: true as const },
    };
    await commit(
      store,
      [...(stored ? [removeIdentityBlock({ folded, n: stored.n })] : []), insertIdentityBlock({ block, folded })],
      auditEvent('IdentityBlocked', now, null, details),
    );
  }
  return { restored: tokens.length + blocks.length, kept: all };
}

async function commit({ writer }: Store, operations: Step['operations'], event: Step['events'][number]) {
  const result = await writer.commit({ operations, events: [event] });
  if (!result.committed) throw new Error('what a list knows as withdrawn could not be recorded again');
}
