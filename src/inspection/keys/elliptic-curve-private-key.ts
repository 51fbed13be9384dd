import { createECDH } from 'node:crypto';

import {
  bitString,
  contextConstructed,
  type DerElement,
  DerError,
  inside,
  oid,
  readOctetAlignedBits,
  readOid,
  sequence,
  Tag,
} from '../../x509/strict/der.js';
import { publicKeyAlgorithm } from '../../x509/strict/object-identifiers.js';
import { publicHalf, type PublicHalf, unsupportedKey } from './public-half.js';

/** The curves that are computed on, as OpenSSL names them, and octets of a scalar. No other is ever handed to it. */
const curves: Readonly<Partial<Record<string, { readonly name: string; readonly size: number }>>> = {
  '1.3.132.0.33': { name: 'secp224r1', size: 28 },
  '1.2.840.10045.3.1.7': { name: 'prime256v1', size: 32 },
  '1.3.132.0.34': { name: 'secp384r1', size: 48 },
  '1.3.132.0.35': { name: 'secp521r1', size: 66 },
  '1.3.132.0.10': { name: 'secp256k1', size: 32 },
};

/**
 * Reads an ECPrivateKey (RFC 5915 3). `outerParameters` are those that stand beside it (RFC 5958 2), if any. Throws
 * `DerError` where it cannot be read.
 */
export function readEllipticCurvePrivateKey(key: DerElement, outerParameters: DerElement | null): PublicHalf {
  const reader = inside(key);
  reader.expect(Tag.INTEGER, 'the version');
  const scalar = reader.expect(Tag.OCTET_STRING, 'the private key').content;
  const explicitParameters = reader.optional(contextConstructed(0));
  const explicitPoint = reader.optional(contextConstructed(1));
  reader.end('the EC key');
  const innerParameters = explicitParameters === undefined ? null : inside(explicitParameters).next();
  const parameters = outerParameters ?? innerParameters;
  if (parameters === null) throw new DerError('the curve is missing', key.offset);
  const point = explicitPoint === undefined ? null : readOctetAlignedBits(inside(explicitPoint).next());
  const differ =
    outerParameters !== null && innerParameters !== null && !outerParameters.raw.equals(innerParameters.raw)
      ? ['the EC key names two curves']
      : [];
  const half = checkPoint(parameters, scalar, point);
  return { ...half, observations: [...publicHalf(null, ...differ).observations, ...half.observations] };
}

/** The public half of a scalar on a curve, and whether `point` is it. */
export function checkPoint(parameters: DerElement, scalar: Buffer, point: Buffer | null): PublicHalf {
  const named = parameters.tag === Tag.OBJECT_IDENTIFIER ? readOid(parameters) : null;
  const curve = named === null ? undefined : curves[named];
  if (curve === undefined) {
    const which = named === null ? 'a curve that it spells out' : `curve ${named}`;
    const stated = point === null ? null : spkiOf(parameters, point);
    return unsupportedKey(stated, `the private key is on ${which}; it was not computed with`);
  }
  const computed = scalar.length > curve.size ? null : multiply(curve.name, scalar);
  if (computed === null)
    return publicHalf(
      point === null ? null : spkiOf(parameters, point),
      'the private key is not a number that its curve has',
    );
  if (point === null || point.equals(computed) || isCompressed(point, computed))
    return publicHalf(spkiOf(parameters, point ?? computed));
  return publicHalf(spkiOf(parameters, point), 'the public key that stands with the private key is not its own');
}

const spkiOf = (parameters: DerElement, point: Buffer): Buffer =>
  sequence(sequence(oid(publicKeyAlgorithm.ecPublicKey), parameters.raw), bitString(point));

/** SEC 1 2.3.3: 02 or 03 by the parity of y, and x. */
function isCompressed(point: Buffer, uncompressed: Buffer): boolean {
  const size = (uncompressed.length - 1) / 2;
  const parity = (uncompressed.at(-1) ?? 0) & 1;
  return point[0] === 2 + parity && point.subarray(1).equals(uncompressed.subarray(1, 1 + size));
}

/** The point of a scalar, uncompressed; null where the scalar is 0 or past the order of the curve. */
function multiply(curve: string, scalar: Buffer): Buffer | null {
  const exchange = createECDH(curve);
  try {
    exchange.setPrivateKey(scalar);
    return exchange.getPublicKey();
  } catch {
    return null;
  }
}
