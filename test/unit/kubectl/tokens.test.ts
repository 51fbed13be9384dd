import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whyNoBrowser } from '../../../src/kubectl/open-browser.js';
import { tokenAtHand } from '../../../src/kubectl/tokens.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => {
  directory.remove();
});
const file = (name: string, content: string) => {
  writeFileSync(join(directory.path, name), content);
  return join(directory.path, name);
};
const none = { tokenFile: null, tokenCommand: null };
const nowhere = join(directory.path, 'nowhere');
const machine = { environment: {} };

describe('the token at hand', () => {
  it('is that of the variable, then of the file or command, then of the pod', () => {
    const pod = file('pod', 'of.the.pod\n');
    const given = { tokenFile: file('token', 'of-the-file\n'), tokenCommand: null };
    expect(tokenAtHand(given, { environment: { KUBEPASS_TOKEN: 'of-the-variable' } }, pod)).toBe('of-the-variable');
    expect(tokenAtHand(given, machine, pod)).toBe('of-the-file');
    expect(tokenAtHand({ tokenFile: null, tokenCommand: 'echo of-the-command' }, machine, pod)).toBe('of-the-command');
    expect(tokenAtHand(none, machine, pod)).toBe('of.the.pod');
    expect(tokenAtHand(none, machine, nowhere)).toBeNull();
  });

  it('is never repeated in a message', () => {
    for (const attempt of [
      () => tokenAtHand(none, { environment: { KUBEPASS_TOKEN: 'secret with spaces' } }, nowhere),
      () => tokenAtHand({ tokenFile: file('bad', 'secret\nsecond line'), tokenCommand: null }, machine, nowhere),
      () => tokenAtHand({ tokenFile: null, tokenCommand: 'echo secret; exit 3' }, machine, nowhere),
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
    expect(() => tokenAtHand({ tokenFile: nowhere, tokenCommand: null }, machine, nowhere)).toThrow('cannot be read');
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
