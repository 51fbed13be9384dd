import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '@kubepass/x509';
import type { Log } from '../context/context.js';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import type { RefusedFileKind } from '../model/measures.js';
import { watchSteadily, type Acted } from '../workers/steady-watch.js';

/** The content of files, kept equal to them. */
export interface InForce<T> {
  current(): T;
  /** Calls `use` with each later one, before it is in force. Where `use` throws, it does not come into force. */
  follow(use: (next: T) => void): void;
  /** Reads the files now. If they cannot be used, what is in force stays, and the log says so. */
  reload(): Promise<void>;
  /** Whether the files cannot be used as they are now, so that an older content is in force. */
  isRefused(): boolean;
  stop(): void;
}

/** Says something about the files that does not keep them from being used. It is said once for each content. */
export type Remarks = Pick<Log, 'warn'>;

interface InForceOptions<T> {
  readonly files: readonly string[];
  /** Throws where the files cannot be used. The message tells no secret. */
  readonly load: (remarks: Remarks) => Promise<T>;
  /** Throws where this may be begun with, but must not replace anything. */
  readonly admit?: (next: T) => void;
  readonly isSame?: (one: T, other: T) => boolean;
  readonly told: {
    /** Fields of both lines. */
    readonly fields?: object;
    readonly replaced: string;
    readonly fieldsOf?: (next: T) => object;
    readonly refused: string;
  };
}

/** The files that are read again while the service runs, by whose they are. */
export class FilesInForce {
  readonly #kept: { readonly kind: RefusedFileKind; readonly content: InForce<unknown> }[] = [];

  constructor(
    private readonly log: Log,
    private readonly intervalMilliseconds: number,
  ) {}

  /**
   * Reads files, and again whenever they change. Files that cannot be used replace nothing, and are tried again at each
   * interval: a certificate may become valid, or the process may have had no file descriptor left. Each reason is said
   * once for a content. A content that was read while somebody wrote it may be a half of it: it does not count and is
   * not spoken of, and is read again. Throws where the first ones cannot be used.
   */
  async keep<T>(kind: RefusedFileKind, options: InForceOptions<T>): Promise<InForce<T>> {
    const content = await keepInForce(options, this.log, this.intervalMilliseconds);
    this.#kept.push({ kind, content });
    return content;
  }

  /**
   * PEM of the CAs that the certificate of somebody who is called may chain to, kept equal to its file; null without a
   * file: the CAs that Node.js trusts. `fields` say in the log whose they are.
   */
  async authority(kind: RefusedFileKind, file: string | null, fields: object): Promise<InForce<string | null>> {
    if (file === null) return unchanging(null);
    return this.keep<string | null>(kind, {
      files: [file],
      load: () => readAuthorityFile(file),
      isSame: (one, other) => one === other,
      told: {
        fields,
        replaced: 'another CA file is in force',
        refused: 'a CA file was changed and cannot be used: the one in force stays',
      },
    });
  }

  /** Reads all of them now. */
  async reload(): Promise<void> {
    await Promise.all(this.#kept.map(({ content }) => content.reload()));
  }

  /** Whether any of this kind cannot be used as it is now. */
  isRefused(kind: RefusedFileKind): boolean {
    return this.#kept.some((one) => one.kind === kind && one.content.isRefused());
  }

  stop(): void {
    for (const { content } of this.#kept) content.stop();
  }
}

/** PEM of the CAs in a file, without other text. Throws where there is none in it. */
export async function readAuthorityFile(file: string): Promise<string> {
  const { pem, certificates } = describeCertificateAuthority(await readFile(file, 'utf8'));
  if (certificates.length === 0) throw new Error(`${file} holds no certificate`);
  return pem;
}

async function keepInForce<T>(
  { files, load, admit, isSame = () => false, told }: InForceOptions<T>,
  log: Log,
  intervalMilliseconds: number,
): Promise<InForce<T>> {
  const said = new Set<string>();
  const isNew = (remark: string): boolean => said.size < said.add(remark).size;
  const remarks: Remarks = {
    warn(fields, message) {
      if (isNew(JSON.stringify([fields, message]))) log.warn(fields, message);
    },
  };
  const { first, reading } = await loadFirst(files, () => load(remarks));
  let current = first;
  /** The reading that the remarks were made about. */
  let remarkedOn = reading;
  let refused = false;
  const followers: ((next: T) => void)[] = [];
  const replace = async (_content: null, reading: string): Promise<Acted> => {
    if (reading !== remarkedOn) said.clear();
    remarkedOn = reading;
    try {
      const next = await load(remarks);
      if (await changedSince(files, reading)) return 'failed';
      if (!isSame(next, current)) {
        admit?.(next);
        for (const use of followers) use(next);
        current = next;
        log.info({ ...told.fields, ...told.fieldsOf?.(next) }, told.replaced);
      }
      refused = false;
      return 'done';
    } catch (error) {
      if (await changedSince(files, reading)) return 'failed';
      refused = true;
      const reason = messageOf(error);
      if (isNew(reason)) log.error({ ...told.fields, reason }, told.refused);
      return 'failed';
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
    reload() {
      said.clear();
      return watch.again();
    },
    isRefused: () => refused,
    stop: () => watch.stop(),
  };
}

const changedSince = async (files: readonly string[], reading: string): Promise<boolean> =>
  (await fileReading(files)).reading !== reading;

/** Loads a content that nobody wrote to meanwhile. */
async function loadFirst<T>(
  files: readonly string[],
  load: () => Promise<T>,
  tries = 10,
): Promise<{ readonly first: T; readonly reading: string }> {
  const { reading } = await fileReading(files);
  const [loaded] = await Promise.allSettled([load()]);
  if (tries > 1 && (await changedSince(files, reading))) return loadFirst(files, load, tries - 1);
  if (loaded.status === 'rejected') throw loaded.reason;
  return { first: loaded.value, reading };
}

/** Identifies the content of files without reading them: by which file each of them is, and when it last changed. */
async function fileReading(files: readonly string[]): Promise<{ readonly reading: string; readonly content: null }> {
  const readings = files.map(async (file) => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join();
    } catch (error) {
      return String(error);
    }
  });
  return { reading: (await Promise.all(readings)).join(' '), content: null };
}

/** A value that is in no file. */
export const unchanging = <T>(value: T): InForce<T> => ({
  current: () => value,
  follow: () => undefined,
  reload: () => Promise.resolve(),
  isRefused: () => false,
  stop: () => undefined,
});
