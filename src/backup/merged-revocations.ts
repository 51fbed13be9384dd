import type { ReplacedDatabase } from './former-database.js';
import { KeptRevocationsFile, type ReadRevocations } from './kept-revocations-file.js';
import { CommandRefusedError } from './verify-database.js';
import { unitedWithdrawals } from './withdrawals.js';

/** The revocations that a restore does not forget. */
export interface RevocationsToMerge {
  /** The list beside the database; null: there is none. */
  readonly atHand: ReadRevocations | null;
  /** The path of another list; null: none is given. */
  readonly given: string | null;
  /** The database that is replaced, compared with the list beside it; null: there is none. */
  readonly replaced: ReplacedDatabase | null;
}

/** Merges revocations into the list beside the database. Answers whether there is one. */
export async function mergeRevocations(
  file: KeptRevocationsFile,
  { atHand, given, replaced }: RevocationsToMerge,
  say: (line: string) => void,
): Promise<boolean> {
  if (given === null && replaced === null) return atHand !== null;
  const read = given === null ? null : await new KeptRevocationsFile(given).read();
  if (given !== null && read === null) throw new CommandRefusedError(`there is no file ${given}`);
  // A process that was killed leaves half of its last line behind. More than that is no such list.
  if (read !== null && read.damaged > 1)
    throw new CommandRefusedError(`${read.damaged} lines of ${String(given)} are no revocations`);
  if (atHand !== null && atHand.damaged > 0)
    say(`lines of ${file.path} cannot be read; a copy is ${await file.setAside()}`);
  const revoked = [...(atHand?.revoked ?? []), ...(replaced?.revoked ?? []), ...(read?.revoked ?? [])];
  const withdrawn = replaced?.withdrawn ?? atHand?.withdrawn ?? [];
  await file.replace(
    new Map(revoked.map((one) => [one.fingerprintSha256, one])).values(),
    unitedWithdrawals(withdrawn, read?.withdrawn ?? []),
  );
  await file.close();
  return true;
}
