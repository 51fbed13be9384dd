// Tests packages/kubectl-kubepass/src/completion.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { complete } from '../src/completion.js';
import { readExecInfo } from '../src/exec-credential.js';
import { testMachine } from './helpers/plugin-machine.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

it.each([
  [['lo'], 'login\nlogout\n:4\n'],
  [[''], 'login\nstatus\nlogout\nrevoke\ninspect\n:4\n'],
  [['--'], '--help\n--version\n:4\n'],
  [['login', '--cl'], '--cluster\n:4\n'],
  [['login', '--he'], '--help\n:4\n'],
  [['login', '--reason', ''], ':4\n'],
  [['revoke', '--reason', 'key'], 'keyCompromise\n:4\n'],
  [['login', '--key-algorithm', 'E'], 'ECDSA-P256\nECDSA-P384\nECDSA-P521\nEd25519\n:4\n'],
  [['login', '--certificate-authority', ''], ':0\n'],
  [['inspect', 'a'], ':0\n'],
  [['inspect', '--e'], '--expires-within\n:4\n'],
  [['inspect', '--expires-within', ''], '7d\n30d\n90d\n:4\n'],
  [['status', 'a'], ':4\n'],
  [['nonsense', '--x'], ':4\n'],
  [['login', 'constructor', ''], ':4\n'],
  [['constructor', '--'], ':4\n'],
])('completes %j', async (words, answer) => {
  expect(await complete(words, testMachine('/nonexistent'))).toBe(answer);
});

describe('completion by what is there', () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());
  const machine = testMachine(directory.path);
  const exec = (server: string, cluster: string) => ({
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'kubectl-kubepass',
    args: ['get-credential', '--server', server, '--cluster', cluster],
  });
  const entries = [
    ['jane@demo', exec('https://kubepass.example', 'demo')],
    ['jane@prod', exec('https://other.example', 'prod')],
  ] as const;
  mkdirSync(join(directory.path, '.kube'));
  writeFileSync(
    join(directory.path, '.kube', 'config'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: entries.map(([name]) => ({ name, cluster: { server: 'https://127.0.0.1:1' } })),
      users: entries.map(([name, one]) => ({ name, user: { exec: one } })),
      contexts: entries.map(([name]) => ({ name, context: { cluster: name, user: name } })),
    }),
  );

  it.each([
    [['status', '--context', ''], 'jane@demo\njane@prod\n:4\n'],
    [['revoke', '--context', 'jane@p'], 'jane@prod\n:4\n'],
    [['login', '--cluster', ''], 'demo\nprod\n:4\n'],
    [['login', '--server', 'https://other.example', '--cluster', ''], 'prod\n:4\n'],
    [['login', '--server=no url', '--cluster', ''], ':4\n'],
    [['status', '--kubeconfig', '/nonexistent', '--context', ''], ':4\n'],
  ])('completes %j', async (words, answer) => {
    expect(await complete(words, machine)).toBe(answer);
    expect(machine.takeLines()).toEqual([]);
  });
});

it('answers kubectl in the version in which it asks, and no other', () => {
  const ask = (apiVersion: string, interactive: unknown) =>
    JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive } });
  expect(readExecInfo(ask('client.authentication.k8s.io/v1', true))).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    interactive: true,
  });
  expect(readExecInfo(ask('client.authentication.k8s.io/v1beta1', 'yes'))).toMatchObject({ interactive: false });
  expect(readExecInfo(undefined)).toMatchObject({ interactive: false });
  expect(() => readExecInfo(ask('client.authentication.k8s.io/v1alpha1', true))).toThrow(
    'apiVersion: client.authentication.k8s.io/v1',
  );
  expect(() => readExecInfo('{')).toThrow('no JSON');
});
