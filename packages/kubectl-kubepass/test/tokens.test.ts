// Tests packages/kubectl-kubepass/src/tokens.ts, packages/kubectl-kubepass/src/oidc-sign-in.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whyNoBrowser } from '../src/oidc-sign-in.js';
import { tokenAtHand } from '../src/tokens.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => {
  directory.remove();
});
const file = (name: string, content: string) => {
  writeFileSync(join(directory.path, name), content);
  return join(directory.path, name);
};
const server = 'https://kubepass.example';
const anyToken = { server, loose: true };
const none = { ...anyToken, tokenFile: null, tokenCommand: null };
const nowhere = join(directory.path, 'nowhere');
const machine = { environment: {} };

describe('the token at hand', () => {
  it('is that of the variable, then of the file or command, then of the pod', () => {
    const pod = file('pod', 'of.the.pod\n');
    const given = { ...anyToken, tokenFile: file('token', 'of-the-file\n'), tokenCommand: null };
    expect(tokenAtHand(given, { environment: { KUBEPASS_TOKEN: 'of-the-variable' } }, pod)).toBe('of-the-variable');
    expect(tokenAtHand(given, machine, pod)).toBe('of-the-file');
    expect(tokenAtHand({ ...anyToken, tokenFile: null, tokenCommand: 'echo of-the-command' }, machine, pod)).toBe(
      'of-the-command',
    );
    expect(tokenAtHand(none, machine, pod)).toBe('of.the.pod');
    expect(tokenAtHand(none, machine, nowhere)).toBeNull();
  });

  it('goes to no server that it is not for, where nothing but a kubeconfig names that', () => {
    const pod = file('pod', 'of.the.pod\n');
    const own = { tokenFile: null, tokenCommand: 'echo of-the-command' };
    const environment = { KUBEPASS_TOKEN: 'of-the-variable' };
    for (const [asked, given] of [
      [{ server, loose: false }, environment],
      [
        { server, loose: true },
        { ...environment, KUBEPASS_SERVER: 'https://other.example' },
      ],
    ] as const) {
      expect(tokenAtHand({ ...none, ...asked }, { environment: given }, pod)).toBeNull();
      expect(tokenAtHand({ ...own, ...asked }, { environment: given }, pod)).toBe('of-the-command');
    }
    const meant = { ...environment, KUBEPASS_SERVER: 'https://KUBEPASS.example/' };
    expect(tokenAtHand(none, { environment: meant }, pod)).toBe('of-the-variable');
    expect(() => tokenAtHand(none, { environment: { KUBEPASS_SERVER: 'http://x' } }, pod)).toThrow('KUBEPASS_SERVER');
  });

  it('is never repeated in a message', () => {
    for (const attempt of [
      () => tokenAtHand(none, { environment: { KUBEPASS_TOKEN: 'secret with spaces' } }, nowhere),
      () =>
        tokenAtHand(
          { ...anyToken, tokenFile: file('bad', 'secret\nsecond line'), tokenCommand: null },
          machine,
          nowhere,
        ),
      () => tokenAtHand({ ...anyToken, tokenFile: null, tokenCommand: 'echo secret; exit 3' }, machine, nowhere),
    ]) {
      let message = '';
      try {
        attempt();
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/^PluginError: /);
      expect(message).not.toContain('secret');
    }
    expect(() => tokenAtHand({ ...anyToken, tokenFile: nowhere, tokenCommand: null }, machine, nowhere)).toThrow(
      'cannot be read',
    );
  });
});

describe('a browser', () => {
  it.each([
    [{ DISPLAY: ':0' }, 'linux', true],
    [{}, 'linux', false],
    [{ DISPLAY: ':0', SSH_CONNECTION: 'x' }, 'linux', false],
    [{ SSH_TTY: 'x' }, 'darwin', false],
    [{}, 'darwin', true],
    [{ SSH_TTY: 'x', BROWSER: 'lynx' }, 'linux', true],
  ])('with %j on %s: %s', (environment, platform, can) => {
    expect(whyNoBrowser({ environment, platform }) === null).toBe(can);
  });
});
