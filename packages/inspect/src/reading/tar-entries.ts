/** One entry of a tar: POSIX.1-2017 pax, ustar, GNU or V7. `bytes` is a view into the tar. */
export interface TarEntry {
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
