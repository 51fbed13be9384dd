// Tests bench/performance-document.ts, docs/performance.md
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withFindings, withPart } from '../../../bench/performance-document.js';

const document = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');
const text = '# Title\n\n<!-- a: begin -->\n\nold a\n\n<!-- a: end -->\n\n<!-- b: begin -->\n<!-- b: end -->\nlast\n';

describe('withFindings', () => {
  it('replaces what one command found, and leaves what others did', () => {
    const both = withFindings(withFindings(text, 'b', 'new b'), 'a', 'new a');
    expect(both).toBe(
      '# Title\n\n<!-- a: begin -->\n\nnew a\n\n<!-- a: end -->\n\n<!-- b: begin -->\n\nnew b\n\n<!-- b: end -->\nlast\n',
    );
    expect(withFindings(both, 'a', 'new a')).toBe(both);
  });

  it('writes nowhere where there is no place', () => {
    expect(() => withFindings(text, 'c', 'new c')).toThrow('no place for what `c` found');
  });

  it('finds the place of every command in the document', () => {
    const parts = ['peers', 'peers, the work behind it', 'footprint'].map((part) => `npm run bench -- --only ${part}`);
    const databases = ['sqlite', 'postgresql'].map((name) => `npm run bench:million -- --database ${name}`);
    for (const command of [...parts, ...databases])
      expect(withFindings(document, command, 'found')).toContain('begin -->\n\nfound\n\n<!--');
  });
});

describe('withPart', () => {
  const order = ['a', 'b', 'c'];
  const part = (name: string, ...whats: readonly string[]) => ({
    lines: whats.map((what) => `| \`${name}\` | ${what} |`),
    conditions: `${name} on a machine.`,
  });
  const empty = '# Title\n\n<!-- npm run bench: begin -->\n<!-- npm run bench: end -->\nlast\n';

  it('replaces the lines of one part, leaves the others, and keeps their order', () => {
    const both = withPart(withPart(empty, 'c', part('c', 'old', 'older'), order), 'a', part('a', 'x'), order);
    expect(both).toMatch(/^# Title\n\n<!-- npm run bench: begin -->\n\n\| part \| what \|/);
    const all = withPart(withPart(both, 'b', part('b', 'y', 'z'), order), 'c', part('c', 'new'), order);
    const lines = all.split('\n').filter((line) => /^\| `|^- `/.test(line));
    expect(lines).toEqual([
      '| `a` | x |',
      '| `b` | y |',
      '| `b` | z |',
      '| `c` | new |',
      '- `a`: a on a machine.',
      '- `b`: b on a machine.',
      '- `c`: c on a machine.',
    ]);
    expect(all).toMatch(/\n\n<!-- npm run bench: end -->\nlast\n$/);
  });

  it('drops the lines of a part that is measured no longer', () => {
    const old = withPart(empty, 'c', part('c', 'old'), order);
    expect(withPart(old, 'a', part('a', 'x'), ['a'])).not.toContain('`c`');
  });

  it('finds the place of the table in the document, and the parts that are there', () => {
    const parts = ['peers', 'turns', 'footprint', 'cluster', 'service', 'callers', 'costs', 'decisions', 'replay'];
    const all = [...parts, 'keys', 'evidence', 'directory'];
    expect(withPart(document, 'a', part('a', 'x'), ['a'])).toContain('| `a` | x |');
    const rows = [...document.matchAll(/^\| `(\w+)` \| /gm)].map(([, name]) => name);
    expect(all).toEqual(expect.arrayContaining([...new Set(rows)]));
    expect(rows.length).toBeGreaterThan(20);
  });
});
