import { bitString, der, inside, onlyElement, sequence, Tag, unsignedInteger } from '@kubepass/x509';

/** A certificate as Go takes it besides the encoding that was signed, and so the API server. */
export interface OtherEncoding {
  /** Such as `s negated, unused bits: 2, NULL behind`. */
  readonly name: string;
  readonly der: Uint8Array;
}

/**
 * All kinds of other encodings of a certificate that Go’s x509.ParseCertificate takes, with the same TBSCertificate,
 * and whose signature Go finds valid. Each has another SHA-256, and so another credential id. crypto/x509 leaves these
 * liberties outside of the octets that are signed, and each combination of them:
 *
 * - It does not look at octets behind the signature within the outer SEQUENCE.
 * - It shifts the signature to the right by its unused bits (`BitString.RightAlign`), so a signature that begins with
 *   zero bits can stand as much further to the left. A signature of ECDSA begins with two, because a SEQUENCE is 0x30;
 *   a signature of RSA or Ed25519 begins with as many as chance gave it.
 * - ECDSA takes (r, n−s) for (r, s).
 *
 * There are no others: cryptobyte insists on the shortest lengths and INTEGERs, the two AlgorithmIdentifiers must be
 * the same octets, r and s must be below n, a signature of RSA as long as the modulus and below it, and the scalar of
 * Ed25519 below the order.
 */
export function otherEncodings(certificate: Uint8Array): readonly OtherEncoding[] {
  const reader = inside(onlyElement(Buffer.from(certificate), 'the certificate'));
  const [tbs, algorithm, bits] = [reader.next(), reader.next(), reader.next()];
  reader.end('the certificate');
  const signature = bits.content.subarray(1);
  const negated = withNegatedScalar(signature);
  const signatures = [{ name: '', signature }, ...(negated ? [{ name: 's negated', signature: negated }] : [])];
  const behind = [
    { name: '', octets: Buffer.alloc(0) },
    { name: 'NULL behind', octets: der(Tag.NULL) },
    { name: 'a zero behind', octets: Buffer.of(0) },
    { name: 'a text behind', octets: Buffer.from('nothing of DER') },
    { name: 'another signature behind', octets: bitString(Buffer.from(signature).reverse()) },
    { name: '70,000 octets behind', octets: Buffer.alloc(70_000, 'k') },
  ];
  return signatures
    .flatMap((made) =>
      Array.from({ length: leadingZeroBits(made.signature) + 1 }, (_, unused) =>
        behind.map(({ name, octets }) => ({
          name: [made.name, unused > 0 ? `unused bits: ${unused}` : '', name].filter(Boolean).join(', '),
          der: sequence(tbs.raw, algorithm.raw, shifted(made.signature, unused), octets),
        })),
      ).flat(),
    )
    .filter(({ name }) => name !== '');
}

/** The number of zero bits before the first other one, up to the seven that may be unused. */
const leadingZeroBits = ([first = 0]: Uint8Array): number => Math.min(7, Math.clz32(first) - 24);

/** A BIT STRING with these octets further to the left by its unused bits. */
function shifted(octets: Uint8Array, unused: number): Buffer {
  const moved = octets.map((octet, i) => (octet << unused) | ((octets[i + 1] ?? 0) >> (8 - unused)));
  return der(Tag.BIT_STRING, Buffer.of(unused), moved);
}

/** The orders of the groups of P-256, P-384 and P-521 (SP 800-186, 3.2.1). */
const orders = [
  '00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  '00ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
].map((hex) => ({ octets: hex.replace(/^00/, '').length / 2, order: BigInt(`0x${hex}`) }));

/** (r, n−s) of a signature (r, s) of ECDSA; null for any other one. */
function withNegatedScalar(signature: Buffer): Buffer | null {
  if (signature[0] !== Tag.SEQUENCE) return null;
  let pair;
  try {
    const reader = inside(onlyElement(signature, 'the signature'));
    pair = { r: reader.expect(Tag.INTEGER, 'r').raw, s: reader.expect(Tag.INTEGER, 's').content };
    reader.end('the signature');
  } catch {
    // An RSA signature may begin with any octet.
    return null;
  }
  const { r, s } = pair;
  // Numbers below the order of a larger group are nearly never as short as those of a smaller one.
  const order = orders.find(({ octets }) => Math.max(r.length - 3, s.length - 1) <= octets)?.order;
  if (order === undefined) return null;
  const negated = (order - BigInt(`0x${s.toString('hex')}`)).toString(16);
  return sequence(r, unsignedInteger(Buffer.from(negated.padStart(negated.length + (negated.length % 2), '0'), 'hex')));
}
