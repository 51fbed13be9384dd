import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { policyJsonSchema } from '../src/policy/policy-schema.js';

/** Writes `policies/schema.json`. With `--check` it only says whether the file matches the schema in the source. */
const file = new URL('../policies/schema.json', import.meta.url);
const generated = await format(JSON.stringify(policyJsonSchema), { parser: 'json', printWidth: 120 });

if (!process.argv.includes('--check')) await writeFile(file, generated);
else if ((await readFile(file, 'utf8').catch(() => '')) === generated)
  console.log('policies/schema.json is up to date');
else {
  console.error('policies/schema.json is out of date: run `npm run policy:schema` and commit it');
  process.exitCode = 1;
}
