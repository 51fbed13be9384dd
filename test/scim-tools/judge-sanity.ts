/**
 * Judges a report of scim-sanity: ends with 1 where a check fails that the list of exceptions does not have, or where
 * one of the list does not fail any more. `judge-sanity.ts REPORT EXCEPTIONS`
 */
import { readFileSync } from 'node:fs';

interface Check {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
}

const [report = '', list = ''] = process.argv.slice(2);
const { results } = JSON.parse(readFileSync(report, 'utf8')) as { readonly results: readonly Check[] };
const excepted = readFileSync(list, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const failed = results.filter(({ status }) => status === 'fail' || status === 'error');
const unexpected = failed.filter(({ name }) => !excepted.includes(name));
const mended = excepted.filter((name) => !failed.some((check) => check.name === name));
for (const { name, message = '' } of unexpected) console.error(`${name}: ${message}`);
for (const name of mended) console.error(`${name} does not fail any more: take it off the list`);
console.log(`scim-sanity: ${results.length} checks, ${failed.length} failed, ${excepted.length} of them expected`);
process.exitCode = results.length > 0 && unexpected.length + mended.length === 0 ? 0 : 1;
