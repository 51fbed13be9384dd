import { DerError } from '../../x509/strict/der.js';
import { readBerHeader } from './ber-element.js';
import { CONSTRUCTED } from './tags.js';

/**
 * The elements inside one BER element, octet by octet as they were found: what a signature is over is the encoding
 * that was signed, not the one that should have been. `found` has been read by `normalize`. Throws `DerError`.
 */
export function foundElements(found: Buffer): readonly Buffer[] {
  const { contentStart, contentEnd } = readBerHeader(found, 0, found.length, null);
  const elements: Buffer[] = [];
  let position = contentStart;
  const isOver = (): boolean =>
    contentEnd === null ? found[position] === 0 && found[position + 1] === 0 : position >= contentEnd;
  while (!isOver()) {
    const end = endOfElement(found, position, contentEnd ?? found.length);
    elements.push(found.subarray(position, end));
    position = end;
  }
  return elements;
}

function endOfElement(bytes: Buffer, start: number, limit: number): number {
  const header = readBerHeader(bytes, start, limit, null);
  if (header.contentEnd !== null) return header.contentEnd;
  // Elements of indefinite length that are open: each is closed by two zero octets.
  let open = 1;
  let position = header.contentStart;
  while (open > 0) {
    if (bytes[position] === 0 && bytes[position + 1] === 0) {
      open--;
      position += 2;
      continue;
    }
    const { tag, contentStart, contentEnd } = readBerHeader(bytes, position, limit, null);
    if (contentEnd === null && (tag & CONSTRUCTED) === 0) throw new DerError('the content is cut off', position);
    if (contentEnd === null) open++;
    position = contentEnd ?? contentStart;
  }
  return position;
}
