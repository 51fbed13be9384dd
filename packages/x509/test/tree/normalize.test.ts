// Tests packages/x509/src/tree/normalize.ts, packages/x509/src/tree/ber.ts, packages/x509/src/tree/extension.ts,
// packages/x509/src/tree/extension-values.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foundElements, MAX_ELEMENTS } from '../../src/tree/ber.js';
import { normalize, type Normalized, readContents } from '../../src/tree/normalize.js';
import { der, sequence, Tag } from '../../src/strict/der.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';
import { ExtensionTree } from '../../src/tree/extension.js';
import { readBasicConstraintsTree } from '../../src/tree/extension-values.js';

const hex = (digits: string): Buffer => Buffer.from(digits.replace(/\s/g, ''), 'hex');

function normalized(bytes: Buffer): Normalized {
  const result = normalize(bytes);
  if (!result.ok) throw new Error(result.problem);
  return result;
}

const problemOf = (bytes: Buffer): string | null => {
  const result = normalize(bytes);
  return result.ok ? null : result.problem;
};

const codesOf = (bytes: Buffer): readonly string[] => normalized(bytes).observations.map(({ code }) => code);

describe('normalize', () => {
  it('hands DER back as it is', () => {
    const bytes = hex('3006 020101 0101ff');
    expect(normalized(bytes)).toEqual({ ok: true, der: bytes, found: bytes, rest: Buffer.alloc(0), observations: [] });
    expect(normalized(bytes).der).toBe(bytes);
  });

  it.each([
    ['an indefinite length', '3080 020101 0000', '3003 020101', 'NonDerEncoding', 'a length is indefinite (at byte 0)'],
    [
      'a long form for a short length',
      '308103 020101',
      '3003 020101',
      'NonMinimalEncoding',
      'shortest form (at byte 0)',
    ],
    ['a length with zeros before it', '3084 00000003 020101', '3003 020101', 'NonMinimalEncoding', 'a length'],
    ['a number with zeros before it', '3005 0203 000001', '3003 020101', 'NonMinimalEncoding', 'a number'],
    ['a negative number with ones before it', '3004 0202 ffff', '3003 0201ff', 'NonMinimalEncoding', 'a number'],
    ['another truth than ff', '3003 010101', '3003 0101ff', 'NonDerEncoding', 'a BOOLEAN is neither 00 nor ff'],
    ['an octet string in pieces', '2406 0401aa 0401bb', '0402 aabb', 'NonDerEncoding', 'a string is written in pieces'],
    [
      'pieces within pieces',
      '2480 2480 0401aa 0000 0401bb 0000',
      '0402 aabb',
      'NonDerEncoding',
      'in pieces (at byte 2',
    ],
    ['a bit string in pieces', '2308 0302 00aa 0302 04b0', '0303 04aab0', 'NonDerEncoding', 'in pieces'],
    ['text in pieces of octet strings', '2c06 040161 040162', '0c02 6162', 'NonDerEncoding', 'in pieces'],
    ['bits behind the last one', '0302 04bf', '0302 04b0', 'NonDerEncoding', 'unused bits'],
    [
      'an identifier with a digit too many',
      '0604 80550403',
      '0603 550403',
      'NonMinimalEncoding',
      'an object identifier',
    ],
  ])('writes %s as DER and says so', (_, found, expected, code, message) => {
    const result = normalized(hex(found));
    expect(result.der.toString('hex')).toBe(hex(expected).toString('hex'));
    expect(result.found).toEqual(hex(found));
    expect(result.observations).toContainEqual({ code, message: expect.stringContaining(message) as string });
  });

  it('leaves the elements of a SET where they stand, and says that they are not in order', () => {
    const bytes = hex('3106 020102 020101');
    expect(normalized(bytes).der).toEqual(bytes);
    expect(codesOf(bytes)).toEqual(['NonDerEncoding']);
    expect(codesOf(hex('3106 020101 020102'))).toEqual([]);
    // A SET within another SET counts as a whole for the outer one.
    expect(codesOf(hex('310a 3103020102 3103020101'))).toEqual(['NonDerEncoding']);
  });

  it('says once of each kind where it is met first, and how often', () => {
    const { observations } = normalized(hex('300c 02020001 02020002 02020003'));
    expect(observations).toEqual([
      {
        code: 'NonMinimalEncoding',
        message: 'a number is not in its shortest form (at byte 2 and at 2 more places)',
      },
    ]);
  });

  it('separates what follows', () => {
    const result = normalized(hex('3003 020101 dead'));
    expect(result.der).toEqual(hex('3003 020101'));
    expect(result.rest).toEqual(hex('dead'));
    expect(result.observations).toEqual([
      { code: 'TrailingData', message: '2 octets follow the end of it (at byte 5)' },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['content that is cut off', '3003 0201'],
    ['a length that is cut off', '3082 01'],
    ['an indefinite length without an end', '3080 020101'],
    ['an indefinite length in one piece', '0480 0000'],
    ['an element that reaches past its parent', '3003 020301 0203'],
    ['a SEQUENCE in one piece', '1000'],
    ['an INTEGER with elements inside', '2203 020101'],
    ['a length of 127 octets', '30ff 00'],
    ['an end of contents where none is', '3002 0000'],
    ['text with an INTEGER inside', '2c03 020101'],
  ])('says what is wrong with %s', (_, digits) => {
    expect(problemOf(hex(digits))).toMatch(/at byte \d+/);
  });

  it('reads tag numbers above thirty', () => {
    expect(normalized(hex('3004 1f210105')).rest).toHaveLength(0);
  });

  it('stops at too many elements', () => {
    const tooMany = Buffer.concat(Array.from({ length: MAX_ELEMENTS + 1 }, () => hex('0500')));
    expect(problemOf(der(Tag.SEQUENCE, tooMany))).toContain('elements');
  });

  it('turns any BER of a value into its one DER', () => {
    fc.assert(
      fc.property(valueWithBer, ([inDer, inBer]) => {
        const result = normalized(inBer);
        expect(result.der.toString('hex')).toBe(inDer.toString('hex'));
        expect(result.observations.length > 0).toBe(!inDer.equals(inBer));
        expect(codesOf(result.der)).toEqual([]);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it('never throws, and what it makes is DER', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.constantFrom(0x30, 0x31, 0x80, 0, 2, 3, 4, 0x24, 0x23, 6, 1, 5, 0xa0, 0x81), { maxLength: 40 }),
    );
    fc.assert(
      fc.property(bytes, (octets) => {
        const result = normalize(Buffer.from(octets));
        if (!result.ok) return;
        const again = normalized(result.der);
        expect(again.der.equals(result.der)).toBe(true);
        expect(again.observations.filter(({ message }) => !message.includes('SET'))).toEqual([]);
      }),
      { numRuns: propertyRuns(3000) },
    );
  });
});

describe('foundElements', () => {
  it.each([
    ['DER', '3008 3003020101 040102', ['3003020101', '040102']],
    ['indefinite lengths', '3080 3080 020101 0000 040102 0000', ['30800201010000', '040102']],
    ['indefinite lengths within others', '3080 3080 a080 0500 0000 0000 0500 0000', ['3080a080050000000000', '0500']],
    ['nothing', '3000', []],
  ])('hands out the elements inside as they were found: %s', (_, digits, elements) => {
    expect(foundElements(hex(digits)).map((element) => element.toString('hex'))).toEqual(elements);
  });
});

/** A value, in DER and in some BER. */
type Both = readonly [inDer: Buffer, inBer: Buffer];

const header = (tag: number, length: number, form: 'shortest' | 'long' | 'indefinite'): Buffer => {
  if (form === 'shortest')
    return der(tag, Buffer.alloc(length)).subarray(0, der(tag, Buffer.alloc(length)).length - length);
  return form === 'indefinite' ? Buffer.of(tag, 0x80) : Buffer.of(tag, 0x83, 0, length >> 8, length & 0xff);
};

const primitive: fc.Arbitrary<Both> = fc
  .tuple(fc.constantFrom(Tag.OCTET_STRING, Tag.UTF8_STRING), fc.uint8Array({ maxLength: 300 }), fc.nat(3), fc.nat())
  .map(([tag, octets, form, at]) => {
    const content = Buffer.from(octets);
    const inDer = der(tag, content);
    if (form < 2) return [inDer, inDer];
    if (form === 2) return [inDer, Buffer.concat([header(tag, content.length, 'long'), content])];
    const cut = content.length === 0 ? 0 : at % content.length;
    return [inDer, der(tag | 0x20, der(tag, content.subarray(0, cut)), der(Tag.OCTET_STRING, content.subarray(cut)))];
  });

const { value: valueWithBer } = fc.letrec<{ value: Both }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    primitive,
    fc
      .tuple(
        fc.constantFrom(Tag.SEQUENCE, 0xa3),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.constantFrom('shortest', 'long', 'indefinite'),
      )
      .map(([tag, children, form]): Both => {
        const inside = Buffer.concat(children.map(([, inBer]) => inBer));
        const end = form === 'indefinite' ? Buffer.alloc(2) : Buffer.alloc(0);
        return [
          der(tag, ...children.map(([inDer]) => inDer)),
          Buffer.concat([header(tag, inside.length, form), inside, end]),
        ];
      }),
  ),
}));

