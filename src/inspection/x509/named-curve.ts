import { namedCurves } from '../../x509/openssl-text/named-curves.js';

/** A curve that has a name. */
export interface CurveContent {
  /** `P-256`; `secp256k1` where NIST has no name for it; the dotted identifier where nobody has. */
  readonly name: string;
  /** Bits of the group order; null where the curve is not known. */
  readonly bits: number | null;
}

export function curveOfIdentifier(oid: string): CurveContent {
  const curve = namedCurves.get(oid);
  return { name: curve?.nistName ?? curve?.name ?? oid, bits: curve ? Number(curve.orderBits) : null };
}
