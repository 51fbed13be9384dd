import type { Log } from '../issuance/context.js';
import { watchSteadily } from '../workers/steady-watch.js';
import { fileReading } from './file-reading.js';

/** The content of files, kept equal to them. */
export interface InForce<T> {
  current(): T;
  /** Calls `use` with each later one, before it is in force. Where `use` throws, it does not come into force. */
  follow(use: (next: T) => void): void;
  /** Reads the files now. If they cannot be used, what is in force stays, and the log says so. */
  reload(): Promise<void>;
  stop(): void;
}

export interface InForceOptions<T> {
  readonly files: readonly string[];
  /** Throws where the files cannot be used. The message tells no secret. */
  readonly load: () => Promise<T>;
  /** Throws where this may be begun with, but must not replace anything. */
  readonly admit?: (next: T) => void;
  readonly isSame?: (one: T, other: T) => boolean;
  readonly intervalMilliseconds: number;
  readonly log: Log;
  readonly told: {
    /** Fields of both lines. */
    readonly fields?: object;
    readonly replaced: string;
    readonly fieldsOf?: (next: T) => object;
    readonly refused: string;
  };
}

/**
 * Reads files, and again whenever they change. Files that cannot be used replace nothing: that is said once for each content.
 * Throws where the first ones cannot be used.
 */
export async function keepInForce<T>(options: InForceOptions<T>): Promise<InForce<T>> {
  const { files, load, admit, isSame = () => false, intervalMilliseconds, log, told } = options;
  // Before the files are read: a change in between is then seen as one.
  const { reading } = await fileReading(files);
  let current = await load();
  const followers: ((next: T) => void)[] = [];
  const replace = async (): Promise<void> => {
    try {
      const next = await load();
      if (isSame(next, current)) return;
      admit?.(next);
      for (const use of followers) use(next);
      current = next;
      log.info({ ...told.fields, ...told.fieldsOf?.(next) }, told.replaced);
    } catch (error) {
      log.error({ ...told.fields, reason: error instanceof Error ? error.message : String(error) }, told.refused);
    }
  };
  const watch = watchSteadily({
    read: () => fileReading(files),
    initial: reading,
    intervalMilliseconds,
    act: replace,
    onFailure(error) {
      log.error({ ...told.fields, err: error }, 'files that may change could not be looked at');
    },
  });
  return {
    current: () => current,
    follow(use) {
      followers.push(use);
    },
    reload: () => watch.again(),
    stop: () => {
      watch.stop();
    },
  };
}

/** A value that is in no file. */
export const unchanging = <T>(value: T): InForce<T> => ({
  current: () => value,
  follow: () => undefined,
  reload: () => Promise.resolve(),
  stop: () => undefined,
});

/** The things in force that are read again and stopped together. */
export class AllInForce {
  readonly #all: Pick<InForce<unknown>, 'reload' | 'stop'>[] = [];

  add<One extends Pick<InForce<unknown>, 'reload' | 'stop'>>(one: One): One {
    this.#all.push(one);
    return one;
  }

  async reload(): Promise<void> {
    await Promise.all(this.#all.map((one) => one.reload()));
  }

  stop(): void {
    for (const one of this.#all) one.stop();
  }
}
