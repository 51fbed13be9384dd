import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';

/** Longer lines end the reading: nothing that kubepass exports is as long. */
const longestLine = 32 * 1024 * 1024;

export interface ReadLinesOptions {
  readonly onOctets?: (octets: Buffer) => void;
  readonly octetsAtOnce?: number;
}

/**
 * The lines of a file, or of standard input for "-", several at a time and without their line feeds; a last line needs none.
 * Throws where the file cannot be read. `onOctets` is handed everything that is read.
 */
export async function* readLines(
  path: string,
  { onOctets, octetsAtOnce = 1024 * 1024 }: ReadLinesOptions = {},
): AsyncGenerator<readonly Buffer[], void, void> {
  const source = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: octetsAtOnce });
  let rest: Buffer = Buffer.alloc(0);
  for await (const read of source as AsyncIterable<Buffer>) {
    onOctets?.(read);
    const chunk = rest.length === 0 ? read : Buffer.concat([rest, read]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      lines.push(chunk.subarray(start, end));
      start = end + 1;
    }
    rest = chunk.subarray(start);
    if (rest.length > longestLine) throw new Error(`a line is longer than ${longestLine} octets`);
    yield lines;
  }
  if (rest.length > 0) yield [rest];
}

/** A checkpoint is a few hundred octets. */
const longestLastLine = 64 * 1024;

/** The last line of a file; null where it is empty, or the line is longer than a checkpoint. Throws as `readLines`. */
export function readLastLine(path: string): Buffer | null {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, longestLastLine));
    const read = readSync(file, tail, 0, tail.length, size - tail.length);
    const text = tail.subarray(0, tail[read - 1] === 0x0a ? read - 1 : read);
    const start = text.lastIndexOf(0x0a) + 1;
    return text.length === 0 || (start === 0 && size > tail.length) ? null : text.subarray(start);
  } finally {
    closeSync(file);
  }
}
