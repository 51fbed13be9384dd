import { isAscii, isUtf8 } from 'node:buffer';
import { counted } from '../formats/text/duration-in-words.js';
import { BASE64_PEM_BEGIN, wholeBase64 } from './base64.js';
import { uploadLimits } from '../model/budget.js';
import { isWholeSequence, looksLikeSequence } from '../der/recognise.js';
import { isGzip, isTar, readArchive } from './read-archive.js';
import { looksLikeDocuments, readKubernetesDocuments } from './read-kubernetes-documents.js';
import { readLooseText } from './read-loose-text.js';
import { type ByteOrderMark, PEM_BEGIN, readPem } from './read-pem.js';
import type { Reading, Source } from './reading.js';
import type { Observation } from '../model/decoded.js';

/** Reads bytes by their content. A name only tells code, prose and templates from manifests. */
export function readBytes(source: Source, reading: Reading): readonly string[] {
  const { bytes, expected } = source;
  if (bytes.length === 0) return unknown(source, null, reading);
  // DER comes first: no file's name begins like DER as long as its tar, but DER may hold what looks like a header.
  if (isWholeSequence(bytes)) return readDer(source, reading);
  if (expected === 'anything' && (isGzip(bytes) || isTar(bytes))) return readArchive(source, reading);
  const text = textOf(bytes);
  if (text !== null) return readText(text, source, reading);
  if (looksLikeSequence(bytes)) return readDer(source, reading);
  return unknown(source, resemblanceOfBytes(bytes), reading);
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

function resemblanceOfBytes(bytes: Buffer): string | null {
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
  ['6167652d656e6372', 'a file that age encrypted'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['7f454c46', 'a program'],
  ['89504e47', 'an image (PNG)'],
  ['25504446', 'a PDF'],
  ['53514c69746520', 'an SQLite database'],
];

/** Reads a text: Kubernetes documents, PEM, or base64 of anything. */
function readText({ text, mark }: Text, source: Source, reading: Reading): readonly string[] {
  const named = source.expected === 'anything' ? namedTexts.find(([name]) => name.test(source.path)) : undefined;
  if (named) return readUnstructured(text, named[1], source, reading);
  if (source.expected !== 'credential' && looksLikeDocuments(text)) {
    const found = readKubernetesDocuments(text, source, reading);
    if (found !== null) {
      if (mark === 'none') for (const path of found) reading.observe(path, unmarked);
      return found;
    }
  }
  if (text.includes(PEM_BEGIN))
    return source.expected === 'anything' && text.includes('{{')
      ? readUnstructured(text, 'a template', source, reading)
      : readPem(text, mark, source, reading);
  const unwrapped = wholeBase64(text);
  if (unwrapped !== null && isWorthReading(unwrapped)) {
    reading.context.budget.spendOctets(unwrapped.length);
    return reading.read({ ...source, bytes: unwrapped, depth: source.depth + 1 });
  }
  // A command that was pasted, a file of variables.
  if (source.expected === 'anything' && text.includes(BASE64_PEM_BEGIN))
    return readUnstructured(text, 'a text', source, reading);
  return unknown(source, resemblanceOfText(text), reading);
}

/** Any of these may have lines that begin like a manifest. */
const namedTexts: readonly (readonly [RegExp, string])[] = [
  [/\.(?:mdx?|markdown|rst|adoc)$/i, 'a document'],
  [/\.(?:tpl|(?:go)?tmpl|j2|erb)$/i, 'a template'],
  [/\.(?:go|[cm]?[jt]sx?|py|rb|rs|java|kt|[ch]|cc|cpp|cs|php|sh|bash|ps1|proto|jsonnet|cue|rego|bzl|tf|mk)$/i, 'code'],
  [/(?:^|\/)(?:GNUm|M|m)akefile$|(?:^|\/)(?:Docker|Jenkins|Tilt|Vagrant)file[^/]*$/, 'code'],
];

/** Reads PEM and base64 of PEM in a text of no structure. */
function readUnstructured(text: string, is: string, source: Source, reading: Reading): readonly string[] {
  const object = reading.open(source);
  const loose = { path: object.path, depth: source.depth, text, firstLine: 1, quotes: is !== 'a text' };
  const found = readLooseText(loose, reading).length;
  const message =
    found > 0
      ? `It is ${is} that holds ${counted(found, 'object')}`
      : `It is ${is === 'a text' ? 'nothing that is inspected here' : `${is}, which is not inspected`}`;
  return object.fill({ type: 'Unknown', bytes: source.bytes.length, resembles: is }, [
    { code: 'UnrecognisedContent', message },
  ]);
}

/** Whether octets from base64 are something to read. Any word is base64 of something. */
function isWorthReading(bytes: Buffer, depth = 0): boolean {
  if (looksLikeSequence(bytes) || isGzip(bytes) || isTar(bytes)) return true;
  const text = textOf(bytes)?.text ?? '';
  if (text.includes(PEM_BEGIN)) return true;
  if (!/^[\t\r\n\x20-\x7e]+$/.test(text.slice(0, 64))) return false;
  if (looksLikeDocuments(text)) return true;
  const unwrapped = wholeBase64(text);
  // Deeper base64 in base64 is refused when it is read.
  return unwrapped !== null && (depth === uploadLimits.depth || isWorthReading(unwrapped, depth + 1));
}

function resemblanceOfText(text: string): string | null {
  const start = text.slice(0, 256).trimStart();
  return shapesOfTexts.find(([shape]) => shape.test(start))?.[1] ?? null;
}

const shapesOfTexts: readonly (readonly [RegExp, string])[] = [
  [/^(?:ssh|ecdsa)-[a-z0-9@.-]+ AAAA/, 'an OpenSSH public key'],
  [/^---- BEGIN SSH2 /, 'an SSH2 public key'],
  [/^PuTTY-User-Key-File-/, 'a PuTTY private key'],
  [/^(?:#[^\n]*\n+)*AGE-(?:SECRET-KEY|PLUGIN)-/, 'a private key of age'],
  [/^age1[a-z0-9]{20}/, 'a public key of age'],
  [/^\[(?:Interface|Peer)\]/, 'a configuration of WireGuard'],
  // The last of the 43 characters stands for four bits.
  [/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\s*$/, 'a key of WireGuard, or other 32 octets in base64'],
  [/^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/, 'a token (JWT)'],
  [/^-----BEGIN/, 'a PEM block that is cut off'],
  [/^<\?xml|^<!doctype|^<html/i, 'a markup document'],
];

/** Opens an object for bytes that are not read. `resembles` says in words what they look like. */
function unknown(source: Source, resembles: string | null, reading: Reading): readonly string[] {
  if (source.expected === 'perhaps') return [];
  const object = reading.open(source);
  const is = resembles === null ? 'is nothing that is known here' : `looks like ${resembles}`;
  return object.fill({ type: 'Unknown', bytes: source.bytes.length, resembles }, [
    source.bytes.length === 0
      ? { code: 'UnrecognisedContent', message: 'It is empty' }
      : source.expected === 'credential'
        ? { code: 'MalformedObject', message: `A certificate or key in PEM belongs here, and what is there ${is}` }
        : {
            code: resembles?.startsWith('a Java keystore') === true ? 'JavaKeystore' : 'UnrecognisedContent',
            message: resembles === null ? 'It is nothing that is inspected here' : `It ${is}, which is not inspected`,
          },
  ]);
}

/**
 * `mark`: Windows shells write redirected output in UTF-16, and its editors put a mark before UTF-8. `none`: UTF-16
 * without a mark.
 */
interface Text {
  readonly text: string;
  readonly mark: ByteOrderMark;
}

const unmarked: Observation = {
  code: 'NotLoadable',
  message: 'It is in UTF-16 without a byte order mark, where kubectl sees control characters',
};

/** The begin of a text in UTF-16: a byte order mark, or ASCII with zeros between. */
const [littleEndian, bigEndian] = [/^(?:\xff\xfe|(?:[\t\r\n -~]\0){2,}$)/, /^(?:\xfe\xff|(?:\0[\t\r\n -~]){2,}$)/];

/** Null for bytes that are no text. Text in any encoding may stand around PEM. */
function textOf(bytes: Buffer): Text | null {
  // Nearly all PEM is ASCII, and is a text whatever else is in it.
  if (bytes.toString('latin1', 0, PEM_BEGIN.length) === PEM_BEGIN && isAscii(bytes))
    return { text: bytes.toString('latin1'), mark: null };
  const start = bytes.toString('latin1', 0, 64);
  if (littleEndian.test(start)) return ofUtf16(bytes);
  if (bigEndian.test(start) && bytes.length % 2 === 0) return ofUtf16(Buffer.from(bytes).swap16());
  const text = isUtf8(bytes) ? bytes.toString('utf8') : null;
  if (text !== null && !controls.test(text))
    return text.startsWith('\ufeff') ? { text: text.slice(1), mark: 'UTF-8' } : { text, mark: null };
  return bytes.includes(PEM_BEGIN) && !looksLikeSequence(bytes) ? { text: bytes.toString('latin1'), mark: null } : null;
}

function ofUtf16(bytes: Buffer): Text {
  const text = bytes.toString('utf16le');
  return text.startsWith('\ufeff') ? { text: text.slice(1), mark: 'UTF-16' } : { text, mark: 'none' };
}

/** Control characters besides blanks, line ends and the escape of terminal colours. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const controls = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;
