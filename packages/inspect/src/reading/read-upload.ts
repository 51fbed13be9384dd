import type { ObjectType, Upload, UploadPart } from '../model/inspection.js';
import type { DecodedObject, Observation, Piece } from '../model/decoded.js';
import { decodeDer } from './decode-der.js';
import { type DecodeContext, uploadLimits, UploadRefusedError } from '../model/budget.js';
import { isWholeSequence } from '../der/recognise.js';
import { NAMELESS, partPath } from './paths.js';
import { readBytes } from './read-bytes.js';
import { nextPemBlock, PEM_BEGIN } from './read-pem.js';
import { Reading } from './reading.js';

/**
 * Finds and decodes all objects of an upload. A container comes before its contents. Bad content becomes objects with
 * observations. Throws `UploadRefusedError` where the upload exceeds `uploadLimits`.
 */
export async function readUpload(upload: Upload, context: DecodeContext): Promise<readonly DecodedObject[]> {
  const { parts } = upload;
  const octets = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (octets === 0) throw new UploadRefusedError('Empty', 'there is nothing in the upload');
  if (octets > uploadLimits.uploadOctets)
    throw new UploadRefusedError('TooLarge', `the upload is larger than ${uploadLimits.uploadOctets} octets`);

  const single = parts.length === 1;
  const names = parts.map(partPath);
  // `Reading` gets `readBytes` as an argument: read-bytes.ts imports reading.ts, and files do not import in a circle.
  const reading = new Reading(context, { single, nameless: single && names[0] === null }, readBytes);
  for (const [i, { bytes }] of parts.entries())
    reading.read({
      path: names[i] ?? (single ? NAMELESS : `parts[${i}]`),
      bytes: asBuffer(bytes),
      parent: null,
      depth: 0,
      expected: 'anything',
    });
  return reading.objects;
}

/** The types that hold no other objects. Only an encrypted private key among them needs a key derivation. */
const singleTypes: ReadonlySet<ObjectType> = new Set<ObjectType>([
  'Certificate',
  'CertificationRequest',
  'CertificateList',
  'PublicKey',
  'PrivateKey',
]);

/**
 * Reads a part that is one small PEM block without headers or one small DER SEQUENCE, and needs neither a password nor
 * much time. It answers the object that `readUpload` would answer, and null for any other part.
 */
export function readSingleObject(part: UploadPart, context: DecodeContext): DecodedObject | null {
  if (part.bytes.length > uploadLimits.singleObjectOctets) return null;
  const bytes = asBuffer(part.bytes);
  const path = partPath(part) ?? NAMELESS;
  const found = isWholeSequence(bytes)
    ? { piece: { path, bytes, label: null, headers: {} }, observations: [] }
    : singleBlock(bytes, path);
  if (found === null) return null;

  // Without the password, no key is derived here.
  const { content, material, observations, pieces } = decodeDer(found.piece, { ...context, password: null });
  if (!singleTypes.has(content.type) || pieces.length > 0) return null;
  if (content.type === 'PrivateKey' && content.encrypted) return null;
  context.budget.spendObject();
  return {
    path,
    parent: null,
    content,
    material,
    observations: [...found.observations, ...observations],
  };
}

function singleBlock(bytes: Buffer, path: string): { piece: Piece; observations: readonly Observation[] } | null {
  // The octets become a text only if the first of them is a dash, because most parts without PEM end here.
  if (bytes[0] !== DASH) return null;
  const text = bytes.toString('latin1');
  if (!text.startsWith(PEM_BEGIN)) return null;
  const block = nextPemBlock(text, 0);
  if (block === null || text.slice(block.end).trim() !== '') return null;
  const { label, headers, bytes: der, observations } = block;
  return isWholeSequence(der) && Object.keys(headers).length === 0
    ? { piece: { path, bytes: der, label, headers }, observations }
    : null;
}

const DASH = 0x2d;

/** A view of the same octets. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
