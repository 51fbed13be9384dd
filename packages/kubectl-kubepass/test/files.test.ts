// Tests packages/kubectl-kubepass/src/files.ts
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inHome, writeWholeFile } from '../src/files.js';
import type { Machine } from '../src/machine.js';
import { runPlugin } from '../src/run-plugin.js';
import { testMachine } from './helpers/plugin-machine.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

const sentence = 'kubepass: there is no home directory: set HOME, or both KUBECONFIG and KUBECACHEDIR';

describe('a place below the home directory', () => {
  it('is below the home directory', () => {
    expect(inHome('/home/jane', '.kube', 'config')).toBe('/home/jane/.kube/config');
  });

  it('is asked for where nothing else names the place, and missed in a sentence then', async () => {
    const directory = temporaryDirectory();
    try {
      const plain = testMachine('');
      const machine = (environment: Machine['environment']) => ({ ...plain, environment, homeDirectory: null });
      const placed = machine({
        KUBECONFIG: join(directory.path, 'config'),
        KUBECACHEDIR: join(directory.path, 'cache'),
      });
      expect(await runPlugin(['logout', '--all'], placed)).toBe(0);
      expect(await runPlugin(['status', '--all', '-o', 'json'], placed)).toBe(0);
      expect(plain.takeOutput()).toContain('"items": []');
      for (const command of ['logout', 'status']) expect(await runPlugin([command, '--all'], machine({}))).toBe(1);
      expect(plain.takeLines()).toEqual([sentence, sentence]);
    } finally {
      directory.remove();
    }
  });

  it('is missed in a sentence where the system does not know the user', () => {
    const source = fileURLToPath(new URL('../src/kubectl-kubepass.ts', import.meta.url));
    const unknownUser = `data:text/javascript,
    import os from 'node:os';
    import { syncBuiltinESMExports } from 'node:module';
    os.homedir = () => { throw new Error('uv_os_homedir returned ENOENT'); };
    syncBuiltinESMExports();`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--import', unknownUser, source, 'logout', '--all'],
      { env: { PATH: process.env['PATH'] }, encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: `${sentence}\n` });
  });
});

describe('a file that is written as a whole', () => {
  const source = new URL('../src/files.ts', import.meta.url).href;

  let directory: ReturnType<typeof temporaryDirectory>;
  let file: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    file = join(directory.path, 'config');
  });
  afterEach(() => {
    directory.remove();
  });

  it('takes the place of the old file, closed to others', () => {
    writeFileSync(file, 'old', { mode: 0o644 });
    writeWholeFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory.path)).toEqual(['config']);
  });

  it('leaves the old file, and nothing beside it, where there is room for a part of the new one', () => {
    writeFileSync(file, 'old');
    const write = `
    const { writeWholeFile } = await import(${JSON.stringify(source)});
    try { writeWholeFile(process.argv[1], 'x'.repeat(2 ** 20)); console.log('written'); }
    catch (error) { console.log(error.message); }`;
    // A limit on the size of files ends a write as a full disk does: the system writes what fits, and says how much
    // that is.
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 16; exec "$0" --import tsx --input-type=module -e "$1" "$2"', process.execPath, write, file],
      // Else tsx writes files, which may be too long as well.
      { encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    );
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringMatching(/^EFBIG: .* '.*config'\n$/) as string,
      stderr: '',
    });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(directory.path)).toEqual(['config']);
  });
});
