// Tests scripts/samples/page-blocks.ts
import { describe, expect, it } from 'vitest';
import { readBlocks } from '../../../../scripts/samples/page-blocks.js';

const fence = '```';
const page = (...lines: string[]) => `${lines.join('\n')}\n`;

describe('readBlocks', () => {
  it('finds the lines to paste, their roles and their places', () => {
    const text = page('# Title', `${fence}sh server`, 'serve', fence, '', `${fence}sh`, 'one', 'two', fence, 'end');
    expect(readBlocks(text)).toEqual([
      { line: 3, role: 'server', commands: 'serve\n', sample: null },
      { line: 7, role: 'paste', commands: 'one\ntwo\n', sample: null },
    ]);
  });

  it('gives a sample to the commands before it, with its place', () => {
    const text = page(`${fence}sh`, 'date', fence, 'This prints:', `${fence}json output`, '{}', fence);
    const [block] = readBlocks(text);
    expect(block?.sample?.text).toBe('{}\n');
    expect(text.slice(block?.sample?.offset)).toBe(`{}\n${fence}\n`);
  });

  it('leaves fences alone that only explain', () => {
    expect(readBlocks(page(`${fence}console`, 'docker build .', fence, `${fence}yaml`, 'a: 1', fence))).toEqual([]);
  });

  it('refuses what nobody would run or compare', () => {
    expect(() => readBlocks(page(`${fence}sh sometimes`, 'true', fence))).toThrow('line 1: a block of shell cannot be');
    expect(() => readBlocks(page(`${fence}text output`, 'x', fence))).toThrow('a sample has no commands before it');
    expect(() => readBlocks(page(`${fence}text outptu`, 'x', fence))).toThrow('a block cannot be "outptu"');
    const twice = page(
      `${fence}sh`,
      'true',
      fence,
      `${fence}text output`,
      'x',
      fence,
      `${fence}text output`,
      'x',
      fence,
    );
    expect(() => readBlocks(twice)).toThrow('the commands before this sample have one already');
  });
});
