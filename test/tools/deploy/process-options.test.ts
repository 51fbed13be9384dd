// Tests package.json, .ci/image
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { instruction } from '../../helpers/image.js';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
/** The options of Node with which a command starts the service. */
const optionsOf = (command: string) => (/\bnode (.*?) \S*dist\/kubepass\.js/.exec(command)?.[1] ?? '').split(' ');

it.each([
  ['npm start', scripts.start],
  ['the image', instruction('ENTRYPOINT').join(' ')],
])('%s gives keys memory that no core file holds, and no signal opens a debugger', (_, command) => {
  const script =
    'process.kill(process.pid, "SIGUSR1"); setTimeout(() => console.log(crypto.secureHeapUsed().total), 100)';
  const output = execFileSync(process.execPath, [...optionsOf(command), '-e', script], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  expect(output).toBe('16777216\n');
  expect(optionsOf(command)).toContain('--disable-sigusr1');
});
