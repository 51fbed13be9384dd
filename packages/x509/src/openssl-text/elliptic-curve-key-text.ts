import { type DerElement, DerError, inside, octetsOf, Tag } from '../strict/der.js';
import { importSpki } from '../strict/crypto.js';
import type { PublicKeyTree } from '../tree/public-key.js';
import { bitLengthOf, bitStringOf, clearedOctets, dottedIdentifier } from '../tree/values.js';
import { namedCurves } from './named-curves.js';
import { objectNames } from './object-names.js';
import { indentation, labeledNumber, labeledOctets } from './printing.js';

/** An EC key (RFC 5480); undefined for one that cannot be used. */
export function ellipticCurveKeyText({ raw, algorithm, octets }: PublicKeyTree, indent: number): string | undefined {
  const curve = algorithm.parameters ? curveText(algorithm.parameters, indent) : undefined;
  if (curve === undefined || !isOnCurve(raw)) return undefined;
  return (
    `${indentation(indent)}Public-Key: (${curve.orderBits} bit)\n` +
    labeledOctets('pub:', octets, indent) +
    curve.description
  );
}

/** Leaves the arithmetic to Node's crypto: whether the point lies on its curve. */
function isOnCurve(info: Buffer): boolean {
  try {
    importSpki(info);
    return true;
  } catch {
    return false;
  }
}

interface CurveText {
  readonly orderBits: number | string;
  readonly description: string;
}

function curveText(parameters: DerElement, indent: number): CurveText | undefined {
  if (parameters.tag === Tag.SEQUENCE) return explicitCurveText(parameters, indent);
  if (parameters.tag !== Tag.OBJECT_IDENTIFIER) return undefined;
  const curve = namedCurves.get(dottedIdentifier(parameters));
  if (curve === undefined) return undefined;
  const margin = indentation(indent);
  const nist = curve.nistName === undefined ? '' : `${margin}NIST CURVE: ${curve.nistName}\n`;
  return { orderBits: curve.orderBits, description: `${margin}ASN1 OID: ${curve.name}\n${nist}` };
}

/** ECParameters with every field of the curve (SEC 1 C.2). */
function explicitCurveText(parameters: DerElement, indent: number): CurveText {
  const fields = inside(parameters);
  fields.expect(Tag.INTEGER, 'the version of a curve');
  const field = fieldText(fields.expect(Tag.SEQUENCE, 'the field of a curve'), indent);
  const curve = inside(fields.expect(Tag.SEQUENCE, 'the coefficients of a curve'));
  const a = curve.expect(Tag.OCTET_STRING, 'a').content;
  const b = curve.expect(Tag.OCTET_STRING, 'b').content;
  const seed = curve.optional(Tag.BIT_STRING);
  const generator = fields.expect(Tag.OCTET_STRING, 'the generator of a curve').content;
  const order = fields.expect(Tag.INTEGER, 'the order of a curve').content;
  const cofactor = fields.optional(Tag.INTEGER);
  return {
    orderBits: bitLengthOf(order),
    description:
      field +
      labeledNumber('A:   ', a, indent) +
      labeledNumber('B:   ', b, indent) +
      labeledOctets(`Generator (${pointForm(generator)}):`, generator, indent) +
      labeledNumber('Order: ', order, indent) +
      (cofactor ? labeledNumber('Cofactor: ', cofactor.content, indent) : '') +
      (seed ? labeledOctets('Seed:', clearedOctets(bitStringOf(seed)), indent) : ''),
  };
}

/** The form of a point, by its first octet (SEC 1 2.3.3). */
function pointForm(point: Buffer): string {
  const form = (point[0] ?? 0) & 0xfe;
  if (form === 2) return 'compressed';
  return form === 6 ? 'hybrid' : 'uncompressed';
}

const primeField = '1.2.840.10045.1.1';

/** FieldID (SEC 1 C.1): its kind, then the prime or the reduction polynomial. */
function fieldText(element: DerElement, indent: number): string {
  const fields = inside(element);
  const type = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of a field'));
  const heading = `${indentation(indent)}Field Type: ${objectNames.short(type) ?? type}\n`;
  if (type === primeField)
    return heading + labeledNumber('Prime:', fields.expect(Tag.INTEGER, 'the prime').content, indent);

  const characteristicTwo = inside(fields.expect(Tag.SEQUENCE, 'the parameters of a binary field'));
  const degree = exponentOf(characteristicTwo.expect(Tag.INTEGER, 'the degree of a field'));
  const basis = dottedIdentifier(characteristicTwo.expect(Tag.OBJECT_IDENTIFIER, 'the basis of a field'));
  const exponents = [degree, 0];
  const terms = characteristicTwo.next();
  if (terms.tag === Tag.INTEGER) exponents.push(exponentOf(terms));
  else {
    const pentanomial = inside(terms);
    while (!pentanomial.atEnd) exponents.push(exponentOf(pentanomial.expect(Tag.INTEGER, 'an exponent')));
  }
  const polynomial = exponents.reduce((sum, exponent) => sum | (1n << BigInt(exponent)), 0n);
  return (
    heading +
    `${indentation(indent)}Basis Type: ${objectNames.short(basis) ?? basis}\n` +
    labeledNumber('Polynomial:', octetsOf(polynomial), indent)
  );
}

/** The fields of X9.62 stay far below this degree. It bounds the work for a polynomial. */
const largestDegree = 661;

function exponentOf({ content, offset }: DerElement): number {
  const value = content.length === 1 || content.length === 2 ? content.readUIntBE(0, content.length) : Infinity;
  if (value > largestDegree) throw new DerError('the degree of a field is too large', offset);
  return value;
}
