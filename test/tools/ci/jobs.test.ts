// Tests .ci/jobs.ts, package.json
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { first, lanes } from '../../../.ci/jobs.js';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const jobs = [...first, ...lanes.flat()].map(({ script }) => script);

it('CI runs scripts that are there, each once', () => {
  expect(jobs.filter((script) => !(script in scripts))).toEqual([]);
  expect(jobs.filter((script, index) => jobs.indexOf(script) !== index)).toEqual([]);
});

it('CI runs every script for it, and every kind of test', () => {
  const commands = jobs.flatMap((script) => [script, scripts[script] ?? '']).join('\n');
  const throughScripts = ['.ci/postgresql', '.ci/release'].map((file) => readFileSync(file, 'utf8')).join('\n');
  const needed = Object.keys(scripts).filter((script) => /^(?:ci|test):|^(?:lint|test|build)$/.test(script));
  const missing = needed.filter(
    (script) => !`${commands}\n${throughScripts}`.match(new RegExp(`(?:^|npm run )${script}(?: |$)`, 'm')),
  );
  expect(missing).toEqual([]);
});
