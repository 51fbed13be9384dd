import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withFindings } from '../../bench/performance-document.js';

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
    const document = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');
    const parts = ['peers', 'cluster', 'local', 'decisions', 'inspection', 'replay'];
    for (const command of [...parts.map((part) => `npm run bench -- --only ${part}`), 'npm run bench:million'])
      expect(withFindings(document, command, 'found'), command).toContain(`${command}: begin -->\n\nfound\n\n<!--`);
  });
});
