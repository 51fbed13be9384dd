// Tests packages/x509/src/strict/der.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  der,
  DerError,
  DerReader,
  type DerElement,
  inside,
  isSetOfSorted,
  oid,
  onlyElement,
  readBoolean,
  readInteger,
  readOctetAlignedBits,
  readOid,
  setOf,
  Tag,
  TrailingDataError,
  unsignedInteger,
} from '../../src/strict/der.js';
import { mutate, mutations } from './mutate.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';

type Tree = { readonly tag: number; readonly content: Uint8Array | readonly Tree[] };

const { tree } = fc.letrec<{ tree: Tree; leaf: Tree; node: Tree }>((tie) => ({
  leaf: fc.record({
    tag: fc.constantFrom(Tag.INTEGER, Tag.OCTET_STRING, Tag.UTF8_STRING, 0x80, 0x82),
    content: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 120, maxLength: 300 })),
  }),
  node: fc.record({
    tag: fc.constantFrom(Tag.SEQUENCE, Tag.SET, 0xa0, 0xa3),
    content: fc.array(tie('tree'), { maxLength: 4, depthIdentifier: 'tree' }),
  }),
  tree: fc.oneof({ depthIdentifier: 'tree', maxDepth: 4 }, tie('leaf'), tie('node')),
}));

const write = ({ tag, content }: Tree): Buffer =>
  content instanceof Uint8Array ? der(tag, content) : der(tag, ...content.map(write));

/** Reads everything, down into constructed elements, and writes it anew. */
function rewrite(element: DerElement): Buffer {
  if ((element.tag & 0x20) === 0) return der(element.tag, element.content);
  const reader = inside(element);
  const children: Buffer[] = [];
  while (!reader.atEnd) children.push(rewrite(reader.next()));
  return der(element.tag, ...children);
}

describe('DER as it is read', () => {
  it('is what was written', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const bytes = write(value);
        expect(rewrite(onlyElement(bytes, 'it')).equals(bytes)).toBe(true);
      }),
    );
  });

  it('either is refused or has no other encoding, whatever octets are changed', () => {
    fc.assert(
      fc.property(tree, mutations, (value, changes) => {
        const bytes = mutate(write(value), changes);
        try {
          expect(rewrite(onlyElement(bytes, 'it')).equals(bytes)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['an indefinite length', '30800000'],
    ['a long form where the short one does', '04810161'],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`],
    ['a length beyond the end', '040261'],
    ['a length of five octets', '04850000000001'],
    ['a length that is cut off', '0482ff'],
    ['a high tag number', '1f8101016100'],
  ])('refuses %s', (_, hex) => {
    expect(() => onlyElement(Buffer.from(hex, 'hex'), 'it')).toThrow(DerError);
  });

  it('tells trailing data from malformed data, and where it begins', () => {
    expect(() => onlyElement(Buffer.from('050000', 'hex'), 'it')).toThrow(TrailingDataError);
    expect(() => onlyElement(Buffer.from('050000', 'hex'), 'it')).toThrow('at byte 2');
  });

  it('counts offsets from the start of the whole input, however deep it reads', () => {
    const bytes = der(Tag.SEQUENCE, der(Tag.NULL), der(Tag.SEQUENCE, der(Tag.NULL), der(Tag.INTEGER, Buffer.of(1))));
    const outer = inside(onlyElement(bytes, 'it'));
    outer.next();
    const inner = inside(outer.next());
    inner.next();
    expect(inner.next().offset).toBe(8);
  });
});

describe('INTEGER', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n }), (value) => {
        const digits = value.toString(16);
        const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
        const content = readInteger(onlyElement(unsignedInteger(octets), 'it'));
        expect(BigInt(`0x${content.toString('hex')}`)).toBe(value);
        expect(content.readUInt8(0)).toBeLessThan(0x80);
      }),
    );
  });

  it.each(['0200', '02020001', '0202007f', '0202ff80', '040101'])('refuses %s', (hex) => {
    expect(() => readInteger(onlyElement(Buffer.from(hex, 'hex'), 'it'))).toThrow(DerError);
  });
});

describe('OBJECT IDENTIFIER', () => {
  it('reads back what was written', () => {
    const arc = fc.nat(2 ** 31 - 1);
    const top = fc.oneof(fc.tuple(fc.constantFrom(0, 1), fc.nat(39)), fc.tuple(fc.constant(2), fc.nat(2 ** 31)));
    fc.assert(
      fc.property(top, fc.array(arc, { maxLength: 8 }), (first, rest) => {
        const dotted = [...first, ...rest].join('.');
        expect(readOid(onlyElement(oid(dotted), 'it'))).toBe(dotted);
      }),
    );
  });

  it.each([
    ['empty', '0600'],
    ['cut off', '06022a86'],
    ['padded', '06032a8001'],
    ['too large an arc', `060b2a${'ff'.repeat(9)}7f`],
    ['of another type', '04012a'],
  ])('refuses one that is %s', (_, hex) => {
    expect(() => readOid(onlyElement(Buffer.from(hex, 'hex'), 'it'))).toThrow(DerError);
  });
});

describe('other primitive types', () => {
  const element = (hex: string): DerElement => onlyElement(Buffer.from(hex, 'hex'), 'it');

  it('reads BOOLEAN in its two DER forms only', () => {
    expect(readBoolean(element('0101ff'))).toBe(true);
    expect(readBoolean(element('010100'))).toBe(false);
    for (const hex of ['010101', '0100', '0102ffff', '0201ff'])
      expect(() => readBoolean(element(hex))).toThrow(DerError);
  });

  it('reads a BIT STRING of whole octets only', () => {
    expect(readOctetAlignedBits(element('03020061')).toString()).toBe('a');
    for (const hex of ['0300', '03020160', '04020061'])
      expect(() => readOctetAlignedBits(element(hex))).toThrow(DerError);
  });

  it('sorts SET OF by octets and knows whether it is sorted', () => {
    const members = [Buffer.from('0c0162', 'hex'), Buffer.from('0c026161', 'hex'), Buffer.from('0c0161', 'hex')];
    const set = inside(onlyElement(setOf(...members), 'it'));
    const read = [set.next(), set.next(), set.next()];
    expect(read.map((member) => member.content.toString())).toEqual(['a', 'b', 'aa']);
    expect(isSetOfSorted(read)).toBe(true);
    expect(isSetOfSorted([...read].reverse())).toBe(false);
  });

  it('takes an element by its tag or leaves it', () => {
    const reader = new DerReader(Buffer.from('0500', 'hex'));
    expect(reader.optional(Tag.INTEGER)).toBeUndefined();
    expect(() => reader.expect(Tag.INTEGER, 'the number')).toThrow('the number is missing');
    expect(reader.next().tag).toBe(Tag.NULL);
    expect(reader.atEnd).toBe(true);
  });
});
