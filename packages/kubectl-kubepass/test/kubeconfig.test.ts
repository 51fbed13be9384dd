// Tests packages/kubectl-kubepass/src/kubeconfig-file.ts, packages/kubectl-kubepass/src/kubeconfig-entries.ts,
// packages/kubectl-kubepass/src/plugin-error.ts
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  lstatSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { changeKubeconfig, fileToWrite, kubeconfigFiles } from '../src/kubeconfig-file.js';
import { ownContexts, withEntries, type OwnEntries } from '../src/kubeconfig-entries.js';
import { PluginError } from '../src/plugin-error.js';
import { testMachine } from './helpers/plugin-machine.js';
import { machineName } from '../src/files.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

const own: OwnEntries = {
  context: 'jane@demo',
  namespace: null,
  cluster: { server: 'https://10.0.0.1:6443' },
  exec: { args: ['get-credential', '--server', 'https://kubepass.example'], installHint: 'install it' },
};

/** Everything that readers of YAML 1.1 and 1.2 take differently, or that a writer likes to change. */
const others = `# kept by hand
apiVersion: v1
kind: Config
preferences: {colors: true}
clusters:
# the old one
- cluster:
    server: https://old.example   # do not use
    certificate-authority-data: ${'QUJD'.repeat(60)}
  name: old
- {name: flow, cluster: {server: 'https://flow.example'}}
users:
- name: yes
  user: {token: 0777, username: 1e3, password: "0x1F"}
- name: "null"
  user:
    client-key-data: >-
      QUJD
      REVG
    unknown: [~, null, 12345678901234567890, 2026-01-01, 1_000, .5, on]
- name: anchored
  user: &u {username: a}
- name: aliased
  user: *u
contexts:
- context: {cluster: old, user: yes}
  name: old
current-context: old
extensions:
- {name: x, extension: {a: 1}}
`;

describe('the entries of a login in a kubeconfig', () => {
  it('leave every line of the others as it is written', () => {
    const after = withEntries(others, own, false);
    const lines = new Set(after.split('\n').map((line) => line.trim().replace(/^- /, '')));
    for (const scalar of [
      '0777',
      '1e3',
      '"0x1F"',
      '12345678901234567890',
      '2026-01-01',
      '1_000',
      '.5',
      'on',
      '# kept by hand',
      '# the old one',
      '# do not use',
      '&u',
      '*u',
      'unknown',
    ])
      expect(after).toContain(scalar);
    expect(lines.has('name: yes')).toBe(true);
    expect(after).toContain('current-context: old');
    expect(ownContexts(after)).toEqual({ own: [{ context: 'jane@demo', args: own.exec.args }], current: 'old' });
  });

  it('are replaced by the next login, and the second one changes nothing', () => {
    const first = withEntries(others, own, false);
    expect(withEntries(first, own, false)).toBe(first);
    const second = withEntries(
      first,
      { ...own, exec: { ...own.exec, args: ['get-credential', '--server', 'https://new.example'] } },
      true,
    );
    expect(ownContexts(second)).toEqual({
      own: [{ context: 'jane@demo', args: ['get-credential', '--server', 'https://new.example'] }],
      current: 'jane@demo',
    });
  });

  it.each([
    null,
    '',
    '# nothing\n',
    'apiVersion: v1\nkind: Config\nclusters: []\nusers: null\ncontexts:\n',
    '{"apiVersion":"v1","kind":"Config","clusters":[],"users":[],"contexts":[]}',
  ])('make a kubeconfig of %j, and become current there', (text) => {
    const config = parse(withEntries(text, own, true)) as Record<string, unknown>;
    expect(config).toMatchObject({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'kubepass:jane@demo', cluster: own.cluster }],
      users: [
        {
          name: 'kubepass:jane@demo',
          user: { exec: { command: 'kubectl-kubepass', provideClusterInfo: true, interactiveMode: 'IfAvailable' } },
        },
      ],
      contexts: [{ name: 'jane@demo', context: { cluster: 'kubepass:jane@demo', user: 'kubepass:jane@demo' } }],
      'current-context': 'jane@demo',
    });
  });

  it('leave the namespace that somebody has set since, unless the login names one', () => {
    const namespaceAfter = (text: string) =>
      (parse(text) as { contexts: { context: { namespace?: string } }[] }).contexts[0]?.context.namespace;
    const set = withEntries(null, own, true).replace('user: "kubepass:jane@demo"\n', '$&      namespace: shop\n');
    expect(namespaceAfter(set)).toBe('shop');
    expect(namespaceAfter(withEntries(set, own, false))).toBe('shop');
    expect(namespaceAfter(withEntries(set, { ...own, namespace: 'bank' }, false))).toBe('bank');
  });

  it.each([
    [
      'a context of somebody else',
      others.replace('  name: old\ncurrent', '  name: jane@demo\ncurrent'),
      'that is not of kubepass',
    ],
    [
      'a user of somebody else',
      others.replace('- name: anchored', '- name: kubepass:jane@demo'),
      'that is not of kubepass',
    ],
    ['no mapping', '- a\n', 'no mapping'],
    ['no YAML', 'a: [', 'cannot be read'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'cannot be read'],
    ['a key twice', 'users: []\nusers: []\n', 'cannot be read'],
    ['users that are no list', 'users: {a: b}\n', 'is no list'],
    [
      'more aliases than anybody writes',
      `x: &a {server: "https://x"}\nclusters:\n${'- {name: c, cluster: *a}\n'.repeat(1500)}`,
      'cannot be changed, and stays as it is: Excessive alias count',
    ],
    [
      'an alias to a value that the login replaces',
      withEntries(null, own, true)
        .replace('user:\n      exec', 'user: &mine\n      exec')
        .replace('contexts:', '  - name: other\n    user: *mine\ncontexts:'),
      'cannot be changed, and stays as it is: Unresolved alias',
    ],
  ])('do not go into a kubeconfig with %s', (_what, text, message) => {
    expect(() => withEntries(text, own, false)).toThrow(PluginError);
    expect(() => withEntries(text, own, false)).toThrow(message);
  });
});

