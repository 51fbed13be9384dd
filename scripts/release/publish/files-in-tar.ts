import { ReleaseError } from '../release-error.js';

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
