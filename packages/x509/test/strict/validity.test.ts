// Tests packages/x509/src/strict/validity.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { der, DerError, onlyElement, sequence, Tag } from '../../src/strict/der.js';
import {
  instantText,
  readTime,
  readValidity,
  userCertificateValidity,
  writeTime,
  writeValidity,
} from '../../src/strict/validity.js';

const time = (tag: number, text: string): Date => readTime(onlyElement(der(tag, Buffer.from(text)), 'it'));

describe('a Time', () => {
  it('reads back what was written, in whole seconds', () => {
    const instants = fc.date({
      min: new Date('1950-01-01'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, (instant) => {
        const seconds = Math.floor(instant.getTime() / 1000) * 1000;
        expect(readTime(onlyElement(writeTime(instant), 'it')).getTime()).toBe(seconds);
      }),
    );
  });

  it.each([
    ['2049-12-31T23:59:59Z', Tag.UTC_TIME, '491231235959Z'],
    ['2050-01-01T00:00:00Z', Tag.GENERALIZED_TIME, '20500101000000Z'],
    ['1950-01-01T00:00:00Z', Tag.UTC_TIME, '500101000000Z'],
    ['9999-12-31T23:59:59Z', Tag.GENERALIZED_TIME, '99991231235959Z'],
  ])('writes %s with the type that its year demands', (instant, tag, text) => {
    expect(writeTime(new Date(instant)).equals(der(tag, Buffer.from(text)))).toBe(true);
    expect(time(tag, text)).toEqual(new Date(instant));
  });

  it.each([
    [Tag.UTC_TIME, '4912312359Z'],
    [Tag.UTC_TIME, '491231235959'],
    [Tag.UTC_TIME, '491231235959+0000'],
    [Tag.UTC_TIME, '490230000000Z'],
    [Tag.UTC_TIME, '491301000000Z'],
    [Tag.UTC_TIME, '490101240000Z'],
    [Tag.UTC_TIME, '490101000060Z'],
    [Tag.UTC_TIME, '4901010000 0Z'],
    [Tag.GENERALIZED_TIME, '20491231235959Z'],
    [Tag.GENERALIZED_TIME, '00010101000000Z'],
    [Tag.GENERALIZED_TIME, '20500101000000.5Z'],
    [Tag.GENERALIZED_TIME, '20500101000000'],
    [Tag.UTF8_STRING, '20500101000000Z'],
  ])('refuses tag 0x%s with %s', (tag, text) => {
    expect(() => time(tag, text)).toThrow(DerError);
  });

  it.each([new Date('1949-12-31T23:59:59Z'), new Date(Number.NaN), new Date(8.64e15)])('cannot be %s', (instant) => {
    expect(() => writeTime(instant)).toThrow(RangeError);
  });
});

describe('the validity of a user certificate', () => {
  const now = new Date('2030-01-01T00:00:00.900Z');

  it('begins five minutes ago and never ends after what was approved', () => {
    const validity = userCertificateValidity(now, 3600, new Date('2040-01-01'));
    expect(validity).toEqual({
      notBefore: new Date('2029-12-31T23:55:00Z'),
      notAfter: new Date('2030-01-01T01:00:00Z'),
    });
    expect(readValidity(onlyElement(writeValidity(validity), 'it'))).toEqual(validity);
  });

  it('ends with its CA at the latest', () => {
    const caNotAfter = new Date('2030-01-01T00:30:00Z');
    expect(userCertificateValidity(now, 3600, caNotAfter).notAfter).toEqual(caNotAfter);
  });
});

describe('a Validity', () => {
  it('has its own times, however many were written before and in whichever order', () => {
    const begin = Date.UTC(2049, 11, 31, 23, 59, 40);
    const instants = Array.from({ length: 60 }, (_, i) => new Date(begin + (i % 40) * 500));
    for (const notBefore of [...instants, ...instants.toReversed()]) {
      const notAfter = new Date(notBefore.getTime() + 3_600_000);
      expect(writeValidity({ notBefore, notAfter })).toEqual(sequence(writeTime(notBefore), writeTime(notAfter)));
    }
  });
});

describe('the text of an instant', () => {
  it('is the text of each instant, however many there were and however often one is written', () => {
    const instants = Array.from({ length: 300 }, (_, i) => new Date(Date.UTC(2026, 2, 1) + (i % 100) * 999));
    for (const instant of [...instants, ...instants.toReversed()])
      expect(instantText(instant)).toBe(instant.toISOString());
  });

  it('is refused for an instant that is none, each time', () => {
    for (let i = 0; i < 2; i += 1) expect(() => instantText(new Date(NaN))).toThrow(RangeError);
  });
});
