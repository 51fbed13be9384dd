// Tests docs/backup.md, src/backup/restore-database.ts
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runPage } from '../../scripts/samples/run-page.js';
import { workingCopy } from '../../scripts/samples/working-copy.js';
import { isInstalled } from '../helpers/is-installed.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** The part of a page under a heading, up to the next one of the same level or above. */
function section(page: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const begin = page.indexOf(`\n${heading}\n`);
  expect(begin, heading).toBeGreaterThan(0);
  const rest = page.slice(begin + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

it.skipIf(!isInstalled('bash') || !isInstalled('curl'))(
  'the restore drill of the operations page works as it stands there',
  async () => {
    const copy = workingCopy(checkout);
    try {
      const drill = section(readFileSync(`${checkout}docs/backup.md`, 'utf8'), '## Restore drill');
      expect((await runPage(drill, 'bash', copy.path)).differences).toEqual([]);
    } finally {
      copy.remove();
    }
  },
);
