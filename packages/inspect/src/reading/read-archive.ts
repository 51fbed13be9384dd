import { constants, gunzipSync } from 'node:zlib';
import { quote } from '../formats/text/quote.js';
import { Observations } from '../model/decoded.js';
import { uploadLimits, UploadRefusedError } from '../model/budget.js';
import { cleanPath, entryPath } from './paths.js';
import type { Reading, Source } from './reading.js';

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
  const maxOutputLength = Math.max(1, reading.left('decompressedOctets'));
  for (const finishFlush of [constants.Z_FINISH, constants.Z_SYNC_FLUSH])
    try {
      const unzipped = gunzipSync(bytes, { maxOutputLength, finishFlush });
      reading.spend('decompressedOctets', unzipped.length);
      return { bytes: unzipped, isComplete: finishFlush === constants.Z_FINISH };
    } catch (error) {
      if (error instanceof RangeError)
        throw new UploadRefusedError(
          'TooMuchCompressed',
          `the upload holds more than ${uploadLimits.decompressedOctets} octets once it is decompressed`,
        );
    }
  return { bytes: Buffer.alloc(0), isComplete: false };
}

/** The files to read. Each entry that is left out becomes an observation about the archive. */
function readEntries(
  { bytes, isComplete }: Unzipped,
  reading: Reading,
  observations: Observations,
): readonly Pick<TarEntry, 'name' | 'bytes'>[] {
  const { entries, headers, problem } = readTar(bytes, reading.left('archiveHeaders'));
  reading.spend('archiveHeaders', headers);
  if (problem === 'tooManyHeaders')
    throw new UploadRefusedError(
      'TooManyEntries',
      `the archives hold more than ${uploadLimits.archiveHeaders} headers`,
    );
  if (problem !== null && isComplete)
    observations.report('MalformedObject', `The archive is ${problem} after its entry number ${entries.length}`);

  const files: Pick<TarEntry, 'name' | 'bytes'>[] = [];
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

/** One entry of a tar: POSIX.1-2017 pax, ustar, GNU or V7. `bytes` is a view into the tar. */
interface TarEntry {
  readonly name: string;
  readonly kind: TarEntryKind;
  readonly bytes: Buffer;
}

type TarEntryKind = 'file' | 'directory' | 'link' | 'device' | 'other';

interface TarReading {
  readonly entries: readonly TarEntry[];
  /** Headers that were read, including those that only describe the next header. */
  readonly headers: number;
  /** Why the rest could not be read; null where everything was read. */
  readonly problem: 'truncated' | 'damaged' | 'tooManyHeaders' | null;
}

const BLOCK = 512;

/** Whether the first block is a tar header by its checksum, or the tar is empty: only zeros. */
export const isTar = (bytes: Buffer): boolean =>
  bytes.length >= BLOCK && (isHeader(bytes.subarray(0, BLOCK)) || isEmptyTar(bytes));

const isEmptyTar = (bytes: Buffer): boolean =>
  bytes.length >= 2 * BLOCK && bytes.length % BLOCK === 0 && bytes.equals(Buffer.alloc(bytes.length));

/**
 * Reads the entries of a whole tar in one pass. Each size comes from the header in front of it and is bounded by the
 * bytes. Nothing is copied, followed or written.
 */
export function readTar(bytes: Buffer, maxHeaders: number): TarReading {
  const entries: TarEntry[] = [];
  let headers = 0;
  let position = 0;
  const globals = new Map<string, string>();
  let next = new Map<string, string>();
  const done = (problem: TarReading['problem']): TarReading => ({ entries, headers, problem });

  while (position + BLOCK <= bytes.length) {
    const header = bytes.subarray(position, position + BLOCK);
    if (isZero(header)) return done(null);
    if (!isHeader(header)) return done('damaged');
    headers += 1;
    if (headers > maxHeaders) return done('tooManyHeaders');

    const type = String.fromCharCode(header[156] ?? 0);
    const described = type === 'x' || type === 'g' || type === 'L' || type === 'K';
    const size = described ? numberAt(header, 124, 12) : sizeOf(next, header);
    const start = position + BLOCK;
    if (size === null) return done('damaged');
    const end = start + size;
    if (end > bytes.length) return done('truncated');
    const content = bytes.subarray(start, end);
    position = start + Math.ceil(size / BLOCK) * BLOCK;

    if (type === 'x') readPax(content, next);
    else if (type === 'g') readPax(content, globals);
    else if (type === 'L') next.set('path', textAt(content, 0, content.length));
    else if (!described) {
      const name = next.get('path') ?? globals.get('path') ?? nameOf(header);
      // GNU tar before 1.13 marks directories only by their names.
      const kind =
        type === '\0' || type === '0' || type === '7' ? (name.endsWith('/') ? 'directory' : 'file') : kindOf(type);
      entries.push({ name, kind: next.has('GNU.sparse.major') ? 'other' : kind, bytes: content });
      next = new Map();
    }
  }
  // A tar ends with two blocks of zeros, or with the bytes between two entries.
  return done(position > bytes.length ? 'truncated' : position === bytes.length ? null : 'damaged');
}

function kindOf(type: string): TarEntryKind {
  if (type === '5') return 'directory';
  if (type === '1' || type === '2') return 'link';
  return type === '3' || type === '4' || type === '6' ? 'device' : 'other';
}

function sizeOf(described: ReadonlyMap<string, string>, header: Buffer): number | null {
  const size = described.get('size');
  if (size === undefined) return numberAt(header, 124, 12);
  return /^\d{1,15}$/.test(size) ? Number(size) : null;
}

function nameOf(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Reads the records of a pax header: `<length> <keyword>=<value>\n`. The length is that of the whole record. */
function readPax(content: Buffer, into: Map<string, string>): void {
  let position = 0;
  while (position < content.length) {
    const digits = /^(\d{1,7}) /.exec(content.toString('latin1', position, position + 8))?.[1];
    const end = position + Number(digits ?? 0);
    if (digits === undefined || end <= position + digits.length || end > content.length) return;
    const record = content.toString('utf8', position + digits.length + 1, end - 1);
    const separator = record.indexOf('=');
    if (separator > 0) {
      const keyword = record.slice(0, separator);
      if (keywords.has(keyword)) into.set(keyword, record.slice(separator + 1));
    }
    position = end;
  }
}

const keywords = new Set(['path', 'size', 'GNU.sparse.major']);

/** Octal digits, or base 256 where the first bit is set; null for anything else and for negative numbers. */
function numberAt(header: Buffer, offset: number, length: number): number | null {
  const field = header.subarray(offset, offset + length);
  const first = field[0] ?? 0;
  if (first >= 0x80) {
    if (first !== 0x80) return null;
    let value = 0;
    for (const octet of field.subarray(1)) value = value * 256 + octet;
    return Number.isSafeInteger(value) ? value : null;
  }
  const digits = textAt(field, 0, length).trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits === '' ? '0' : digits, 8) : null;
}

function textAt(bytes: Buffer, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

const isZero = (block: Buffer): boolean => block.every((octet) => octet === 0);

/** The checksum is the sum of the octets, with blanks in place of the checksum itself. */
function isHeader(block: Buffer): boolean {
  const stored = numberAt(block, 148, 8);
  if (stored === null || stored === 0) return false;
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  return sum === stored && sum !== 8 * 0x20;
}
