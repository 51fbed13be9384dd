import { readFile } from 'node:fs/promises';
import { codeOf } from '@kubepass/x509';
import type { Checkpoint } from '../audit/checkpoint.js';
import { readNote, readVerifierKey } from '../audit/signed-note.js';
import type { Config } from '../config/config.js';
import type { Store } from '../store/store.js';
import { checkpointIn, keptCheckpointFile } from './checkpoint-beside-database.js';
import type { SignedSizes } from './read-replaced-database.js';
import { CommandRefusedError } from './verify-database.js';

/** A signed note that may vouch for the log, and the checkpoint in it. */
interface NoteAtHand {
  /** Where it is. */
  readonly place: string;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** Whether this service kept it: then its key may be newer than the backup, and its signature is not looked at. */
  readonly isOurs: boolean;
}

export interface NotesAtHand {
  readonly notes: readonly NoteAtHand[];
  /**
   * Why the checkpoint that is kept does not say what was signed, in words that go on after its name; null: it does, or
   * there is none.
   */
  readonly keptFault: string | null;
  /** The sizes that the database which is replaced has signed; null: nothing is known of it. */
  readonly replaced: SignedSizes | null;
}

/** The largest checkpoint of a log, and how much of the log is known to be signed. */
interface KnownSigned {
  readonly checkpoint: NoteAtHand | null;
  /** At least the size of the checkpoint; null: nothing is known. */
  readonly events: number | null;
}

/**
 * The checkpoint that is kept beside the database, the one that is given, and that of the database that is replaced.
 */
export async function notesAtHand(
  config: Config,
  given: string | null,
  replaced: SignedSizes | null,
): Promise<NotesAtHand> {
  const kept = await noteIn(keptCheckpointFile(config));
  const other = given === null ? null : await noteIn(given);
  if (given !== null && other === null) throw new CommandRefusedError(`there is no file ${given}`);
  if (typeof other === 'string') throw new CommandRefusedError(`${String(given)} ${other}`);
  const last = replaced?.last ? checkpointIn(replaced.last.note) : null;
  const notes: NoteAtHand[] = [];
  if (kept !== null && typeof kept !== 'string') notes.push({ ...kept, isOurs: true });
  if (other !== null) notes.push({ ...other, isOurs: false });
  if (replaced?.last && last !== null)
    notes.push({
      ...{ place: 'the database that is replaced', note: replaced.last.note, checkpoint: last, isOurs: true },
    });
  return { notes, replaced, keptFault: typeof kept === 'string' ? kept : null };
}

/** Null where there is no file; where it is no checkpoint, why not, in words that go on after its name. */
async function noteIn(file: string): Promise<Omit<NoteAtHand, 'isOurs'> | string | null> {
  let note: string;
  try {
    note = await readFile(file, 'utf8');
  } catch (error) {
    const code = codeOf(error) ?? String(error);
    return code === 'ENOENT' ? null : `cannot be read (${code})`;
  }
  const checkpoint = checkpointIn(note);
  return checkpoint === null ? 'is not a signed checkpoint' : { place: file, note, checkpoint };
}

/**
 * The largest checkpoint that has the name of the log, and was kept here or is signed by a key of it. Says which ones
 * are not so. If the one that is kept does not say what was signed, one must be given that counts: a size may get two
 * roots otherwise.
 */
export async function knownSigned(
  config: Config,
  { notes, keptFault, replaced }: NotesAtHand,
  checkpoints: Store['checkpoints'],
  say: (line: string) => void,
): Promise<KnownSigned> {
  const instance = await checkpoints.instanceId();
  const keys = (await checkpoints.keys()).flatMap(({ verifierKey }) => readVerifierKey(verifierKey) ?? []);
  const counting: NoteAtHand[] = [];
  for (const one of notes) {
    const { place, note, checkpoint, isOurs } = one;
    if (instance === null || checkpoint.origin !== `kubepass/${instance}`)
      say(`the checkpoint in ${place} is of another log, and counts for nothing`);
    else if (!isOurs && !readNote(note, keys).ok)
      say(`the checkpoint in ${place} is signed by no key that the backup knows, and counts for nothing`);
    else counting.push(one);
  }
  if (keptFault !== null && counting.every(({ isOurs }) => isOurs)) {
    const file = keptCheckpointFile(config);
    throw new CommandRefusedError(
      `${file} ${keptFault}, so nobody knows up to which size the log was signed: give the last checkpoint with --checkpoint NOTE. Without one, move the file away; then a size may be signed with a second root`,
    );
  }
  if (config.database.kind === 'postgresql' && notes.every(({ isOurs }) => isOurs))
    say(
      `each replica keeps its last checkpoint in a file last-checkpoint of its data dir, this machine in ${keptCheckpointFile(config)}: the one with the largest number in its second line counts, so give that one with --checkpoint FILE`,
    );
  const [checkpoint = null] = counting.toSorted((one, other) => other.checkpoint.size - one.checkpoint.size);
  const before = replaced !== null && replaced.instance === instance ? replaced.before : 0;
  return { checkpoint, events: Math.max(before, checkpoint?.checkpoint.size ?? 0) || null };
}
