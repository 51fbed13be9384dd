import { createReadStream, fstat } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { readSecretFile } from '../config/secrets.js';

/** A key file, and where its passphrase comes from. At most one of the two is not null. */
export interface KeyFileSource {
  readonly file: string;
  readonly passphraseFile: string | null;
  /** A descriptor that the process was started with: of a file, a pipe or a socket. It is read once, and closed. */
  readonly passphraseFd: number | null;
}

/** Node takes no longer one. */
const mostOctets = 1024;
const mostMilliseconds = 10_000;

/**
 * Reads a passphrase, without the newline at its end; null where none is configured. The caller wipes it. Throws an
 * `Error` without an octet of it where it cannot be read, is empty or is too long.
 */
export async function readPassphrase(
  { file, passphraseFile, passphraseFd }: KeyFileSource,
  remarks: Parameters<typeof readSecretFile>[1],
): Promise<Buffer | null> {
  if (passphraseFile !== null) {
    if (dirname(resolve(passphraseFile)) === dirname(resolve(file)))
      remarks.warn({}, `${passphraseFile} lies beside the key that it opens: who can read one can read the other`);
    return withoutNewline(await readSecretFile(passphraseFile, remarks), passphraseFile);
  }
  if (passphraseFd === null) return null;
  const name = `file descriptor ${passphraseFd}`;
  const octets = await openDescriptor(passphraseFd)
    .then(gather)
    .catch((cause: unknown) => {
      throw new Error(`${name} gives no passphrase: ${cause instanceof Error ? cause.message : ''}`, { cause });
    });
  return withoutNewline(octets, name);
}

function withoutNewline(octets: Buffer, source: string): Buffer {
  let length = octets.length;
  if (octets[length - 1] === 0x0a) length -= octets[length - 2] === 0x0d ? 2 : 1;
  if (length > 0 && length <= mostOctets) return octets.subarray(0, length);
  octets.fill(0);
  throw new Error(`the passphrase in ${source} ${length === 0 ? 'is empty' : `has more than ${mostOctets} octets`}`);
}

async function openDescriptor(fd: number): Promise<Readable> {
  const stats = await promisify(fstat)(fd);
  if (stats.isFile()) return createReadStream('', { fd });
  // As a file it would hold one of libuv's threads for as long as somebody keeps its other end open.
  if (stats.isFIFO() || stats.isSocket()) return new Socket({ fd, readable: true, writable: false });
  throw new Error('it is neither a file nor a pipe nor a socket');
}

async function gather(stream: Readable): Promise<Buffer> {
  const late = setTimeout(() => stream.destroy(new Error('it has no end')), mostMilliseconds);
  const pieces: Buffer[] = [];
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      pieces.push(piece);
      if (pieces.length * piece.length > 64 * mostOctets) throw new Error('it gives more than a passphrase');
    }
    return Buffer.concat(pieces);
  } finally {
    clearTimeout(late);
    for (const piece of pieces) piece.fill(0);
  }
}
