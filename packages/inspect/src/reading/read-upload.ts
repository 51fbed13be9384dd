import type { ObjectType, Upload, UploadPart } from '../model/inspection.js';
import type { DecodedObject } from '../model/decoded.js';
import { type DecodeContext, uploadLimits, UploadRefusedError } from '../model/budget.js';
import { isWholeSequence } from '../der/recognise.js';
import { NAMELESS, partPath } from './paths.js';
import { readBytes } from './read-bytes.js';
import { PEM_BEGIN } from './read-pem.js';
import { type Meter, Reading } from './reading.js';

/**
 * Finds and decodes all objects of an upload. A container comes before its contents. Bad content becomes objects with
 * observations. Throws `UploadRefusedError` where the upload exceeds `uploadLimits`.
 */
export async function readUpload({ parts }: Upload, context: DecodeContext): Promise<readonly DecodedObject[]> {
  const octets = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (octets === 0) throw new UploadRefusedError('Empty', 'there is nothing in the upload');
  if (octets > uploadLimits.uploadOctets)
    throw new UploadRefusedError('TooLarge', `the upload is larger than ${uploadLimits.uploadOctets} octets`);
  return readParts(parts, context);
}

/** `without`: what the upload may hold none of. */
function readParts(
  parts: readonly UploadPart[],
  context: DecodeContext,
  without: readonly Meter[] = [],
): readonly DecodedObject[] {
  const single = parts.length === 1;
  const names = parts.map(partPath);
  // `Reading` gets `readBytes` as an argument: read-bytes.ts imports reading.ts, and files do not import in a circle.
  const reading = new Reading(context, { single, nameless: single && names[0] === null }, readBytes);
  for (const meter of without) reading.spend(meter, reading.left(meter));
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
 * Reads a part that is one small PEM block or one small DER SEQUENCE, and needs neither a password nor much time. It
 * answers the object that `readUpload` would answer, and null for any other part. The budget need not be for more than
 * one object.
 */
export function readSingleObject(part: UploadPart, context: DecodeContext): DecodedObject | null {
  const bytes = asBuffer(part.bytes);
  if (bytes.length > uploadLimits.singleObjectOctets) return null;
  if (!isWholeSequence(bytes) && bytes.lastIndexOf(PEM_BEGIN) !== 0) return null;
  try {
    // Without the password no key is derived here, and documents and archives are refused before they are read.
    const alone = { ...context, password: null };
    const [object, ...others] = readParts([part], alone, ['yamlLexemes', 'archiveHeaders']);
    if (object === undefined || others.length > 0 || !singleTypes.has(object.content.type)) return null;
    return object.content.type === 'PrivateKey' && object.content.encrypted ? null : object;
  } catch (error) {
    if (error instanceof UploadRefusedError) return null;
    throw error;
  }
}

/** A view of the same octets. */
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
