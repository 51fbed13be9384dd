// Tests packages/inspect/src/reading/read-kubeconfig.ts
import { describe, expect, it } from 'vitest';
import { readKubeconfig } from '../../src/reading/read-kubeconfig.js';

const problemsOf = (document: unknown): readonly string[] =>
  readKubeconfig(document).problems.map(({ place, problem }) => `${place.join('.')} ${problem}`);

describe('readKubeconfig', () => {
  it('keeps the indices of entries that are nothing', () => {
    const { kubeconfig, problems } = readKubeconfig({ users: [null, 'x', { name: 'u', user: { tokenFile: 'f' } }] });
    expect(kubeconfig.users.map(({ name, tokenFile }) => [name, tokenFile])).toEqual([
      ['', null],
      ['', null],
      ['u', 'f'],
    ]);
    expect(problems.map(({ place }) => place.join('.'))).toEqual(['users.1', 'users.0.name', 'users.1.name']);
  });

  it('takes empty strings, nulls and lists that are not there for nothing, as Go does', () => {
    const { kubeconfig, problems } = readKubeconfig({
      'current-context': '',
      clusters: null,
      users: [{ name: 'u', user: { token: '', 'client-certificate-data': null, exec: null } }],
    });
    expect(problems).toEqual([]);
    expect(kubeconfig).toMatchObject({ currentContext: null, clusters: [], contexts: [] });
    expect(kubeconfig.users[0]).toMatchObject({
      token: null,
      exec: null,
      clientCertificate: { data: null, file: null },
    });
  });

  it('holds no token, password or value of a variable', () => {
    const { kubeconfig } = readKubeconfig({
      users: [
        {
          name: 'u',
          user: {
            token: 'sesame',
            password: 'sesame',
            exec: { command: 'c', apiVersion: 'v1', env: [{ name: 'N', value: 'sesame' }] },
            'auth-provider': { name: 'a', config: { 'id-token': 'sesame' } },
            'as-user-extra': { scopes: ['sesame'] },
          },
        },
      ],
    });
    expect(kubeconfig.users[0]).toMatchObject({
      token: 'given',
      basic: true,
      exec: { env: ['N'] },
      authProvider: 'a',
      impersonates: { extra: ['scopes'] },
    });
    expect(JSON.stringify(kubeconfig)).not.toContain('sesame');
  });

  it.each<[string, unknown, string[]]>([
    ['a list', [], [' is a list where an object belongs']],
    ['a text', 'x', [' is a string where an object belongs']],
    ['nothing', null, []],
  ])('of what is %s has no fields', (_, document, problems) => {
    expect(readKubeconfig(document).kubeconfig).toEqual({
      currentContext: null,
      contexts: [],
      clusters: [],
      users: [],
    });
    expect(problemsOf(document)).toEqual(problems);
  });

  it('says which fields have another type, and quotes none', () => {
    const document = {
      'current-context': true,
      clusters: [{ name: 'c', cluster: { server: 1, 'insecure-skip-tls-verify': 'sesame' } }],
      users: [{ name: 'u', user: { token: 1, exec: { command: 'c', apiVersion: 'v1', args: ['a', 2] }, as: {} } }],
    };
    expect(problemsOf(document)).toEqual([
      'current-context is true or false (write it in quotes) where a string belongs',
      'clusters.0.cluster.server is a number (write it in quotes) where a string belongs',
      'clusters.0.cluster.insecure-skip-tls-verify is a string where true or false belongs',
      'users.0.user.token is a number (write it in quotes) where a string belongs',
      'users.0.user.exec.args.1 is a number (write it in quotes) where a string belongs',
      'users.0.user.as is an object where a string belongs',
    ]);
  });
});
