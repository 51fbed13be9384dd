import { type Observation, Observations } from '../model/decoded.js';
import { isGoBase64, readBase64 } from './base64.js';
import { uploadLimits } from '../model/budget.js';
import { itemPath } from './paths.js';
import type { Reading, Source } from './reading.js';

/**
 * Reads every PEM block of a text. Other text may stand around them (RFC 7468 2). `mark`: the byte order mark before
 * the text.
 */
export function readPem(text: string, mark: ByteOrderMark, source: Source, reading: Reading): readonly string[] {
  const blocks: PemBlock[] = [];
  // One more than the limit is enough to be refused.
  for (let position = 0; blocks.length <= uploadLimits.objects;) {
    const block = nextPemBlock(text, position);
    if (block === null) break;
    blocks.push(block);
    position = block.end;
  }
  return blocks.map((block, i) =>
    readBlock(
      mark !== null && (mark !== 'UTF-8' || block.start === 0)
        ? { ...block, observations: [...block.observations, behind(mark)] }
        : block,
      { ...source, path: itemPath(source.path, i, blocks.length), depth: source.depth + 1 },
      reading,
    ),
  );
}

/** By the encoding whose byte order mark begins a text: where its PEM stands, and why that is no place for it. */
const placesBehind = {
  'UTF-8': 'behind a byte order mark, so for Go its BEGIN line does not begin the line',
  'UTF-16': 'in a text in UTF-16, which hardly any reader of PEM takes',
  none: 'in a text in UTF-16 without a byte order mark, which hardly any reader of PEM takes',
};
export type ByteOrderMark = keyof typeof placesBehind | null;

const behind = (mark: keyof typeof placesBehind): Observation => ({
  code: 'PemMalformed',
  message: `The PEM block stands ${placesBehind[mark]}`,
});

/** Decodes a block in its place. Answers the path of its object. */
export function readBlock(block: PemBlock, source: Omit<Source, 'bytes'>, reading: Reading): string {
  const { label, headers, bytes, observations } = block;
  reading.context.budget.spendOctets(bytes.length);
  return reading.decode({ path: source.path, bytes, label, headers }, source.parent, source.depth, observations);
}

/** A block between BEGIN and END lines (RFC 7468), in any layout. */
interface PemBlock {
  readonly label: string;
  /** RFC 1421 4.6. */
  readonly headers: Readonly<Record<string, string>>;
  /** The octets of its base64, as far as it can be decoded. */
  readonly bytes: Buffer;
  readonly observations: readonly Observation[];
  /** Offsets of the whole block in the text. */
  readonly start: number;
  readonly end: number;
}

export const PEM_BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';
const MAX_LABEL = 64;

/** Old labels, with those of RFC 7468 4 to 9 for the same content. */
const legacyLabels: ReadonlyMap<string, string> = new Map([
  ['X509 CERTIFICATE', 'CERTIFICATE'],
  ['X.509 CERTIFICATE', 'CERTIFICATE'],
  ['TRUSTED CERTIFICATE', 'CERTIFICATE'],
  ['NEW CERTIFICATE REQUEST', 'CERTIFICATE REQUEST'],
  ['CRL', 'X509 CRL'],
  ['CERTIFICATE CHAIN', 'PKCS7'],
  ['PKCS #7 SIGNED DATA', 'PKCS7'],
]);

/** The next block from `position` on; null where none begins. Each call takes linear time. */
export function nextPemBlock(text: string, position: number): PemBlock | null {
  const start = text.indexOf(PEM_BEGIN, position);
  if (start < 0) return null;
  const layout = new Layout();
  const begin = readLabel(text, start + PEM_BEGIN.length);
  if (!begin.complete) layout.malformed.add('its BEGIN line does not end in five dashes');
  else checkLine(text, 'BEGIN', [start, begin.end], layout);

  // OpenPGP armor (RFC 9580 6.2) looks alike but has other headers, and a checksum as its last line.
  const foreign = begin.label.startsWith('PGP ');
  const next = text.indexOf(PEM_BEGIN, begin.end);
  const limit = next < 0 ? text.length : next;
  // The search ends at the next block: else many blocks without END would each be searched to the end of the text.
  const ending = text.slice(begin.end, limit).indexOf(END);
  let bodyEnd = limit;
  let end = limit;
  if (ending < 0) layout.malformed.add('it has no END line');
  else {
    bodyEnd = begin.end + ending;
    const named = readLabel(text, bodyEnd + END.length);
    if (!named.complete) layout.malformed.add('its END line does not end in five dashes');
    else if (named.label !== begin.label) layout.malformed.add('BEGIN and END name different things');
    end = named.end;
    checkLine(text, 'END', [bodyEnd, end], layout);
  }
  const body = text.slice(begin.end, bodyEnd);
  if (foreign) return { label: begin.label, headers: {}, bytes: Buffer.alloc(0), observations: [], start, end };
  const { headers, bytes } = readCanonicalBody(body) ?? readBody(body, begin.label, layout);
  return { label: begin.label, headers, bytes, observations: layout.observations(begin.label), start, end };
}

/** Says what is wrong with the layout of a block, in one sentence of each kind. */
class Layout {
  readonly malformed = new Set<string>();
  readonly unusual = new Set<string>();

  observations(label: string): readonly Observation[] {
    const modern = legacyLabels.get(label);
    if (this.malformed.size === 0 && this.unusual.size === 0 && modern === undefined) return [];
    const observations = new Observations();
    const { report } = observations;
    if (this.malformed.size > 0)
      report('PemMalformed', `The PEM block is malformed: ${[...this.malformed].join(', ')}`);
    if (modern !== undefined) report('PemLegacyLabel', `The PEM label is "${label}", which is "${modern}" today`);
    if (this.unusual.size > 0)
      report('PemUnusualForm', `The PEM block is laid out unusually: ${[...this.unusual].join(', ')}`);
    return observations.toArray();
  }
}

