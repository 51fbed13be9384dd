import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { violationReasons } from '../src/model/violation-reasons.js';
import { policyJsonSchema } from '../src/policy/policy-schema.js';

/**
 * Writes `policies/schema.json`, and the reasons of violations in docs/policies.md. With `--check` it only says whether
 * the files match the source.
 */
const root = new URL('../', import.meta.url);
const page = new URL('docs/policies.md', root);
const block = /(<!-- reasons of violations[^>]*-->\n)[^]*?(<!-- end -->)/;
const rows = Object.entries(violationReasons).map(
  ([reason, text]) => `| \`${reason}\` | ${text.split(' → ').join(' | ')} |\n`,
);
const table = `| reason | meaning | do |\n| --- | --- | --- |\n${rows.join('')}`;
const written = await readFile(page, 'utf8');
if (!block.test(written)) throw new Error('docs/policies.md has no place for the reasons of violations');

const generated: readonly (readonly [URL, string])[] = [
  [
    new URL('policies/schema.json', root),
    await format(JSON.stringify(policyJsonSchema), { parser: 'json', printWidth: 120 }),
  ],
  [page, written.replace(block, (_, begin: string, end: string) => `${begin}\n${table}\n${end}`)],
];
for (const [file, text] of generated) {
  const name = file.href.slice(root.href.length);
  if (!process.argv.includes('--check')) await writeFile(file, text);
  else if ((await readFile(file, 'utf8').catch(() => '')) === text) console.log(`${name} is up to date`);
  else {
    console.error(`${name} is out of date: run \`npm run policy:schema\` and commit it`);
    process.exitCode = 1;
  }
}
