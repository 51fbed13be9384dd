// Tests scripts/lint/cycles.ts
import { describe, expect, it } from 'vitest';
import { cyclesOf } from '../../../scripts/lint/cycles.js';

const edges = (all: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(all).map(([node, others]) => [node, new Set(others)]));

describe('cycles of folders', () => {
  it('are none where folders import one way, nor where one imports itself', () => {
    expect(cyclesOf(edges({ a: ['a', 'b', 'c'], b: ['c'], c: [] }))).toEqual([]);
  });

  it('are found over several folders, and apart from each other', () => {
    const all = edges({ top: ['a', 'x'], a: ['b'], b: ['c'], c: ['a', 'x'], x: ['y'], y: ['x', 'z'], z: [] });
    expect(cyclesOf(all)).toEqual([
      ['x', 'y'],
      ['a', 'b', 'c'],
    ]);
  });

  it('are found between a folder and one inside it', () => {
    expect(cyclesOf(edges({ 'src/store': ['src/store/tables'], 'src/store/tables': ['src/store'] }))).toHaveLength(1);
  });

  it('hold all folders of two rings with one in common', () => {
    expect(cyclesOf(edges({ a: ['b', 'c'], b: ['a'], c: ['a'] }))).toEqual([['a', 'b', 'c']]);
  });
});
