/**
 * The corpus of inspections in packages/inspect/corpus. `npm run inspection:corpus` builds missing inputs, with openssl
 * and ssh-keygen on PATH. Existing inputs stay, because ECDSA signatures and salts are random.
 *
 *   -- --rebuild NAME…   builds these inputs again
 *   -- --goldens         writes every golden answer again: read the difference before you commit it
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inspect } from '../src/inspect.js';
import { UploadRefusedError } from '../src/model/budget.js';
import { corpusContext, corpusFolder, readCorpus, type UploadFile } from '../test/helpers/inspection-corpus.js';
import type { Fixture } from './inspection-corpus/fixture.js';
import { fixtures } from './inspection-corpus/fixtures.js';

const { values, positionals } = parseArgs({
  options: { rebuild: { type: 'boolean' }, goldens: { type: 'boolean' } },
  allowPositionals: true,
});

const known = new Set(fixtures.map(({ name }) => name));
if (known.size !== fixtures.length) throw new Error('two fixtures have the same name');
for (const name of positionals) if (!known.has(name)) throw new Error(`there is no fixture ${name}`);

for (const fixture of fixtures) {
  const folder = join(corpusFolder, fixture.name);
  const isWanted = values.rebuild === true && positionals.includes(fixture.name);
  if (isWanted) rmSync(folder, { recursive: true, force: true });
  if (!existsSync(folder)) build(fixture, folder);
  writeDescription(fixture, folder);
}
for (const { name } of readCorpus()) if (!known.has(name)) console.log(`${name}: nothing builds it any more`);
await writeGoldens(values.goldens === true);

function build({ name, about, parts, raises }: Fixture, folder: string): void {
  const built = parts();
  mkdirSync(folder, { recursive: true });
  for (const { file, bytes } of built) writeFileSync(join(folder, file), bytes);
  const upload: UploadFile = { about, parts: built.map((part) => ({ file: part.file, name: part.name })), raises };
  writeFileSync(join(folder, 'upload.json'), JSON.stringify(upload));
  console.log(`${name}: built`);
}

/** The description follows the script even if the inputs stay as they are. */
function writeDescription({ about, password, raises }: Fixture, folder: string): void {
  const file = join(folder, 'upload.json');
  const { parts } = JSON.parse(readFileSync(file, 'utf8')) as UploadFile;
  const upload: UploadFile = {
    about,
    parts,
    ...(password === undefined ? {} : { password }),
    raises,
  };
  writeFileSync(file, `${JSON.stringify(upload, null, 2)}\n`);
}

async function writeGoldens(all: boolean): Promise<void> {
  const context = corpusContext();
  for (const { name, upload } of readCorpus()) {
    const file = join(corpusFolder, name, 'answer.json');
    if (existsSync(file) && !all) continue;
    writeFileSync(file, `${JSON.stringify(await answerTo(upload, context), null, 2)}\n`);
  }
}

async function answerTo(
  upload: Parameters<typeof inspect>[0],
  context: Parameters<typeof inspect>[1],
): Promise<unknown> {
  try {
    return JSON.parse(await inspect(upload, context, 'application/json'));
  } catch (error) {
    if (error instanceof UploadRefusedError) return { refused: error.reason, message: error.message };
    throw error;
  }
}
