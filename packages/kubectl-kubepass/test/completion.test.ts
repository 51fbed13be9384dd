// Tests packages/kubectl-kubepass/src/completion.ts
import { expect, it } from 'vitest';
import { complete } from '../src/completion.js';
import { readExecInfo } from '../src/exec-credential.js';

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
])('completes %j', (words, answer) => {
  expect(complete(words)).toBe(answer);
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
