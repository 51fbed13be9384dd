// Tests scripts/samples/shell-session.ts
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { ShellFailure, ShellSession, shellNames } from '../../../../scripts/samples/shell-session.js';
import { isInstalled } from '../../../helpers/is-installed.js';

describe.each(shellNames)('ShellSession in %s', (shell) => {
  const sessions: ShellSession[] = [];
  const open = () => {
    const session = new ShellSession(shell, { cwd: tmpdir(), env: { PATH: process.env['PATH'] } });
    sessions.push(session);
    return session;
  };
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
  });
  const test = it.skipIf(!isInstalled(shell));

  test('keeps variables and functions from block to block, and returns what each prints', async () => {
    const session = open();
    expect(await session.paste('name=jane\ngreet() {\n  echo "hello $1"\n}')).toBe('');
    expect(await session.paste('greet "$name"\ngreet again\n')).toBe('hello jane\nhello again\n');
  });

  test.each(['false', 'false | cat', 'nothing-of-this-name', 'echo "unfinished'])(
    'reports that %s fails',
    async (line) => {
      await expect(open().paste(`${line}\necho on`, 2)).rejects.toThrow(ShellFailure);
    },
  );

  test('serves until Ctrl-C', async () => {
    const session = open();
    const printed = await session.serve('echo ready; sleep 600', (text) => Promise.resolve(text.includes('ready')));
    expect(printed).toBe('ready\n');
    const started = performance.now();
    await session.close();
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

it.skipIf(!isInstalled('zsh'))('zsh takes a comment for an argument, as a reader’s does', async () => {
  const session = new ShellSession('zsh', { cwd: tmpdir(), env: { PATH: process.env['PATH'] } });
  expect(await session.paste('echo one # two')).toBe('one # two\n');
  await session.close();
});
