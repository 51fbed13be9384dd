import type { Upload } from '../../model/inspection.js';
import { type DecodeContext, type DecodedObject, UploadRefusedError } from '../decoded.js';
import { decodeDer } from '../der/decode-der.js';
import { asBuffer } from './as-buffer.js';
import { limits } from './limits.js';
import { cleanPath, NAMELESS } from './paths.js';
import { readBytes } from './read-bytes.js';
import { Reading } from './reading.js';

/**
 * Finds and decodes everything that an upload holds, what contains before what is contained. Bad content becomes
 * objects with observations; throws `UploadRefusedError` where the upload goes past `limits`.
 */
export async function readUpload(upload: Upload, context: DecodeContext): Promise<readonly DecodedObject[]> {
  const { parts } = upload;
  const octets = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (octets === 0) throw new UploadRefusedError('Empty', 'there is nothing in the upload');
  if (octets > limits.uploadOctets)
    throw new UploadRefusedError('TooLarge', `the upload is larger than ${limits.uploadOctets} octets`);

  const single = parts.length === 1;
  const names = parts.map(({ name }) => (name === null ? null : cleanPath(name)));
  const reading = new Reading(
    context,
    { single, nameless: single && names[0] === null },
    { read: readBytes, decode: decodeDer },
  );
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