const read = (octets: Buffer) => readContents(octets, 'BasicConstraints', readBasicConstraintsTree);
const codes = (octets: Buffer): readonly string[] => read(octets).observations.map(({ code }) => code);

describe('the contents of an OCTET STRING', () => {
  it('are one value for all readers where they are DER', () => {
    const { value, asWritten, problem, observations } = read(sequence(der(Tag.BOOLEAN, Buffer.of(0xff))));
    expect(value).toMatchObject({ ca: true, isFalseWritten: false, pathLength: null });
    expect(asWritten).toBe(value);
    expect(problem).toBeNull();
    expect(observations).toEqual([]);
  });

  it('are read in BER, and not for readers that know no BER', () => {
    const indefinite = Buffer.from('30800101ff0000', 'hex');
    expect(read(indefinite)).toMatchObject({ value: { ca: true }, asWritten: null });
    expect(codes(indefinite)).toEqual(['NonDerEncoding']);
  });

  it('are read as they are written where only a value is not DER', () => {
    const oddTruth = Buffer.from('3003010101', 'hex');
    expect(read(oddTruth)).toMatchObject({ value: { ca: true }, asWritten: { ca: true } });
    expect(codes(oddTruth)).toEqual(['NonDerEncoding']);
  });

  it('are read although something follows them', () => {
    const followed = Buffer.concat([sequence(), Buffer.of(0)]);
    expect(read(followed)).toMatchObject({ value: { ca: false }, asWritten: { ca: false } });
    expect(codes(followed)).toEqual(['TrailingData']);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half an element', Buffer.from('3003', 'hex')],
    ['another type', der(Tag.INTEGER, Buffer.of(1))],
    ['a field too many', sequence(der(Tag.NULL))],
  ])('are malformed: %s', (_, octets) => {
    const { value, asWritten, problem } = read(octets);
    expect([value, asWritten]).toEqual([null, null]);
    expect(problem).toMatch(/\(at byte 0\)|\(at byte 2\)/);
  });
});

describe('an extension', () => {
  it('reads its value when it is asked for it, and once', () => {
    const extension = new ExtensionTree('2.5.29.19', false, false, sequence(), false);
    expect(extension.contents?.value).toMatchObject({ ca: false });
    expect(extension.contents).toBe(extension.contents);
  });

  it('has no typed value where none is known', () => {
    expect(new ExtensionTree('1.2.3', true, false, sequence(), false).contents).toBeNull();
  });
});
