import { isUtf8 } from 'node:buffer';
import { looksLikeSequence } from './der-header.js';
import { PEM_BEGIN } from './pem-blocks.js';

/** A text, and whether it is in UTF-16, as Windows shells redirect output. */
export interface Text {
  readonly text: string;
  readonly isUtf16: boolean;
}

/** The text that bytes are; null for what is no text. Text in another encoding around PEM is text. */
export function textOf(bytes: Buffer): Text | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: bytes.toString('utf16le', 2), isUtf16: true };
  if (bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0)
    return { text: Buffer.from(bytes).swap16().toString('utf16le', 2), isUtf16: true };
  if (isUtf8(bytes) && !hasControls(bytes)) {
    const text = bytes.toString('utf8');
    return { text: text.startsWith('\ufeff') ? text.slice(1) : text, isUtf16: false };
  }
  return bytes.includes(PEM_BEGIN) && !looksLikeSequence(bytes)
    ? { text: bytes.toString('latin1'), isUtf16: false }
    : null;
}

/** Control characters other than blanks, line ends and the escape of a coloured terminal. */
function hasControls(bytes: Buffer): boolean {
  for (const octet of bytes) if (octet < 0x20 && (octet < 0x09 || octet > 0x0d) && octet !== 0x1b) return true;
  return false;
}
