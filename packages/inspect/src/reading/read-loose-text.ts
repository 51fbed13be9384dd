import { BASE64_PEM_BEGIN } from './base64.js';
import { uploadLimits } from '../model/budget.js';
import { isWholeSequence, looksLikeOpenSshKey } from '../der/recognise.js';
import { lineBefore, nextPemBlock, PEM_BEGIN, readBlock } from './read-pem.js';
import type { Reading } from './reading.js';

/** The object that contains the text. */
interface LooseText {
  readonly path: string;
  readonly depth: number;
  readonly text: string;
  /** The line in the upload's text on which this text begins, from 1. */
  readonly firstLine: number;
  /** Whether the text is code or prose, where PEM is written in any way, and often only as an example. */
  readonly quotes?: boolean;
}

/**
 * Reads PEM, and base64 of PEM or DER, in a text whose structure cannot be read: a kubeconfig with a broken line, the
 * template of a chart. Answers the paths of what it finds, each with its key or its line.
 */
export function readLooseText(
  { path, depth, text, firstLine, quotes }: LooseText,
  reading: Reading,
): readonly string[] {
  const found: string[] = [];
  const lineAt = lineNumbers(text, firstLine);
  const placeOf = (offset: number): string => reading.insidePath(path, [keyBefore(text, offset) ?? lineAt(offset)]);
  let end = 0;
  // One more than the limit is enough to be refused.
  while (found.length <= uploadLimits.objects) {
    const next = nextThing(text, end);
    if (next === null) break;
    const at = { path: placeOf(next.start), parent: path, depth: depth + 1, expected: 'perhaps' } as const;
    if (next.block !== null) {
      if (quotes !== true) found.push(readBlock(next.block, at, reading));
      else if (isCredential(next.block)) found.push(readBlock({ ...next.block, observations: [] }, at, reading));
    } else if (isWholeSequence(next.bytes) || next.bytes.includes(PEM_BEGIN)) {
      reading.context.budget.spendOctets(next.bytes.length);
      found.push(...reading.read({ ...at, bytes: next.bytes }));
    }
    end = next.end;
  }
  return found;
}

const isCredential = ({ bytes, headers }: NonNullable<Thing['block']>): boolean =>
  isWholeSequence(bytes) || looksLikeOpenSshKey(bytes) || 'Proc-Type' in headers;

/** The octets that begin a SEQUENCE of 128 octets and more, in base64. */
const beginning = new RegExp(`${PEM_BEGIN}|(?<![A-Za-z0-9+/_-])(?:${BASE64_PEM_BEGIN}|MI[GHI])[A-Za-z0-9+/]{40}`, 'g');

/** `block`: null for a run of base64. */
interface Thing {
  readonly block: NonNullable<ReturnType<typeof nextPemBlock>> | null;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The next PEM block or run of base64 from an offset on; null where there is none. */
function nextThing(text: string, from: number): Thing | null {
  beginning.lastIndex = from;
  const match = beginning.exec(text);
  if (match === null) return null;
  const block = match[0] === PEM_BEGIN ? nextPemBlock(text, match.index) : null;
  if (block !== null) return { block, bytes: block.bytes, start: match.index, end: block.end };
  const { base64, end } = runOfBase64(text, match.index);
  return { block: null, bytes: Buffer.from(base64, 'base64'), start: match.index, end };
}

const run = /[A-Za-z0-9+/]+={0,2}/y;
/** A line that holds nothing but base64. */
const continued = /[ \t]*\r?\n[ \t]*([A-Za-z0-9+/]{2,}={0,2})(?=[ \t]*(?:\r?\n|$))/y;

/** A run of base64, with the lines of base64 that follow it. */
function runOfBase64(text: string, from: number): { readonly base64: string; readonly end: number } {
  run.lastIndex = from;
  const pieces = [run.exec(text)?.[0] ?? ''];
  let end = from + (pieces[0]?.length ?? 0);
  while (pieces.at(-1)?.endsWith('=') === false) {
    continued.lastIndex = end;
    const [whole = '', more] = continued.exec(text) ?? [];
    if (more === undefined) break;
    pieces.push(more);
    end += whole.length;
  }
  return { base64: pieces.join(''), end };
}

/** The key that stands before a value on its line: `client-key-data: …`, `"ca": "…"`. */
const keyBefore = (text: string, offset: number): string | null =>
  /([A-Za-z0-9_][A-Za-z0-9_.-]{0,62})["']?[ \t]*[:=][ \t]*["'|>]?[ \t]*$/.exec(lineBefore(text, offset))?.[1] ?? null;

/** Numbers lines in one pass, for offsets that grow. */
function lineNumbers(text: string, firstLine: number): (offset: number) => string {
  let line = firstLine;
  let from = 0;
  return (offset) => {
    for (let next = text.indexOf('\n', from); next >= 0 && next < offset; next = text.indexOf('\n', from)) {
      line += 1;
      from = next + 1;
    }
    return `line ${line}`;
  };
}
