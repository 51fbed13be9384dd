// Tests packages/inspect/src/formats/text/privileged-names.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldedName, isSamePerson } from '@kubepass/inspect/formats';

describe('isSamePerson', () => {
  it.each([
    ['carol', 'carol'],
    ['carol', 'Carol'],
    ['carol@corp.example', 'CAROL@Corp.Example'],
    ['carol', '\uff43arol'],
    ['kim', '\u212aim'],
    ['stra\u00dfe', 'STRASSE'],
    ['stra\u1e9ee', 'strasse'],
    ['\u03bf\u03b4\u03bf\u03c2', '\u039f\u0394\u039f\u03a3'],
    ['\u03bf\u03b4\u03bf\u03c3', '\u03bf\u03b4\u03bf\u03c2'],
    ['ju\u0308rgen', 'J\u00dcRGEN'],
    ['o\ufb03ce', 'OFFICE'],
    ['ad\u017f', 'ads'],
  ])('is true of %s and %s', (one, other) => {
    expect([isSamePerson(one, other), isSamePerson(other, one)]).toEqual([true, true]);
  });

  it.each([
    ['carol', 'karol'],
    ['carol', 'carol2'],
    ['carol', 'car-ol'],
    ['jane', 'j\u00e4ne'],
    ['', 'a'],
  ])('is false of %s and %s', (one, other) => {
    expect(isSamePerson(one, other)).toBe(false);
  });

  it('folds what is folded to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(foldedName(foldedName(name))).toBe(foldedName(name));
        expect(isSamePerson(name, name.toUpperCase())).toBe(true);
      }),
    );
  });
});
