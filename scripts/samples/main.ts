// `npm run samples`: runs the blocks of the pages below as a reader would, and compares what they print with the
// samples.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runPage } from './run-page.js';
import { ShellFailure, shellNames, type ShellName } from './shell-session.js';
import { workingCopy } from './working-copy.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const pages = ['README.md', 'docs/tutorial.md', 'docs/api.md'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shell: { type: 'string', multiple: true, default: shellNames },
    write: { type: 'boolean', default: false },
  },
});

const isShell = (name: string): name is ShellName => (shellNames as readonly string[]).includes(name);

for (const shell of values.shell) {
  if (!isShell(shell)) throw new Error(`--shell is one of ${shellNames.join(', ')}`);
  for (const page of positionals.length > 0 ? positionals : pages) await check(page, shell);
}

async function check(name: string, shell: ShellName): Promise<void> {
  const file = join(checkout, name);
  // Nothing was run there yet.
  const copy = workingCopy(checkout);
  try {
    const { page, differences } = await runPage(readFileSync(file, 'utf8'), shell, copy.path);
    for (const { line, sample, printed } of differences)
      console.log(`${name}:${line} in ${shell} prints\n${indent(printed)}and the page says\n${indent(sample)}`);
    if (values.write) writeFileSync(file, page);
    else if (differences.length > 0) process.exitCode = 1;
    console.log(`${name} in ${shell}: ${differences.length} samples ${values.write ? 'written' : 'differ'}`);
  } catch (error) {
    if (!(error instanceof ShellFailure)) throw error;
    console.log(`${name} in ${shell}: ${error.message}`);
    process.exitCode = 1;
  } finally {
    copy.remove();
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ').trimEnd() + '\n';
}
