import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { longestLine } from './export-verifier.js';

/** Some lines of a file, without their line feeds. */
interface Lines {
  readonly lines: readonly Buffer[];
  /**
   * `Cut`: the file ends within the only line. `TooLong`: it is the beginning of a line that is longer than any event.
   */
  readonly end: 'Whole' | 'Cut' | 'TooLong';
}

interface ReadLinesOptions {
  /** Is handed everything that is read. */
  readonly onOctets?: (octets: Buffer) => void;
  readonly octetsAtOnce?: number;
}

/** The lines of a file, or of standard input for "-", several at a time. Throws where the file cannot be read. */
export async function* readLines(
  path: string,
  { onOctets, octetsAtOnce = 1024 * 1024 }: ReadLinesOptions = {},
): AsyncGenerator<Lines, void, void> {
  const source = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: octetsAtOnce });
  let rest: Buffer[] = [];
  let restLength = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    onOctets?.(chunk);
    const last = chunk.lastIndexOf(0x0a);
    if (last === -1) {
      rest.push(chunk);
      restLength += chunk.length;
      if (restLength > longestLine) {
        yield { lines: [Buffer.concat(rest)], end: 'TooLong' };
        return;
      }
      continue;
    }
    const whole = chunk.subarray(0, last);
    yield { lines: linesOf(rest.length === 0 ? whole : Buffer.concat([...rest, whole])), end: 'Whole' };
    rest = last + 1 < chunk.length ? [chunk.subarray(last + 1)] : [];
    restLength = chunk.length - last - 1;
  }
  if (rest.length > 0) yield { lines: [Buffer.concat(rest)], end: 'Cut' };
}

function linesOf(text: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = text.indexOf(0x0a); end !== -1; end = text.indexOf(0x0a, start)) {
    lines.push(text.subarray(start, end));
    start = end + 1;
  }
  lines.push(text.subarray(start));
  return lines;
}

/** The octets of a file, at most so many; null where it has more. Throws where it cannot be read. */
export function readSmallFile(path: string, mostOctets: number): Buffer | null {
  const file = openSync(path, 'r');
  try {
    const octets = Buffer.alloc(mostOctets + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < octets.length; length += read)
      read = readSync(file, octets, length, octets.length - length, null);
    return length > mostOctets ? null : octets.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Whether `path` is a stream, such as a pipe, whose end only reading shows. Throws where nothing is there. */
export const isReadOnce = (path: string): boolean => path === '-' || !statSync(path).isFile();

/** A checkpoint is a few hundred octets. */
const longestLastLine = 64 * 1024;

/**
 * The last line of a regular file; null where it is empty, its line feed lacks, or the line is longer than a
 * checkpoint. Throws where it cannot be read.
 */
export function readLastLine(path: string): Buffer | null {
  const file = openSync(path, 'r');
  try {
    const stats = fstatSync(file);
    const tail = Buffer.alloc(Math.min(stats.size, longestLastLine));
    const read = readSync(file, tail, 0, tail.length, stats.size - tail.length);
    if (tail[read - 1] !== 0x0a) return null;
    const text = tail.subarray(0, read - 1);
    const start = text.lastIndexOf(0x0a) + 1;
    return text.length === 0 || (start === 0 && stats.size > tail.length) ? null : text.subarray(start);
  } finally {
    closeSync(file);
  }
}
