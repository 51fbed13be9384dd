// Tests packages/kubectl-kubepass/src/settings.ts, packages/kubectl-kubepass/src/command-line.ts
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readCredentialCommand, readLoginCommand, readStatusCommand } from '../src/command-line.js';
import { credentialArguments, loginCommand, readDuration, readServer, settingsKey } from '../src/settings.js';

const settings = readCredentialCommand([
  ...[
    '--server',
    'https://kubepass.example/',
    '--cluster',
    'demo',
    '--username',
    'jane',
    '--group',
    'b',
    '--group',
    'a',
  ],
  ...['--namespace', 'x', '--expires-in', '8h', '--key-algorithm', 'Ed25519', '--login', 'work'],
  ...['--reason', 'INC-1: joins the team'],
]);

describe('settings', () => {
  it('are the same after they went through a kubeconfig', () => {
    const [command, ...args] = credentialArguments(settings);
    expect(command).toBe('get-credential');
    expect(readCredentialCommand(args)).toEqual(settings);
    const authority = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const withAuthority = { ...settings, certificateAuthority: authority };
    expect(readCredentialCommand(credentialArguments(withAuthority).slice(1))).toEqual(withAuthority);
  });

  it('are the same after a person has pasted the command of a message into a shell', () => {
    const authority = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    for (const [given, token] of [
      [settings, { tokenFile: null, tokenCommand: `vault "it's" $HOME \`x\` !1 \\ *` }],
      [
        { ...settings, groups: ["team a's", '$(touch x)', 'ü'], certificateAuthority: authority },
        { tokenFile: '/a token', tokenCommand: null },
      ],
    ] as const) {
      const command = loginCommand({ ...given, ...token });
      const words = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' }).split('\0');
      expect(words.slice(0, 3)).toEqual(['kubectl', 'kubepass', 'login']);
      // A login knows its CA, so the command has none of its 2000 characters.
      const without = { ...given, certificateAuthority: null };
      expect(readLoginCommand(words.slice(3, -1))).toMatchObject({ settings: without, token });
    }
    expect(loginCommand({ ...settings, authorityFile: '/a file' })).toContain(`--certificate-authority '/a file'`);
  });

  it('share a credential where they ask for the same identity, in whichever order and by whichever login', () => {
    const key = settingsKey(settings);
    expect(settingsKey({ ...settings, groups: ['a', 'b'], login: null, reason: null })).toBe(key);
    for (const other of [
      { server: 'https://other.example' },
      { cluster: 'prod' },
      { username: 'jim' },
      { username: null },
      { groups: ['a'] },
      { groups: ['a,b'] },
      { namespace: null },
      { expirationSeconds: 600 },
      { keyAlgorithm: 'RSA-2048' },
    ] as const)
      expect(settingsKey({ ...settings, ...other })).not.toBe(key);
  });

  it.each([
    ['8h', 28_800],
    ['90m', 5_400],
    ['1h30m', 5_400],
    ['1d', 86_400],
    ['3600', 3_600],
    ['600s', 600],
  ])('read %s as %i seconds', (text, seconds) => {
    expect(readDuration(text)).toBe(seconds);
  });

  it.each(['', '8', '5m', '8 h', '-8h', '8h8', '1w', '1.5h', '99999999d', 'h'])('refuse the lifetime %j', (text) => {
    expect(() => readDuration(text)).toThrow('--expires-in');
  });

  it.each([
    ['https://kubepass.example/', 'https://kubepass.example'],
    ['https://KUBEPASS.example:443', 'https://kubepass.example'],
    ['https://kubepass.example/base//', 'https://kubepass.example/base'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('write the server %s in one form', (text, server) => {
    expect(readServer(text)).toBe(server);
  });

  it.each([
    'http://kubepass.example',
    'http://127.0.0.1.example',
    'ftp://x',
    'kubepass',
    'https://u:p@x',
    'https://x?y',
    'https://x#y',
  ])('refuse the server %s', (text) => {
    expect(() => readServer(text)).toThrow('--server');
  });

  it.each([
    [['--cluster', 'demo'], '--server is missing'],
    [['--server', 'https://x', '--token', 'secret'], "Unknown option '--token'"],
    [['--server', 'https://x', '--key-algorithm', 'DSA'], '--key-algorithm'],
    [['--server', 'https://x', '--token-file', 'a', '--token-command', 'b'], 'not both'],
    [['--server', 'https://x', '--browser', '--device-code'], 'not both'],
    [['--server', 'https://x', '--certificate-authority', '/nowhere'], 'cannot be read'],
    [['--server', 'https://x', 'surplus'], 'surplus'],
    [['--server', 'https://x', '--context', ''], '--context must not be empty'],
    [['--server', 'https://x', '--kubeconfig', ''], '--kubeconfig must not be empty'],
    [['--server', 'https://x', '--group', 'a', '--group='], '--group must not be empty'],
  ])('are refused: %j', (args, message) => {
    expect(() => readLoginCommand(args)).toThrow(message);
  });

  it('take a server for a status of all contexts alone, because each context names its own', () => {
    expect(readStatusCommand(['--all', '--server', 'https://kubepass.example/']).selection).toEqual({
      ...{ kubeconfig: null, context: null, all: true, tokenServer: 'https://kubepass.example' },
    });
    expect(() => readStatusCommand(['--server', 'https://kubepass.example'])).toThrow('--server is for --all');
  });
});
