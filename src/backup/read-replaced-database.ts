import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@kubepass/x509';
import type { SignedCheckpoint } from '../audit/checkpoint.js';
import type { RevokedCertificate } from '../model/certificate.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import type { Store } from '../store/store.js';
import { removeDatabase } from './replace-database.js';
import { mostSigned } from './detect-restorations.js';
import { comparedWithdrawals } from './compare-withdrawals.js';
import { outOfSpace } from './verify-database.js';
import type { Withdrawal } from '../store/steps/step.js';

/** The part of a database that a backup which takes its place may not know, and must not forget. */
export interface ReplacedDatabase {
  readonly revoked: readonly RevokedCertificate[];
  /** Everything that holds by the database and the list beside it. */
  readonly withdrawn: readonly Withdrawal[];
  /** Null where its checkpoints cannot be read. */
  readonly signed: SignedSizes | null;
}

/** The sizes of a log that were signed. */
export interface SignedSizes {
  readonly instance: string | null;
  readonly last: SignedCheckpoint | null;
  /** The largest size that was signed before the database was put back, as far as that is known; 0: none. */
  readonly before: number;
}

const atOnce = 1_000;

/**
 * Reads a database that nothing writes to. It is migrated for that, so all of it happens on a copy
 * `${file}.restoring-old`, which is gone afterwards. A part that cannot be read is left out, and `say` is told: what is
 * replaced may be damaged. Null: nothing of it can be read.
 */
export async function readReplaced(
  file: string,
  listed: readonly Withdrawal[],
  say: (line: string) => void,
): Promise<ReplacedDatabase | null> {
  // A journal or a log alone is no database.
  if (!existsSync(file)) return null;
  const copy = `${file}.restoring-old`;
  const lost = (what: string) => (error: unknown) => {
    if (outOfSpace(error, dirname(copy)) !== null) throw error;
    const why = messageOf(error).trim().split('\n').at(-1);
    say(`${what} of the database that is replaced cannot be read, and are not taken over: ${String(why)}`);
  };
  try {
    await copyDatabase(file, copy);
    const store = await openSqliteStore({ file: copy });
    try {
      const now = new Date();
      return {
        revoked: (await revocationsOf(store, now).catch(lost('the revocations of certificates'))) ?? [],
        withdrawn:
          (await comparedWithdrawals(store, listed, now).catch(lost('the blocks and the revoked API tokens')))?.all ??
          listed,
        signed: (await signedBy(store).catch(lost('the checkpoints'))) ?? null,
      };
    } finally {
      await store.close();
    }
  } catch (error) {
    lost('the revocations, blocks and checkpoints')(error);
    return null;
  } finally {
    await removeDatabase(copy);
  }
}

async function copyDatabase(file: string, copy: string): Promise<void> {
  await removeDatabase(copy);
  for (const suffix of ['', '-journal', '-wal'])
    if (existsSync(`${file}${suffix}`))
      await pipeline(
        createReadStream(`${file}${suffix}`),
        createWriteStream(`${copy}${suffix}`, { flags: 'wx', mode: 0o600 }),
      );
}

async function revocationsOf({ revocations }: Store, now: Date): Promise<readonly RevokedCertificate[]> {
  const revoked: RevokedCertificate[] = [];
  for (let after = 0n; ;) {
    const some = await revocations.unexpired(now, after, atOnce);
    revoked.push(...some);
    if (some.length < atOnce) return revoked;
    after = some.at(-1)?.n ?? after;
  }
}

async function signedBy({ checkpoints, restorations }: Store): Promise<SignedSizes> {
  return {
    instance: await checkpoints.instanceId(),
    last: await checkpoints.last(),
    before: mostSigned(await restorations.all()),
  };
}
