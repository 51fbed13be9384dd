// Tests packages/kubectl-kubepass/src/credential-cache.ts, packages/kubectl-kubepass/src/files.ts,
// packages/kubectl-kubepass/src/kubeconfig-file.ts
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerFromCache } from '../../src/exec-credential.js';
import { ownCacheOf } from '../../src/credential-cache.js';
import { readCredentialCommand } from '../../src/command-line.js';
import { changeKubeconfig } from '../../src/kubeconfig-file.js';
import { runPlugin } from '../../src/run-plugin.js';
import { machineName } from '../../src/files.js';
import { testMachine, type TestMachine } from '../helpers/plugin-machine.js';
import { temporaryDirectory } from '../../../../test/helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
let machine: TestMachine;
let home: string;
beforeEach(() => {
  directory = temporaryDirectory();
  home = directory.path;
  machine = testMachine(home, { environment: { KUBEPASS_TOKEN: 'secret' } });
});
afterEach(() => {
  directory.remove();
});

/** Somebody else for whom the files of this test are those of another person. */
const somebodyElse = () => ({ ...machine, userId: (process.geteuid?.() ?? 0) + 1 });
/** Nothing listens there. */
const args = ['--server', 'http://127.0.0.1:9', '--cluster', 'demo'];
const pipeAt = (path: string) => {
  execFileSync('mkfifo', [path]);
  return path;
};

