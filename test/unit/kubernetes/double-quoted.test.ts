// Tests src/kubernetes/render-kubeconfig.ts
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { doubleQuoted } from '../../../src/kubernetes/render-kubeconfig.js';
import { hostileTexts } from '../../helpers/hostile-texts.js';

/** All code points up to U+FFFF, and some of every further plane, its last ones among them, in texts of 512. */
const characters = Array.from({ length: 0x110000 }, (_, codePoint) => codePoint)
  .filter((codePoint) => codePoint <= 0xffff || codePoint % 257 === 0 || (codePoint & 0xffff) >= 0xfffe)
  .filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff)
  .map((codePoint) => String.fromCodePoint(codePoint));
const texts = Array.from({ length: Math.ceil(characters.length / 512) }, (_, i) =>
  characters.slice(i * 512, (i + 1) * 512).join(''),
);

describe.each(['1.1', '1.2'] as const)('doubleQuoted, read as YAML %s', (version) => {
  it('gives every character back', () => {
    for (const text of texts) expect(parse(doubleQuoted(text), { version }) === text).toBe(true);
  });

  it('gives every hostile text back, alone and as a member', () => {
    for (const text of hostileTexts) {
      expect(parse(doubleQuoted(text), { version })).toBe(text);
      expect(parse(`a: ${doubleQuoted(text)}\nb: c\n`, { version })).toEqual({ a: text, b: 'c' });
    }
  });
});

describe('doubleQuoted', () => {
  it('is one line of printable ASCII', () => {
    for (const text of [...texts, ...hostileTexts]) expect(doubleQuoted(text)).toMatch(/^"[ -~]*"$/);
  });

  it('leaves plain text readable', () => {
    expect(doubleQuoted('/home/jane/jane.key')).toBe('"/home/jane/jane.key"');
    expect(doubleQuoted('C:\\keys\\"jane".key')).toBe('"C:\\\\keys\\\\\\"jane\\".key"');
    expect(doubleQuoted('a\u0085\u2028é\u{1f600}')).toBe('"a\\u0085\\u2028\\u00e9\\U0001f600"');
  });

  it.each(['\ud800', '\udfff', 'a\ud83d', '\ude00\ud83d'])('refuses the lone surrogate in %j', (text) => {
    expect(() => doubleQuoted(text)).toThrow(RangeError);
  });
});
