import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  inside,
  readOid,
  Tag,
} from '../../x509/strict/der.js';
import type { Normalized } from '../../x509/tree/ber/normalize.js';
import type { Observation } from '../decoded.js';

/** RFC 5652 4 to 9, RFC 2315: what a ContentInfo may hold. */
export const contentTypes: Readonly<Partial<Record<string, string>>> = {
  '1.2.840.113549.1.7.1': 'data',
  '1.2.840.113549.1.7.2': 'signedData',
  '1.2.840.113549.1.7.3': 'envelopedData',
  '1.2.840.113549.1.7.4': 'signedAndEnvelopedData',
  '1.2.840.113549.1.7.5': 'digestedData',
  '1.2.840.113549.1.7.6': 'encryptedData',
  '1.2.840.113549.1.9.16.1.2': 'authenticatedData',
};

export interface ContentInfo {
  /** Its name, or the dotted identifier. */
  readonly contentType: string;
  /** Null where there is none. */
  readonly content: DerElement | null;
}

/** Reads a ContentInfo (RFC 2315 7, RFC 5652 3). Throws `DerError` where it cannot be read. */
export function readContentInfo(element: DerElement): ContentInfo {
  const reader = inside(element);
  const oid = readOid(reader.expect(Tag.OBJECT_IDENTIFIER, 'the content type'));
  const explicit = reader.optional(contextConstructed(0));
  reader.end('the content info');
  const content = explicit === undefined ? null : onlyInside(explicit, 'the content');
  return { contentType: contentTypes[oid] ?? oid, content };
}

/** What is to be remarked upon about the form of PKCS#7 and PKCS#12: BER is what they may be written in. */
export const trailingData = ({ observations }: Normalized): readonly Observation[] =>
  observations.filter(({ code }) => code === 'TrailingData');

/** The one element inside an EXPLICIT tag. */
export function onlyInside(element: DerElement, what: string): DerElement {
  const reader = inside(element);
  const only = reader.next();
  reader.end(what);
  return only;
}

/**
 * The octets of `[n] IMPLICIT OCTET STRING`. Written in pieces, as BER allows (X.690 8.7.3), only who knows the type
 * behind the tag can put them together.
 */
export function implicitOctets(element: DerElement, n: number): Buffer {
  if (element.tag === contextPrimitive(n)) return element.content;
  if (element.tag !== contextConstructed(n)) throw new DerError('an OCTET STRING is expected', element.offset);
  const pieces: Buffer[] = [];
  const reader = inside(element);
  while (!reader.atEnd) pieces.push(reader.expect(Tag.OCTET_STRING, 'a piece of an OCTET STRING').content);
  return Buffer.concat(pieces);
}
