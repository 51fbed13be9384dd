import { constants, gunzipSync } from 'node:zlib';
import { quote } from '../formats/text/quote.js';
import { Observations } from '../model/observations.js';
import { uploadLimits, UploadRefusedError } from './budget.js';
import { cleanPath, entryPath } from './paths.js';
import type { Reading, Source } from './reading.js';
import { isTar, readTar, type TarEntry } from './tar-entries.js';

/** RFC 1952 2.3.1: the magic of gzip, and deflate, its only method. */
export const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;

/** Reads a tar, a gzip of one, or a gzip of anything else, and every file in it. */
export function readArchive(source: Source, reading: Reading): readonly string[] {
  const observations = new Observations();
  const object = reading.open(source);
  const gzip = isGzip(source.bytes);
  const unzipped = gzip ? gunzip(source.bytes, reading) : { bytes: source.bytes, isComplete: true };
  if (!unzipped.isComplete) observations.report('MalformedObject', 'The gzip is cut off or damaged');
  const { bytes } = unzipped;

  // Files of the only part have paths within the archive: `pki/ca.crt`.
  const prefix = reading.upload.single && source.parent === null ? null : object.path;
  const inside = { parent: object.path, depth: source.depth + (gzip ? 2 : 1), expected: 'anything' } as const;
  let entries = 0;
  if (isTar(bytes)) {
    const files = readEntries(unzipped, reading, observations);
    entries = files.length;
    for (const { name, bytes: content } of files)
      reading.read({ ...inside, path: entryPath(prefix, name), bytes: content });
  } else if (bytes.length > 0) {
    entries = 1;
    reading.read({ ...inside, path: entryPath(prefix, nameInside(source)), bytes });
  }
  return object.fill(
    { type: 'Archive', format: gzip ? (isTar(bytes) ? 'tar.gz' : 'gzip') : 'tar', entries },
    observations.toArray(),
  );
}

interface Unzipped {
  readonly bytes: Buffer;
  readonly isComplete: boolean;
}

/** The content of a gzip, or its beginning where the gzip is cut off. */
function gunzip(bytes: Buffer, reading: Reading): Unzipped {
  const maxOutputLength = reading.left('decompressedOctets');
  const unzip = (finishFlush: number): Buffer => {
    try {
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, maxOutputLength), finishFlush });
    } catch (error) {
      if (error instanceof RangeError)
        throw new UploadRefusedError(
          'TooMuchCompressed',
          `the upload holds more than ${uploadLimits.decompressedOctets} octets once it is decompressed`,
        );
      throw error;
    }
  };
  let unzipped: Unzipped = { bytes: Buffer.alloc(0), isComplete: false };
  try {
    unzipped = { bytes: unzip(constants.Z_FINISH), isComplete: true };
  } catch (error) {
    if (error instanceof UploadRefusedError) throw error;
    try {
      unzipped = { bytes: unzip(constants.Z_SYNC_FLUSH), isComplete: false };
    } catch (again) {
      if (again instanceof UploadRefusedError) throw again;
    }
  }
  reading.spend('decompressedOctets', unzipped.bytes.length);
  return unzipped;
}

interface ArchivedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The files to read. Each entry that is left out becomes an observation about the archive. */
function readEntries(
  { bytes, isComplete }: Unzipped,
  reading: Reading,
  observations: Observations,
): readonly ArchivedFile[] {
  const { entries, headers, problem } = readTar(bytes, reading.left('archiveHeaders'));
  reading.spend('archiveHeaders', headers);
  if (problem === 'tooManyHeaders')
    throw new UploadRefusedError(
      'TooManyEntries',
      `the archives hold more than ${uploadLimits.archiveHeaders} headers`,
    );
  if (problem !== null && isComplete)
    observations.report('MalformedObject', `The archive is ${problem} after its entry number ${entries.length}`);

  const files: ArchivedFile[] = [];
  const names = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'directory') continue;
    const skipped = whySkipped(entry);
    const name = cleanPath(entry.name);
    if (skipped !== null || name === null) {
      observations.report('EntrySkipped', `The entry ${quote(entry.name)} is ${skipped ?? 'without a name'}`);
      continue;
    }
    if (names.has(name))
      observations.report(
        'DuplicateMember',
        `The archive holds ${quote(name)} more than once; unpacked, the last one stays`,
      );
    names.add(name);
    files.push({ name, bytes: entry.bytes });
  }
  return files;
}

function whySkipped({ kind, name }: TarEntry): string | null {
  if (kind === 'link') return 'a link';
  if (kind === 'device') return 'a device or pipe';
  if (kind === 'other') return 'of a kind that is not read';
  if (/^[/\\]|^[A-Za-z]:/.test(name)) return 'an absolute path';
  return /(?:^|[/\\])\.\.(?:[/\\]|$)/.test(name) ? 'a path that leads out of the archive' : null;
}

/** The name of the content of a gzip: FNAME (RFC 1952 2.3.1), or its own name without the ending. */
function nameInside({ path, bytes }: Source): string {
  const flags = bytes[3] ?? 0;
  if ((flags & 0x08) !== 0 && (flags & 0x04) === 0) {
    const end = bytes.indexOf(0, 10);
    const name = end < 0 ? null : cleanPath(bytes.toString('latin1', 10, Math.min(end, 10 + uploadLimits.nameLength)));
    if (name !== null) return name;
  }
  const own = path.slice(path.lastIndexOf('/') + 1);
  return own.endsWith('.gz') && own.length > 3 ? own.slice(0, -3) : 'content';
}