describe('the kubeconfig file', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => {
    directory.remove();
  });
  const machine = () => testMachine(directory.path);

  it('is changed at once, with a backup and closed to others', async () => {
    const file = join(directory.path, 'config');
    writeFileSync(file, 'old', { mode: 0o644 });
    await changeKubeconfig(file, () => 'new', machine());
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readFileSync(`${file}.kubepass-backup`, 'utf8')).toBe('old');
    for (const one of [file, `${file}.kubepass-backup`]) expect(statSync(one).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('stays as it is where the change throws, and the lock is given back', async () => {
    const file = join(directory.path, 'config');
    writeFileSync(file, 'old');
    const change = changeKubeconfig(
      file,
      () => {
        throw new Error('no');
      },
      machine(),
    );
    await expect(change).rejects.toThrow('no');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('is not changed while kubectl has its lock', async () => {
    const file = join(directory.path, 'config');
    writeFileSync(file, 'old');
    writeFileSync(`${file}.lock`, '');
    utimesSync(`${file}.lock`, 0, 0);
    let elapsed = 0;
    const waiting = {
      ...machine(),
      elapsed: () => elapsed,
      sleep: async (milliseconds: number) => void (elapsed += milliseconds),
    };
    await expect(changeKubeconfig(file, () => 'new', waiting)).rejects.toThrow('another kubectl changes the file');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(existsSync(`${file}.lock`)).toBe(true);
  });

  it('is changed where a plugin that was killed left its lock and half a file, and these are gone then', async () => {
    const file = join(directory.path, 'config');
    writeFileSync(file, 'old');
    writeFileSync(`${file}.lock`, `${hostname()} 4711 abc`);
    const by = (process: number, host = machineName) => `${host}.${process}.0123456789abcdef.tmp`;
    const unfinished = ['', '.kubepass-backup', '.lock'].map((end) => `${file}${end}.${by(4711)}`);
    const others = [
      `${file}.tmp`,
      `${file}-other.${by(4711)}`,
      `${file}.${by(4712)}`,
      `${file}.${by(4711, '01234567')}`,
    ];
    for (const one of [...unfinished, ...others]) writeFileSync(one, 'half');
    await changeKubeconfig(file, () => 'new', testMachine(directory.path, { isRunning: (id) => id !== 4711 }));
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(existsSync(`${file}.lock`)).toBe(false);
    expect(unfinished.filter((one) => existsSync(one))).toEqual([]);
    expect(others.filter((one) => existsSync(one))).toEqual(others);
  });

  it('is never put in the place of something else, such as /dev/null', async () => {
    // A folder stands for the device, which a test that fails would replace.
    const [folder, link] = [join(directory.path, 'null'), join(directory.path, 'link')];
    mkdirSync(folder);
    symlinkSync(folder, link);
    for (const given of [folder, link])
      await expect(changeKubeconfig(given, () => 'new', machine())).rejects.toThrow(
        'null is no regular file, and takes no context',
      );
    expect(readdirSync(directory.path).sort()).toEqual(['link', 'null']);
  });

  it('behind a link is changed in its place', async () => {
    mkdirSync(join(directory.path, 'real'));
    const [real, link] = [join(directory.path, 'real', 'config'), join(directory.path, 'config')];
    writeFileSync(real, 'old');
    symlinkSync(real, link);
    await changeKubeconfig(link, () => 'new', machine());
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toBe('new');
  });

  it('is made where a link leads to that leads to nothing yet, and the link stays', async () => {
    const [link, second, real] = ['config', 'second', 'real/config'].map((name) => join(directory.path, name)) as [
      string,
      string,
      string,
    ];
    symlinkSync('second', link);
    symlinkSync(real, second);
    await changeKubeconfig(link, () => 'new', machine());
    for (const one of [link, second]) expect(lstatSync(one).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toBe('new');
    const circle = join(directory.path, 'circle');
    symlinkSync('circle', circle);
    await expect(changeKubeconfig(circle, () => 'new', machine())).rejects.toThrow('leads to itself');
  });

  it('is found as kubectl finds it', () => {
    const [a, b] = [join(directory.path, 'a'), join(directory.path, 'b')];
    const of = (environment: Record<string, string>) =>
      kubeconfigFiles(null, { environment, homeDirectory: '/home/jane' });
    expect(of({})).toEqual(['/home/jane/.kube/config']);
    expect(of({ KUBECONFIG: `${a}::${b}:${a}` })).toEqual([a, b]);
    expect(kubeconfigFiles('/given', { environment: { KUBECONFIG: a }, homeDirectory: '/' })).toEqual(['/given']);
    expect(fileToWrite([a, b])).toBe(b);
    writeFileSync(a, '');
    expect(fileToWrite([a, b])).toBe(a);
  });
});
