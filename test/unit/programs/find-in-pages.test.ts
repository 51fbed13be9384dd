// Tests src/programs/find-in-pages.ts
import { describe, expect, it } from 'vitest';
import { findInPages } from '../../../src/programs/find-in-pages.js';

describe('the pages', () => {
  it.each([
    [['restore', 'drill'], 'docs/backup.md, "Restore drill"'],
    [['KubepassDown'], 'docs/alerts.md, "KubepassDown"'],
    [['wal'], 'docs/backup.md, "'],
    [['budgets'], 'docs/budgets.md, "Budgets"'],
  ])('answer %j with the section about that', (words, place) => {
    const found = findInPages(words) ?? '';
    expect(found.slice(0, place.length)).toBe(place);
    expect(found.split('\n').length).toBeLessThan(30);
  });

  it('answer words of one argument as those of several', () => {
    expect(findInPages(['restore drill'])).toBe(findInPages(['Restore', 'DRILL']));
  });

  it('say nothing of words that they do not have together', () => {
    expect(findInPages(['restore', 'xylophone'])).toBeNull();
  });
});
