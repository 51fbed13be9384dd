import { constants, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { ReleaseError } from './release-error.js';

export interface ArchivedFile {
  /** Its path in the archive, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly isProgram?: boolean;
}

/**
 * A `.tgz` in which nothing is of the machine, the user or the moment: the files in the given order, all of one time,
 * owned by nobody in particular, with the modes 0644 and 0755.
 */
export async function archive(files: readonly ArchivedFile[], time: Date): Promise<Buffer> {
  const tar = pack();
  for (const { path, content, isProgram = false } of files)
    tar.entry({ name: path, mode: isProgram ? 0o755 : 0o644, mtime: time, uid: 0, gid: 0 }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  const compressed = gzipSync(Buffer.concat(chunks), { level: constants.Z_BEST_COMPRESSION });
  // RFC 1952 2.3.1: zlib writes no time, but the system that it was built for; 255 is an unknown one.
  compressed[9] = 255;
  return compressed;
}

/** A regular file of a tar archive. */
export interface TarFile {
  /** Its path, without a leading `./`. */
  readonly path: string;
  readonly octets: Buffer;
  /** The time of its last change, in seconds since 1970. */
  readonly modified: number;
}

const BLOCK = 512;

/**
 * Reads a tar archive (POSIX ustar) piece by piece, and answers the regular files that `wanted` asks for by their
 * paths. `seen` is told of every entry, also of those that are no files. Other records, such as those of pax, are
 * passed over: they carry nothing that a file with a path of up to 100 octets and a size below 8 GiB needs. Throws a
 * `ReleaseError` where the archive ends within a file.
 */
export async function filesInTar(
  archive: AsyncIterable<Buffer>,
  wanted: (path: string) => boolean,
  seen: (path: string) => void = () => undefined,
): Promise<TarFile[]> {
  const octets = new OctetReader(archive);
  const files: TarFile[] = [];
  for (;;) {
    const header = await octets.take(BLOCK);
    // Blocks of zeros end the archive.
    if (header === null || header.every((octet) => octet === 0)) break;
    const text = (from: number, length: number) => header.toString('utf8', from, from + length).replace(/\0[^]*$/, '');
    const prefix = text(345, 155);
    const path = `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`.replace(/^(?:\.\/)+/, '');
    const size = parseInt(text(124, 12), 8) || 0;
    const kind = text(156, 1);
    seen(path);
    const isWanted = (kind === '0' || kind === '') && wanted(path);
    const content = await octets.take(Math.ceil(size / BLOCK) * BLOCK, isWanted);
    if (content === null) throw new ReleaseError(`the archive ends within ${path}`);
    if (isWanted) files.push({ path, octets: content.subarray(0, size), modified: parseInt(text(136, 12), 8) || 0 });
  }
  // The rest is read too, so that the octets of the whole archive can be counted.
  await octets.drain();
  return files;
}

class OctetReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** The next `count` octets, or as many zero-length ones if they are not to be kept; null if there are fewer. */
  async take(count: number, keep = true): Promise<Buffer | null> {
    const kept: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      if (this.#left.length === 0) {
        const next = await this.#pieces.next();
        if (next.done === true) return null;
        this.#left = next.value;
      }
      const piece = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(piece.length);
      missing -= piece.length;
      if (keep) kept.push(piece);
    }
    return Buffer.concat(kept);
  }

  async drain(): Promise<void> {
    while ((await this.#pieces.next()).done !== true);
  }
}
