import { createReadStream, fstat, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { readSecretFile } from '../../config/secrets.js';

/** A private key in a file, and where its passphrase is. */
export interface KeyFileSource {
  readonly file: string;
  /**
   * A file, or a descriptor that the process was started with: of a file, a pipe or a socket. That is read once, and
   * closed. Null: the key is not encrypted.
   */
  readonly passphrase: { readonly file: string } | { readonly fd: number } | null;
}

/** Node takes no longer one. */
const mostOctets = 1024;
const mostMilliseconds = 10_000;

/**
 * Reads a passphrase, without the newline at its end; null where none is configured. The caller wipes it. Throws an
 * `Error` without an octet of it where it cannot be read, is empty or is too long.
 */
export async function readPassphrase(
  { file, passphrase }: KeyFileSource,
  remarks: Parameters<typeof readSecretFile>[1],
): Promise<Buffer | null> {
  if (passphrase === null) return null;
  if ('fd' in passphrase) return withoutNewline(await readDescriptor(passphrase.fd), nameOf(passphrase.fd));
  if (dirname(resolve(passphrase.file)) === dirname(resolve(file)))
    remarks.warn({}, `${passphrase.file} lies beside the key that it opens: who can read one can read the other`);
  return withoutNewline(await readSecretFile(passphrase.file, remarks), passphrase.file);
}

function withoutNewline(octets: Buffer, source: string): Buffer {
  let length = octets.length;
  if (octets[length - 1] === 0x0a) length -= octets[length - 2] === 0x0d ? 2 : 1;
  if (length > 0 && length <= mostOctets) return octets.subarray(0, length);
  octets.fill(0);
  throw new Error(
    `the passphrase in ${source} ${length === 0 ? 'is empty: put it there' : `has more than ${mostOctets} octets`}`,
  );
}

const nameOf = (fd: number): string => `file descriptor ${fd}`;

async function readDescriptor(fd: number): Promise<Buffer> {
  try {
    return await gather(openDescriptor(fd, await promisify(fstat)(fd)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new Error(`${nameOf(fd)} gives no passphrase: ${reason}`, { cause });
  }
}

function openDescriptor(fd: number, stats: Stats): Readable {
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