describe('the cache', () => {
  const soon = Date.now() + 3_600_000;
  const credential = {
    ...{ server: 'http://127.0.0.1:9', cluster: 'demo', username: 'jane', groups: [], fingerprintSha256: 'ab' },
    ...{
      certificatePem: 'certificate',
      keyPem: 'key',
      issuedAt: Date.now(),
      notAfter: soon + 3_600_000,
      renewAt: soon,
    },
  };
  const root = () => join(home, '.kube', 'cache', 'kubepass');
  const cache = () => ownCacheOf(readCredentialCommand(args), machine);
  const file = () => join(cache().directory, 'credential.json');
  const answer = (of = machine) => answerFromCache(['get-credential', ...args], of);
  beforeEach(() => {
    cache().write('credential', credential);
    expect(answer()).toContain('"certificate"');
  });

  it.each([
    [
      'a link in place of its folder',
      () => {
        moveAndLink(cache().directory);
      },
      /is a link, and not followed/,
    ],
    [
      'a link in place of the folder of all',
      () => {
        moveAndLink(root());
      },
      /is a link, and not followed/,
    ],
    [
      'a link in place of a file',
      () => {
        moveAndLink(file());
      },
      /credential\.json is a link, and not followed/,
    ],
    [
      'a folder in which others can put files',
      () => {
        chmodSync(root(), 0o777);
      },
      /kubepass is open to others/,
    ],
    [
      'a file that others can read',
      () => {
        chmodSync(file(), 0o640);
      },
      /credential\.json is open to others/,
    ],
    [
      'a pipe in place of a file',
      () => {
        execFileSync('rm', [file()]);
        pipeAt(file());
        chmodSync(file(), 0o600);
      },
      /credential\.json is no regular file/,
    ],
  ])('with %s says nothing and is written to by nobody', async (_what, change, message) => {
    change();
    const before = listed(home);
    expect(answer()).toBeNull();
    expect(await runPlugin(['get-credential', ...args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([expect.stringMatching(message)]);
    expect(listed(home)).toEqual(before);
  });

  it('of somebody else says nothing, and is not changed', async () => {
    expect(answer({ ...machine, ...somebodyElse() })).toBeNull();
    expect(await runPlugin(['get-credential', ...args], somebodyElse())).toBe(1);
    expect(await runPlugin(['logout', '--all'], somebodyElse())).toBe(1);
    for (const line of machine.takeLines()) expect(line).toContain('belongs to somebody else');
    expect(answer()).not.toBeNull();
  });

  it('holds no login that others can change: no command of it runs', async () => {
    const trace = join(home, 'trace');
    const login = { server: 'http://127.0.0.1:9', tokenFile: null, tokenCommand: `touch ${trace}; echo token` };
    const { cacheOfLogin } = await import('../../src/credential-cache.js');
    const logins = cacheOfLogin({ server: login.server, login: null }, machine);
    logins.write('login', { ...login, certificateAuthority: null, issuer: null, clientId: null, audience: null });
    execFileSync('rm', [file()]);
    const plain = { ...machine, environment: {} };
    expect(await runPlugin(['get-credential', ...args], plain)).toBe(1);
    expect(existsSync(trace)).toBe(true);
    execFileSync('rm', [trace]);
    machine.takeLines();
    chmodSync(join(logins.directory, 'login.json'), 0o622);
    expect(await runPlugin(['get-credential', ...args], plain)).toBe(1);
    expect(machine.takeLines().join()).toContain('login.json is open to others');
    expect(existsSync(trace)).toBe(false);
  });

  it('loses what a plugin that was killed has left there, and nothing else', async () => {
    const lost = ['credential.json', 'lock'].map((name) => `${name}.${machineName}.4711.0123456789abcdef.tmp`);
    const old = 'attempt.json.fedcba9876543210.tmp';
    const kept = [
      `credential.json.${machineName}.4712.0123456789abcdef.tmp`,
      'credential.json.01234567.4711.0123456789abcdef.tmp',
      'attempt.json.0123456789abcdef.tmp',
    ];
    const link = `link.${machineName}.4711.0123456789abcdef.tmp`;
    const inFolder = (name: string) => join(cache().directory, name);
    for (const name of [...lost, old, ...kept]) writeFileSync(inFolder(name), 'key', { mode: 0o600 });
    symlinkSync(file(), inFolder(link));
    utimesSync(inFolder(old), 0, 0);
    const dead = testMachine(home, { isRunning: (id) => id !== 4711 });
    ownCacheOf(readCredentialCommand(args), { ...dead, userId: 4711 }).remove();
    ownCacheOf(readCredentialCommand(args), dead).prepare();
    expect(readdirSync(cache().directory).sort()).toEqual(['credential.json', link, ...kept].sort());
    expect(answer()).not.toBeNull();
  });
});

describe('a kubeconfig', () => {
  const withFile = (path: string) => ({ ...machine, environment: { ...machine.environment, KUBECONFIG: path } });
  const commands = [['status', '--all'], ['status'], ['revoke', '--all'], ['logout'], ['login', ...args]];

  it.each([
    ['a pipe', () => pipeAt(join(home, 'pipe')), /is no regular file/],
    ['a folder', () => home, /^kubepass: .*kubepass-test\S+ is a folder, where a file is expected/],
    [
      'a file of a gigabyte',
      () => {
        writeFileSync(join(home, 'big'), 'a: b\n');
        truncateSync(join(home, 'big'), 2 ** 30);
        return join(home, 'big');
      },
      /is too long/,
    ],
    [
      'aliases of aliases',
      () => {
        const names = Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}x]`);
        writeFileSync(join(home, 'bomb'), ['a0: &a0 [x]', ...names.slice(1)].join('\n'));
        return join(home, 'bomb');
      },
      /^kubepass: the kubeconfig cannot be changed, and stays as it is: /,
    ],
    [
      'brackets in brackets',
      () => {
        writeFileSync(join(home, 'deep'), 'a: ' + '['.repeat(50_000));
        return join(home, 'deep');
      },
      /^kubepass: the kubeconfig cannot be /,
    ],
    [
      'mappings in mappings',
      () => {
        writeFileSync(join(home, 'deep'), '{a: '.repeat(20_000) + 'b' + '}'.repeat(20_000));
        return join(home, 'deep');
      },
      /^kubepass: the kubeconfig cannot be /,
    ],
  ])('that is %s ends each command with a sentence', async (_what, make, message) => {
    const path = make();
    for (const command of commands) {
      expect(await runPlugin(command, withFile(path)), command.join(' ')).toBe(1);
      expect(machine.takeLines(), command.join(' ')).toEqual([expect.stringMatching(message)]);
    }
  });

  it('that is a device is none', async () => {
    expect(await runPlugin(['status', '--all', '-o', 'json'], withFile('/dev/zero'))).toBe(0);
    expect(machine.takeOutput()).toContain('"items": []');
  });

  it('is one of a thousand', async () => {
    const files = Array.from({ length: 1_000 }, (_, i) => join(home, `config-${i}`));
    const exec = `{command: kubectl-kubepass, args: [get-credential, ${args.join(', ')}]}`;
    files.forEach((path, i) => {
      writeFileSync(
        path,
        `users: [{name: u${i}, user: {exec: ${exec}}}]\ncontexts: [{name: c${i}, context: {user: u${i}}}]\n`,
      );
    });
    expect(await runPlugin(['status', '--all', '-o', 'json'], withFile(files.join(':')))).toBe(0);
    expect((JSON.parse(machine.takeOutput()) as { items: unknown[] }).items).toHaveLength(1_000);
  });

  it('of somebody else is not replaced, nor one to which a link of somebody else leads', async () => {
    const [file, link, next] = ['config', 'link', 'next'].map((name) => join(home, name)) as [string, string, string];
    writeFileSync(file, 'old');
    symlinkSync(file, link);
    symlinkSync(next, join(home, 'link-to-next'));
    const asOther = process.geteuid?.() === 0 ? { ...somebodyElse(), userId: 1 } : somebodyElse();
    for (const given of [file, link])
      await expect(changeKubeconfig(given, () => 'new', asOther)).rejects.toThrow('belongs to somebody else');
    expect(readFileSync(file, 'utf8')).toBe('old');
    await changeKubeconfig(link, () => 'new', machine);
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('whose lock is a pipe, or a link, is somebody’s', async () => {
    const file = join(home, 'config');
    writeFileSync(file, 'old');
    let elapsed = 0;
    const waiting = {
      ...machine,
      elapsed: () => elapsed,
      sleep: async (milliseconds: number) => void (elapsed += milliseconds),
    };
    for (const make of [() => pipeAt(`${file}.lock`), () => symlinkSync('/dev/zero', `${file}.lock`)]) {
      make();
      await expect(changeKubeconfig(file, () => 'new', waiting)).rejects.toThrow('another kubectl changes the file');
      execFileSync('rm', [`${file}.lock`]);
    }
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  it.each([
    ['status', '--all'],
    ['login', ...args],
  ])('has nothing beside it after a %s of what a killed plugin left there', async (...command) => {
    const file = join(home, 'config');
    writeFileSync(file, '', { mode: 0o600 });
    const source = new URL('../../src/files.ts', import.meta.url).href;
    // It dies where the new text is written, and the file has no name of its own yet.
    const { signal, stderr } = spawnSync(
      process.execPath,
      [
        ...[
          '--import',
          'tsx',
          '--require',
          fileURLToPath(new URL('../../../../test/helpers/kill-at.cjs', import.meta.url)),
        ],
        ...['--input-type=module', '--eval', `(await import('${source}')).writeWholeFile('${file}', 'secret')`],
      ],
      { env: { KUBEPASS_TEST_KILL_AT: '3', KUBEPASS_TEST_KILL_PATH: file }, encoding: 'utf8' },
    );
    expect(signal, stderr).toBe('SIGKILL');
    expect(readdirSync(home).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
    const real = testMachine(home, {
      environment: { KUBECONFIG: file },
      isRunning: (id) => existsSync(`/proc/${id}`),
    });
    await runPlugin(command, real);
    if (command[0] === 'login') await changeKubeconfig(file, () => 'new', real);
    expect(readdirSync(home).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(statSync(file).isFile()).toBe(true);
  });
});

/** Puts a link in the place of this, which leads to it. */
function moveAndLink(path: string): void {
  execFileSync('mv', [path, join(home, 'moved')]);
  symlinkSync(join(home, 'moved'), path);
}

/** All below this folder, with mode and time of change. */
function listed(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const about = lstatSync(path);
    const line = `${path} ${about.mode.toString(8)} ${about.isFile() ? readFileSync(path, 'utf8') : ''}`;
    return about.isDirectory() ? [line, ...listed(path)] : [line];
  });
}
