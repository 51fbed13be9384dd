import { refuse, type RefusedInput } from './input-refusal.js';

export type PemRefusalReason = 'NotPem' | 'WrongPemLabel' | 'SeveralPemBlocks' | 'TrailingData';

/** The label of a certification request (RFC 7468 section 7). */
export const CSR_PEM_LABEL = 'CERTIFICATE REQUEST';

/** Writes a PEM block by RFC 7468: lines of 64 characters, a newline after the last. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  let lines = '';
  for (let at = 0; at < base64.length; at += 64) lines += `${base64.slice(at, at + 64)}\n`;
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/** Writes certificates one after the other, as TLS has a chain: a leaf first. */
export function encodeCertificates(certificates: readonly { readonly der: Uint8Array }[]): string {
  return certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
}

/**
 * Reads a text that is one PEM block with this label, with nothing but whitespace around it. Two blocks are refused,
 * because parsers disagree about which one counts.
 */
export function decodeSinglePem(
  text: string,
  label: string,
): { readonly ok: true; readonly der: Buffer } | RefusedInput<PemRefusalReason> {
  const found = nextBlock(text, 0);
  if (found === null)
    return refuse(
      'NotPem',
      isBase64OfPem(text)
        ? `this is base64 of PEM, and the PEM itself is expected: decode it once, for example with "base64 -d"`
        : `a PEM block "${label}" is expected`,
    );
  if ('problem' in found) return refuse('NotPem', found.problem);
  if (text.includes(BEGIN, found.end))
    return refuse('SeveralPemBlocks', 'one PEM block is expected, and there are several');
  if (found.label !== label)
    return refuse('WrongPemLabel', `the PEM label is ${JSON.stringify(found.label)}, not "${label}"`);
  if (!isBlank(text.slice(0, found.start))) return refuse('NotPem', 'there is text before the PEM block');
  if (!isBlank(text.slice(found.end))) return refuse('TrailingData', 'there is text after the PEM block');
  return { ok: true, der: found.der };
}

/**
 * Reads a file of one or more PEM blocks with this label, as an operator supplies it: explanatory text around the
 * blocks is allowed (RFC 7468 section 2), blocks with another label are not.
 */
export function decodePemBundle(
  text: string,
  label: string,
): { readonly ok: true; readonly ders: readonly Buffer[] } | RefusedInput<PemRefusalReason> {
  const ders: Buffer[] = [];
  let position = 0;
  for (;;) {
    const found = nextBlock(text, position);
    if (found === null) break;
    if ('problem' in found) return refuse('NotPem', found.problem);
    if (found.label !== label)
      return refuse('WrongPemLabel', `a PEM label is ${JSON.stringify(found.label)}, not "${label}"`);
    ders.push(found.der);
    position = found.end;
  }
  return ders.length > 0 ? { ok: true, ders } : refuse('NotPem', `no PEM block "${label}" is found`);
}

interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
  readonly start: number;
  readonly end: number;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/** Whether the text is base64 of PEM, as Kubernetes has it in `spec.request` and in the data of a Secret. */
const isBase64OfPem = (text: string): boolean =>
  Buffer.from(text.slice(0, 256), 'base64').toString('latin1').trimStart().startsWith(BEGIN);

/** Finds the next block from `position` on; null where no line begins one. Runs in linear time. */
function nextBlock(text: string, position: number): PemBlock | { readonly problem: string } | null {
  let start = text.indexOf(BEGIN, position);
  while (start > 0 && !startsLine(text, start)) start = text.indexOf(BEGIN, start + 1);
  if (start < 0) return null;

  const beginLineEnd = endOfLine(text, start);
  const wholeLine = text.slice(start, beginLineEnd);
  const beginLine = wholeLine.trimEnd();
  if (
    !beginLine.endsWith(DASHES) ||
    beginLine.length < BEGIN.length + DASHES.length ||
    !isBlank(wholeLine.slice(beginLine.length))
  )
    return { problem: 'the PEM BEGIN line is incomplete' };
  const label = beginLine.slice(BEGIN.length, -DASHES.length);

  const endMarker = `\n-----END ${label}-----`;
  const endStart = text.indexOf(endMarker, beginLineEnd);
  if (endStart < 0) return { problem: `the PEM END line for ${JSON.stringify(label)} is missing` };
  const base64 = text.slice(beginLineEnd, endStart).replace(/[ \t\r\n]+/g, '');
  const der = Buffer.from(base64, 'base64');
  // Node skips characters outside base64. Only canonical base64 is written back as the same text.
  if (base64 === '' || der.toString('base64') !== base64)
    return { problem: 'the PEM block does not hold canonical base64' };
  return { label, der, start, end: endStart + endMarker.length };
}

const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

const startsLine = (text: string, position: number): boolean => position === 0 || text[position - 1] === '\n';

function endOfLine(text: string, position: number): number {
  const end = text.indexOf('\n', position);
  return end < 0 ? text.length : end;
}
