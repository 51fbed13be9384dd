import { isWholeSequence, looksLikeSequence } from './der-header.js';
import { isGzip, isTar, readArchive } from './read-archive.js';
import { readText } from './read-text.js';
import type { Reading, Source } from './reading.js';
import { textOf } from './text-of.js';
import { unknown } from './unknown.js';

/** Reads bytes by what they are; nothing is told by a name. */
export function readBytes(source: Source, reading: Reading): readonly string[] {
  const { bytes, expected } = source;
  if (bytes.length === 0) return unknown(source, null, reading);
  if (expected === 'anything' && (isGzip(bytes) || isTar(bytes))) return readArchive(source, reading);
  if (isWholeSequence(bytes)) return readDer(source, reading);
  const text = textOf(bytes);
  if (text !== null) return readText(text, source, reading);
  if (looksLikeSequence(bytes)) return readDer(source, reading);
  return unknown(source, resemblance(bytes), reading);
}

function readDer({ path, bytes, parent, depth, expected }: Source, reading: Reading): readonly string[] {
  const piece = { path, bytes, label: null, headers: {} };
  return [
    reading.decode(
      piece,
      parent,
      depth,
      expected === 'credential'
        ? [{ code: 'PemMalformed', message: 'It is bare DER where Kubernetes reads PEM alone' }]
        : [],
    ),
  ];
}

function resemblance(bytes: Buffer): string | null {
  const start = bytes.subarray(0, 8).toString('hex');
  return magics.find(([magic]) => start.startsWith(magic))?.[1] ?? null;
}

const magics: readonly (readonly [string, string])[] = [
  ['feedfeed', 'a Java keystore (JKS)'],
  ['cececece', 'a Java keystore (JCEKS)'],
  ['504b0304', 'a ZIP archive'],
  ['1f8b', 'gzip'],
  ['425a68', 'bzip2'],
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['7f454c46', 'a program'],
  ['89504e47', 'an image (PNG)'],
  ['25504446', 'a PDF'],
  ['53514c69746520', 'an SQLite database'],
];
