import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@kubepass/x509';
import { readCheckpoint, type Checkpoint } from '../audit/checkpoint.js';
import type { Config } from '../config/config.js';
import { replaceSecretFile } from '../config/secrets.js';
import type { Log } from '../context/context.js';
import { toldBy, type CommitFollower } from '../store/writer/followed-writer.js';

/**
 * The newest checkpoint that this process has signed, in a file of its own: beside a SQLite database, or in the data
 * dir. A database that is put back from a backup does not know it; this file does.
 */
export class KeptCheckpoint {
  #signedBefore = 0;
  #keeping: Promise<void> = Promise.resolve();

  constructor(readonly path: string) {}

  /**
   * One sentence for people about a file that was none when the service began to use it; null: there is nothing to say.
   */
  note: string | null = null;

  /**
   * Null where there is none, or where the file is none: then `log` and `note` say so, and a copy is kept. Its
   * signatures are not looked at: whoever writes here owns the key.
   */
  async read(log?: Log): Promise<Checkpoint | null> {
    let note: string;
    try {
      note = await readFile(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    const checkpoint = checkpointIn(note);
    if (checkpoint === null && log !== undefined) {
      this.note =
        'the checkpoint that was kept beside the database cannot be read: if the database was restored from a backup, a size may be signed again';
      log.error({ file: await checkpointAside(this.path) }, this.note);
    }
    return checkpoint;
  }

  /** From now on no checkpoint of this size or a smaller one is recorded: one with another root may be in the world. */
  refuseUpTo(size: number): void {
    this.#signedBefore = Math.max(this.#signedBefore, size);
  }

  /** Says whether a checkpoint may be committed. Until `LogWatch` replaces this function, every checkpoint may. */
  mayCommit: () => Promise<boolean> = () => Promise.resolve(true);

  /** Keeps the note of a checkpoint, unless the kept checkpoint is of this log and at least as large. */
  keep(note: string): Promise<void> {
    const kept = this.#keeping.then(() => this.#keep(note));
    this.#keeping = kept.catch(() => undefined);
    return kept;
  }

  /**
   * Keeps each checkpoint before it is committed. So none is in the world that is not kept, and it is only one of this
   * log's even if the commit fails. Whatever order commits come in, the file never goes back to a smaller size.
   */
  readonly follower: CommitFollower = {
    minds: 'checkpoint',
    waits: true,
    before: async (step) => {
      for (const { size, note } of toldBy(step, 'checkpoint')) {
        if (!(await this.mayCommit()) || size <= this.#signedBefore)
          return { committed: false, conflict: { kind: 'checkpoint', size } };
        await this.keep(note);
      }
      return step;
    },
  };

  async #keep(note: string): Promise<void> {
    const [ours, last] = [checkpointIn(note), await this.read()];
    if (ours !== null && last?.origin === ours.origin && last.size >= ours.size) return;
    await replaceSecretFile(this.path, note);
  }
}

export const keptCheckpointFile = ({ database, dataDir }: Pick<Config, 'database' | 'dataDir'>): string =>
  database.kind === 'sqlite' ? `${database.file}.checkpoint` : join(dataDir, 'last-checkpoint');

/** Keeps a copy of a kept checkpoint that is none, where it can be read. Answers where; null: there is no copy. */
export async function checkpointAside(file: string): Promise<string | null> {
  const aside = `${file}.damaged`;
  return copyFile(file, aside).then(
    () => aside,
    () => null,
  );
}

/** The checkpoint in a signed note; null where there is none. */
export const checkpointIn = (note: string): Checkpoint | null =>
  readCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