/** The label at `position`, and the end of the dashes behind it. RFC 7468 3: labels are printable. */
function readLabel(text: string, position: number): { label: string; end: number; complete: boolean } {
  let line = /^[\x20-\x7e]*/.exec(text.slice(position, position + MAX_LABEL + DASHES.length))?.[0] ?? '';
  const dashes = line.indexOf(DASHES);
  if (dashes >= 0) return { label: line.slice(0, dashes), end: position + dashes + DASHES.length, complete: true };
  const length = line.length;
  line = line.replace(/-*\s*$/, '').slice(0, MAX_LABEL);
  return { label: line, end: position + length, complete: false };
}

/**
 * Checks that BEGIN or END stands on a line of its own, as Go wants it: encoding/pem ends lines with a line feed.
 * Blanks before it are layout where other text comes first, such as the key of a YAML value.
 */
function checkLine(text: string, which: string, [start, end]: readonly [number, number], layout: Layout): void {
  const before = lineBefore(text, start);
  if (before !== '' && isBlank(before))
    layout[/^\s{0,999}(?!-----BEGIN )\S/.test(text) ? 'unusual' : 'malformed'].add('its lines are indented');
  else if (start > 0 && text[start - 1] !== '\n') layout.malformed.add(`its ${which} line does not begin the line`);
  const after = /[ \t]*(?:\r?\n|$)/y;
  after.lastIndex = end;
  if (!after.test(text)) layout.malformed.add(`something follows on its ${which} line`);
}

/** Characters of a line that are looked at. */
const LOOK = 256;

/** The beginning of the line on which something stands. */
export function lineBefore(text: string, position: number): string {
  const before = text.slice(Math.max(0, position - LOOK), position);
  return before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1).replace(/^\ufeff/, '');
}

const isBlank = (text: string): boolean => /^[ \t\f\v]*$/.test(text);

interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const noHeaders: Readonly<Record<string, string>> = {};
const LINE = 64;
const LF = 10;

/** Reads base64 in lines of 64 characters, which nearly all bodies are; null for any other body. */
function readCanonicalBody(withLineEnds: string): Body | null {
  const body = withLineEnds.includes('\r') ? withLineEnds.replaceAll('\r\n', '\n') : withLineEnds;
  const last = body.length - 1;
  if (last < 2 || body.charCodeAt(0) !== LF || body.charCodeAt(last) !== LF) return null;
  for (let i = LINE + 1; i < last; i += LINE + 1) if (body.charCodeAt(i) !== LF) return null;
  const base64 = body.replaceAll('\n', '');
  if (base64.length !== last - Math.ceil((last - 1) / (LINE + 1))) return null;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? { headers: noHeaders, bytes } : null;
}

function readBody(body: string, label: string, layout: Layout): Body {
  let text = body;
  // Environment variables and source code often write line ends as \n.
  if (/\\[rn]/.test(text)) {
    layout.malformed.add('its line ends are written as \\n');
    text = text.replaceAll(/(?:\\r)?\\n|\\r/g, '\n');
  }
  if (!/[\r\n]/.test(text)) layout.malformed.add('it stands on one line');
  const { headers, lines } = splitHeaders(text.split(/\r\n|\r|\n/));
  if (Object.keys(headers).length > 0 && !('Proc-Type' in headers))
    // k8s.io/client-go/util/cert passes over certificates with headers.
    (label === 'CERTIFICATE' ? layout.malformed : layout.unusual).add('it has headers, which RFC 7468 does not know');

  // Go passes over blanks and tabs, and over nothing else.
  const trimmed = lines.map((line) => line.replaceAll(/[ \t]/g, ''));
  if (lines.some((line, i) => line !== trimmed[i])) layout.unusual.add('there are blanks at the ends of lines');
  const first = trimmed.findIndex((line) => line !== '');
  const last = trimmed.findLastIndex((line) => line !== '');
  const used = first < 0 ? [] : trimmed.slice(first, last + 1);
  if (used.includes('')) layout.unusual.add('there are empty lines in it');
  const full = used.filter((line) => line !== '');
  // OpenSSH writes lines of 70 characters.
  const width = label === 'OPENSSH PRIVATE KEY' ? 70 : LINE;
  const uneven = full.slice(0, -1).some((line) => line.length !== width) || (full.at(-1)?.length ?? 0) > width;
  if (uneven) layout.unusual.add(`its lines are not ${width} characters long`);

  const base64 = full.join('');
  const { bytes, problem } = readBase64(base64);
  // Go passes over bits behind the end.
  if (problem !== null) (base64 !== '' && isGoBase64(base64) ? layout.unusual : layout.malformed).add(problem);
  return { headers, bytes };
}

/** RFC 1421 4.4: headers, which may continue on the next line. Base64 has no colon. */
function splitHeaders(lines: readonly string[]): {
  headers: Readonly<Record<string, string>>;
  lines: readonly string[];
} {
  const headers: Record<string, string> = {};
  let name: string | null = null;
  let i = 0;
  while (i < lines.length && isBlank(lines[i] ?? '')) i += 1;
  for (; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    const header = /^\s*([A-Za-z][A-Za-z0-9-]{0,63}):(.*)$/.exec(line);
    if (header) {
      name = header[1] ?? '';
      headers[name] = (header[2] ?? '').trim();
    } else if (name !== null && /^[ \t]+\S/.test(line)) headers[name] = `${headers[name] ?? ''}${line.trim()}`;
    else break;
  }
  return name === null ? { headers: noHeaders, lines } : { headers, lines: lines.slice(i) };
}
