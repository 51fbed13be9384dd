// Tests src/kubernetes/load-kube-config.ts
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ClusterConfigurationError, loadKubeConfig } from '../../../src/kubernetes/load-kube-config.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const cluster = { server: 'https://10.0.0.1:6443/', 'certificate-authority-data': 'Y2E=' };
const kubeconfig = (user: object, more: object = {}, clusterFields: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { ...cluster, ...clusterFields } }],
  users: [
    { name: 'u', user },
    { name: 'other', user: { token: 'of-the-other' } },
  ],
  contexts: [
    { name: 'main', context: { cluster: 'c', user: 'u' } },
    { name: 'second', context: { cluster: 'c', user: 'other' } },
    { name: 'dangling', context: { cluster: 'nowhere', user: 'u' } },
  ],
  'current-context': 'main',
  ...more,
});

const file = join(directory.path, 'kubeconfig');
const load = (content: string | object, context: string | null = null, allowExec = false) => {
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return loadKubeConfig({ kind: 'kubeconfig', file, context }, allowExec);
};

describe('loadKubeConfig', () => {
  it('takes the current context, or the one that is named', () => {
    expect(load(kubeconfig({ token: 't' })).getCurrentUser()).toMatchObject({ name: 'u', token: 't' });
    const second = load(kubeconfig({ token: 't' }), 'second');
    expect(second.getCurrentUser()).toMatchObject({ name: 'other', token: 'of-the-other' });
    expect(second.getCurrentCluster()).toMatchObject({ server: 'https://10.0.0.1:6443', caData: 'Y2E=' });
    expect(second.getUsers()).toHaveLength(1);
  });

  it.each([
    ['an exec plugin', { exec: { command: 'aws', args: ['eks', 'get-token'] } }],
    ['an auth-provider', { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/gcloud' } } }],
  ])('refuses %s unless it is allowed', (what, user) => {
    expect(() => load(kubeconfig(user))).toThrow(
      `user "u" gets its credentials from ${what}, which is refused unless allowExec is true`,
    );
    expect(load(kubeconfig(user), null, true).getCurrentUser()?.name).toBe('u');
    expect(load(kubeconfig(user), 'second').getCurrentUser()?.name).toBe('other');
  });

  it.each([
    ['a context that is not there', kubeconfig({}), 'third', 'there is no context "third"'],
    ['a cluster that is not there', kubeconfig({}), 'dangling', 'there is no cluster "nowhere"'],
    ['no current context', kubeconfig({}, { 'current-context': '' }), null, 'it has no current-context'],
    ['users that are missing', kubeconfig({}, { users: null }), null, 'there is no user "u"'],
    ['a server without TLS', kubeconfig({}, {}, { server: 'http://10.0.0.1' }), null, 'is not an https URL'],
    ['TLS without a check', kubeconfig({}, {}, { 'insecure-skip-tls-verify': true }), null, 'insecure-skip-tls-verify'],
    ['groups to impersonate', kubeconfig({ as: 'jane', 'as-groups': ['a'] }), null, 'impersonates by as-groups'],
    ['a list', '- a\n- b\n', null, 'it is not a kubeconfig'],
  ])('refuses %s', (_, content, context, message) => {
    expect(() => load(content, context)).toThrow(ClusterConfigurationError);
    expect(() => load(content, context)).toThrow(message);
  });

  it('quotes nothing of a file that it cannot parse', () => {
    const broken = 'users:\n  - name: u\n    user: {client-key-data: "c2VjcmV0, token: secret\n';
    expect(() => load(broken)).toThrow(`kubeconfig ${file}: it is not valid YAML`);
    try {
      load(broken);
    } catch (error) {
      expect(JSON.stringify([String(error), (error as Error).cause ?? null])).not.toMatch(/c2VjcmV0|secret/);
    }
  });

  it('says which file cannot be read', () => {
    const missing = join(directory.path, 'missing');
    expect(() => loadKubeConfig({ kind: 'kubeconfig', file: missing, context: null }, false)).toThrow(
      'the kubeconfig cannot be read (ENOENT)',
    );
  });

  it('reads paths from where the kubeconfig is, and prefers data to files', () => {
    mkdirSync(join(directory.path, 'pki'), { recursive: true });
    const user = load(kubeconfig({ 'client-certificate': 'pki/a.crt', 'client-key': '/etc/a.key' })).getCurrentUser();
    expect(user).toMatchObject({ certFile: join(directory.path, 'pki/a.crt'), keyFile: '/etc/a.key' });
    const both = load(
      kubeconfig({ 'client-certificate': 'a.crt', 'client-certificate-data': 'Yg==' }),
    ).getCurrentUser();
    expect(both?.certFile).toBeUndefined();
    expect(both?.certData).toBe('Yg==');
  });

  it('prefers a token file, which is read again, to a token', () => {
    const user = load(kubeconfig({ token: 'old', tokenFile: 'token' })).getCurrentUser();
    expect(user?.token).toBeUndefined();
    expect(user?.authProvider).toEqual({ name: 'tokenFile', config: { tokenFile: join(directory.path, 'token') } });
  });

  it('says that it is not in a pod', () => {
    expect(() => loadKubeConfig({ kind: 'inCluster' }, false)).toThrow('this is not a pod');
  });
});
