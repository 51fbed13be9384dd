import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { inHome } from '../src/in-home.js';
import type { Machine } from '../src/machine.js';
import { runPlugin } from '../src/run-plugin.js';
import { testMachine } from './helpers/plugin-machine.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

const sentence = 'kubepass: there is no home directory: set HOME, or both KUBECONFIG and KUBECACHEDIR';

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
