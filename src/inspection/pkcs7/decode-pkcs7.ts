import type { Pkcs7Content } from '../../model/inspection.js';
import { contextConstructed, DerError, type DerElement, inside, onlyElement, Tag } from '../../x509/strict/der.js';
import { normalize } from '../../x509/tree/ber/normalize.js';
import type { DecodeContext, Decoded, Observation, Piece } from '../decoded.js';
import { readContentInfo, trailingData } from './content-info.js';

/** More than any upload may hold: what stands beyond is counted, and not taken out. */
const MAX_TAKEN_OUT = 1_000;

interface SignedData {
  readonly certificates: readonly Buffer[];
  readonly certificateLists: readonly Buffer[];
  readonly signers: number;
}

const NOTHING: SignedData = { certificates: [], certificateLists: [], signers: 0 };

/**
 * Decodes PKCS#7 or CMS: of SignedData, the certificates and lists that it carries come out as pieces. Its signatures
 * are over content that is nothing of Kubernetes', and are not looked at. BER is what PKCS#7 is written in (RFC 2315
 * 4), so that it is no deviation here.
 */
export function decodePkcs7(piece: Piece, _context: DecodeContext): Decoded {
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

/** Those that are a certificate or list; the other choices (RFC 5652 10.2.1, 10.2.2) have tags of their own. */
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
  const pieces = (kind: string, ders: readonly Buffer[]): readonly Piece[] =>
    ders
      .slice(0, MAX_TAKEN_OUT)
      .map((bytes, i) => ({ path: `${path}#${kind}[${i.toString()}]`, bytes, label: null, headers: {} }));
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
    pieces: [...pieces('certificates', certificates), ...pieces('certificateLists', certificateLists)],
  };
}
