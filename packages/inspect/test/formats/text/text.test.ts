// Tests packages/inspect/src/formats/text/text-layout.ts, packages/inspect/src/formats/text/duration-in-words.ts,
// packages/inspect/src/formats/text/visible.ts
import { describe, expect, it } from 'vitest';
import { durationInWords } from '../../../src/formats/text/duration-in-words.js';
import { alignColumns } from '../../../src/formats/text/text-layout.js';
import { clip, visible, visibleLines, wrapParagraph, wrapText } from '../../../src/formats/text/visible.js';

describe('text for people', () => {
  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [119, '119 seconds'],
    [120, '2 minutes'],
    [7_199, '119 minutes'],
    [7_200, '2 hours'],
    [172_799, '47 hours'],
    [172_800, '2 days'],
    [63_071_999, '729 days'],
    [63_072_000, '2 years'],
    [-86_400 * 3, '3 days'],
  ])('says %d seconds as %s', (seconds, words) => {
    expect(durationInWords(seconds)).toBe(words);
  });

  it('writes out what does not show, and nothing else', () => {
    expect(visible('J\u00e4ne \u4f60 \u{1f600} \u05d0')).toBe('J\u00e4ne \u4f60 \u{1f600} \u05d0');
    expect(visible('a\tb\u0085\u009b\u2029\u{e0041}\ufe0f\u2003')).toBe(
      'a\\u{9}b\\u{85}\\u{9b}\\u{2029}\\u{e0041}\\u{fe0f}\\u{2003}',
    );
    expect(visibleLines('a\r\nb\n')).toBe('a\\u{d}\nb\n');
  });

  it('wraps at spaces, then behind what parts a path, then anywhere', () => {
    expect(wrapText('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapText('pki/apiserver-client.crt', 16)).toEqual(['pki/apiserver-', 'client.crt']);
    expect(wrapText('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrapText('', 4)).toEqual(['']);
    expect(wrapText('\u{1f600}\u{1f600}\u{1f600}', 2)).toEqual(['\u{1f600}\u{1f600}', '\u{1f600}']);
    expect(wrapParagraph('one two three four five', '-> ', 23)).toBe('-> one two three four\n   five\n');
  });

  it('clips by code points', () => {
    expect(clip('\u{1f600}\u{1f600}\u{1f600}', 2)).toBe('\u{1f600}\u{1f600} [...]');
    expect(clip('\u{1f600}\u{1f600}', 2)).toBe('\u{1f600}\u{1f600}');
  });

  it('aligns a column among adjacent lines only', () => {
    const lines = [['a', 'bb', 'c'], ['aaaa', 'b', 'c'], ['alone'], ['x', 'y']];
    expect(alignColumns(lines, { minimumWidth: 0, padding: 1 })).toBe('a    bb c\naaaa b  c\nalone\nx y\n');
  });
});
