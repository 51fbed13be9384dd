import { describe, expect, it } from 'vitest';

import { der, sequence, Tag } from '../../src/strict/der.js';
import { readContents } from '../../src/tree/contents.js';
import { ExtensionTree } from '../../src/tree/extension.js';
import { readBasicConstraintsTree } from '../../src/tree/extension-values.js';

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
