// Tests scripts/samples/run-page.ts
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runPage } from '../../../../scripts/samples/run-page.js';
import { isInstalled } from '../../../helpers/is-installed.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const fence = '```';
const page = (sample: string) =>
  [
    `${fence}sh`,
    'echo "for jane until $(date -u +%FT%TZ)" | tee made-here',
    fence,
    `${fence}text output`,
    sample,
    fence,
    'end',
    '',
  ].join('\n');

describe.skipIf(!isInstalled('bash'))('runPage', () => {
  it('finds no difference where only a time differs, and leaves the page as it is', async () => {
    const text = page('for jane until 2026-11-26T11:00:00Z');
    expect(await runPage(text, 'bash', directory.path)).toEqual({ page: text, differences: [] });
    expect(existsSync(join(directory.path, 'made-here'))).toBe(true);
  });

  it('finds a sample that is out of date, and writes the new one', async () => {
    const { page: written, differences } = await runPage(page('for joe until today'), 'bash', directory.path);
    expect(differences).toEqual([{ line: 2, sample: 'for joe until today\n', printed: 'for jane until <instant>\n' }]);
    expect(written).toMatch(/^```text output\nfor jane until \d{4}-\S+Z\n```\nend\n$/m);
  });

  it('says which block fails', async () => {
    const text = `\n${fence}sh\nfalse\n${fence}\n`;
    await expect(runPage(text, 'bash', directory.path)).rejects.toThrow('the block at line 3: a command failed');
  });
});
