import type { Pkcs7Content } from '../model/inspection.js';
import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  DerError,
  inside,
  onlyElement,
  readOid,
  Tag,
} from '@kubepass/x509';
import { normalize, type Normalized } from '@kubepass/x509/tree';
import { contentTypes } from '../der/recognise.js';
import type { Decoded, Observation, Piece } from '../model/decoded.js';

/** More than any upload may hold. Further certificates and lists are counted only. */
const MAX_TAKEN_OUT = 1_000;

interface SignedData {
  readonly certificates: readonly Buffer[];
  readonly certificateLists: readonly Buffer[];
  readonly signers: number;
}

const NOTHING: SignedData = { certificates: [], certificateLists: [], signers: 0 };

/**
 * Decodes PKCS#7 or CMS. The certificates and lists of a SignedData become pieces. Its signatures are not checked,
 * because they are over content that has nothing to do with Kubernetes. BER is no deviation here: PKCS#7 is written in
 * it (RFC 2315 4).
 */
export function decodePkcs7(piece: Piece): Decoded {
  try {
    const normalized = normalize(piece.bytes);
    if (!normalized.ok) throw new DerError(normalized.problem, 0);
    const { contentType, content } = readContentInfo(onlyElement(normalized.der, 'the PKCS#7'));
    const signed = contentType === 'signedData' && content !== null ? readSignedData(content) : NOTHING;
    return decoded(piece, contentType, signed, trailingData(normalized));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const malformed = { code: 'MalformedObject', message: `the PKCS#7 cannot be read: ${error.message}` } as const;
    return decoded(piece, 'unknown', NOTHING, [malformed]);
  }
}

/** RFC 2315 9.1, RFC 5652 5.1. */
function readSignedData(element: DerElement): SignedData {
  const reader = inside(element);
  reader.expect(Tag.INTEGER, 'the version');
  reader.expect(Tag.SET, 'the digest algorithms');
  reader.expect(Tag.SEQUENCE, 'the signed content');
  const certificates = sequencesInside(reader.optional(contextConstructed(0)));
  const certificateLists = sequencesInside(reader.optional(contextConstructed(1)));
  const signers = inside(reader.expect(Tag.SET, 'the signers'));
  reader.end('the signed data');
  let count = 0;
  for (; !signers.atEnd; count++) signers.next();
  return { certificates, certificateLists, signers: count };
}

/** The certificates or lists of a set. Its other choices (RFC 5652 10.2.1, 10.2.2) have tags of their own. */
function sequencesInside(element: DerElement | undefined): readonly Buffer[] {
  const found: Buffer[] = [];
  if (element === undefined) return found;
  const reader = inside(element);
  while (!reader.atEnd) {
    const { tag, raw } = reader.next();
    if (tag === Tag.SEQUENCE) found.push(raw);
  }
  return found;
}

function decoded(
  { path }: Piece,
  contentType: string,
  { certificates, certificateLists, signers }: SignedData,
  observations: readonly Observation[],
): Decoded {
  const content: Pkcs7Content = {
    type: 'PKCS7',
    contentType,
    certificates: certificates.length,
    certificateLists: certificateLists.length,
    signers,
  };
  return {
    content,
    material: null,
    observations,
    pieces: [...piecesOf(path, 'certificates', certificates), ...piecesOf(path, 'certificateLists', certificateLists)],
  };
}

/** Certificates, lists or keys inside a PKCS#7 or PKCS#12 as pieces: `store.p12#certificates[0]`. */
export const piecesOf = (path: string, kind: string, inner: readonly Buffer[]): readonly Piece[] =>
  inner.slice(0, MAX_TAKEN_OUT).map((bytes, i) => ({ path: `${path}#${kind}[${i}]`, bytes, label: null, headers: {} }));

export interface ContentInfo {
  /** A name of `contentTypes`, or the dotted identifier. */
  readonly contentType: string;
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

/** The observations about encoding that apply to PKCS#7 and PKCS#12, which may be written in BER. */
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
 * The octets of `[n] IMPLICIT OCTET STRING`. BER allows it in pieces (X.690 8.7.3), and normalizing cannot join them,
 * because the tag hides the type.
 */
export function implicitOctets(element: DerElement, n: number): Buffer {
  if (element.tag === contextPrimitive(n)) return element.content;
  if (element.tag !== contextConstructed(n)) throw new DerError('an OCTET STRING is expected', element.offset);
  const pieces: Buffer[] = [];
  const reader = inside(element);
  while (!reader.atEnd) pieces.push(reader.expect(Tag.OCTET_STRING, 'a piece of an OCTET STRING').content);
  return Buffer.concat(pieces);
}
