import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ExportFault } from '../audit/export-verifier.js';
import { rangeOfArchive } from '../audit/archive-reading.js';

/** An event of this type tells of an archive. RFC 8785 puts the type behind all other members. */
const ending = Buffer.from(',"type":"AuditEventsArchived"}');
const wrappedEnding = ',"previousHash":"","hash":""}'.length + 128;

interface ToldArchive {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
}

/** Compares the archives among the files with what later events of the log tell of them: each octet counts. */
export class ToldArchives {
  readonly #told = new Map<string, ToldArchive>();
  readonly #found = new Map<string, { readonly path: string; readonly sha256: string }>();

  /** Where the octets of a file go while it is read; null where it has not the name of an archive. */
  reading(path: string): { add(octets: Buffer): void; end(): void } | null {
    const name = basename(path);
    if (rangeOfArchive(name) === null) return null;
    const hash = createHash('sha256');
    return {
      add: (octets) => void hash.update(octets),
      end: () => void this.#found.set(name, { path, sha256: hash.digest('hex') }),
    };
  }

  /** Takes a line that holds an event, with hashes or without. */
  add(line: Buffer): void {
    const bare = endsWith(line, line.length) ? line : line.subarray(0, Math.max(0, line.length - wrappedEnding));
    if (!endsWith(bare, bare.length)) return;
    const told = detailsIn(line);
    if (told !== null) this.#told.set(told.file, told);
  }

  /** The first archive that is not the one of which the log tells. */
  fault(): (ExportFault & { readonly file: string }) | null {
    for (const { file, from, to, sha256 } of this.#told.values()) {
      const found = this.#found.get(file);
      if (found === undefined || found.sha256 === sha256) continue;
      const message = 'the file is not the archive that the log tells of: its SHA-256 is another one';
      return { reason: 'OtherArchive', firstSeq: from, lastSeq: to, message, file: found.path };
    }
    return null;
  }
}

const endsWith = (octets: Buffer, end: number): boolean =>
  end >= ending.length && octets.compare(ending, 0, ending.length, end - ending.length, end) === 0;

function detailsIn(line: Buffer): ToldArchive | null {
  try {
    const parsed = JSON.parse(line.toString()) as { event?: unknown };
    const { details } = (parsed.event ?? parsed) as { details?: Partial<ToldArchive> };
    const { file, from, to, sha256 } = details ?? {};
    return typeof file === 'string' && typeof from === 'number' && typeof to === 'number' && typeof sha256 === 'string'
      ? { file, from, to, sha256 }
      : null;
  } catch {
    return null;
  }
}
