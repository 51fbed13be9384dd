import { readFile, writeFile } from 'node:fs/promises';
import { charts } from './charts.js';
import { valuesTable } from './values-table.js';

/**
 * Writes `values.schema.json` and `README.md` of each chart. With `--check` it only says whether the files match their
 * sources: the settings of the service, the schema of policies, and the comments of values.yaml.
 */
const root = new URL('../../', import.meta.url);
const isCheck = process.argv.includes('--check');

async function keep(name: string, text: string): Promise<void> {
  const file = new URL(name, root);
  if (!isCheck) {
    await writeFile(file, text);
    return;
  }
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found === text) {
    console.log(`${name} is up to date`);
    return;
  }
  const line = found.split('\n').findIndex((one, i) => one !== text.split('\n')[i]) + 1;
  console.error(`${name} is out of date from line ${line} on: run \`npm run chart:schema\` and commit it`);
  process.exitCode = 1;
}

for (const { name, schema, introduction } of charts) {
  const folder = `deploy/chart/${name}`;
  const values = await readFile(new URL(`${folder}/values.yaml`, root), 'utf8');
  await keep(`${folder}/values.schema.json`, `${JSON.stringify(schema, null, 1)}\n`);
  await keep(
    `${folder}/README.md`,
    `# ${name}\n\n${introduction}\n\n## Values\n\n<!-- npm run chart:schema writes this page from values.yaml and values.schema.json -->\n\n${valuesTable(values, schema)}`,
  );
}
