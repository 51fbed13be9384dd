// Tests src/config/issuer-config.ts, src/config/cluster-config.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => {
  directory.remove();
});
const file = join(directory.path, 'kubepass.yaml');
const at = (name: string) => join(directory.path, name);

const cluster = { name: 'prod', server: 'https://10.0.0.1:6443', servingCertificateAuthority: 'serving.crt' };
type Issuer = Readonly<Record<string, unknown>>;
const good: Issuer = { name: 'users-2026', certFile: 'a.crt', key: { file: 'a.key' } };

function read(...clusters: readonly object[]) {
  writeFileSync(file, JSON.stringify({ clusters: clusters.map((settings) => ({ ...cluster, ...settings })) }));
  const { config, errors } = readConfig(readEnvironment({ KUBEPASS_CONFIG: file }));
  return {
    clusters: config.clusters,
    errors: errors.map((error) => error.replace(/^.*?: clusters/, 'clusters').replaceAll('.signer.localCA', '')),
  };
}
const readIssuers = (...issuers: readonly unknown[]) => read({ signer: { localCA: { issuers } } });
const errorsOf = (...issuers: readonly unknown[]) => readIssuers(...issuers).errors;

describe('the issuers of a cluster', () => {
  it('have a name, a certificate, and a key in one of its places', () => {
    const { errors, clusters } = readIssuers(
      { ...good, key: { file: 'a.key', passphraseFile: '/run/credentials/a' } },
      { ...good, name: 'b', key: { file: 'b.key', passphraseFd: 3 }, anchorFile: 'root.crt' },
      {
        name: 'c',
        certFile: 'c.crt',
        key: { agent: '/run/agent.sock', label: 'users' },
        subject: { commonName: 'kubepass users', organization: ['Example', 'Bücher'] },
      },
      { ...good, name: 'd', key: { agent: 'agent.sock' }, subject: { commonName: 'd' } },
    );
    expect(errors).toEqual([]);
    expect(clusters[0]?.signer).toEqual({
      kind: 'localCA',
      listed: true,
      generate: false,
      issuers: [
        {
          name: 'users-2026',
          certFile: at('a.crt'),
          key: { kind: 'file', file: at('a.key'), passphrase: { file: '/run/credentials/a' } },
          anchorFile: null,
          subject: null,
        },
        {
          name: 'b',
          certFile: at('a.crt'),
          key: { kind: 'file', file: at('b.key'), passphrase: { fd: 3 } },
          anchorFile: at('root.crt'),
          subject: null,
        },
        {
          name: 'c',
          certFile: at('c.crt'),
          key: { kind: 'agent', socket: '/run/agent.sock', label: 'users' },
          anchorFile: null,
          subject: { commonName: 'kubepass users', organization: ['Example', 'Bücher'] },
        },
        {
          name: 'd',
          certFile: at('a.crt'),
          key: { kind: 'agent', socket: at('agent.sock'), label: null },
          anchorFile: null,
          subject: { commonName: 'd', organization: [] },
        },
      ],
    });
  });

  it.each<readonly [string, readonly unknown[], readonly string[]]>([
    ['none', [], ['clusters[0].issuers: must not have fewer than 1 items']],
    ['one without a key', [{ name: 'a', certFile: 'a' }], ['clusters[0].issuers[0].key: is missing']],
    [
      'a key that is nowhere',
      [{ ...good, key: {} }],
      ['clusters[0].issuers[0].key: names no key: it takes file, or agent'],
    ],
    [
      'a key in two places',
      [{ ...good, key: { file: 'a', agent: 'b' } }],
      ['clusters[0].issuers[0].key.agent: and file exclude each other'],
    ],
    [
      'two passphrases',
      [{ ...good, key: { file: 'a', passphraseFile: 'b', passphraseFd: 3 } }],
      ['clusters[0].issuers[0].key.passphraseFd: and passphraseFile exclude each other'],
    ],
    [
      'passphrases of an agent',
      [{ ...good, key: { agent: 'a', passphraseFile: 'b', passphraseFd: 3 } }],
      [
        'clusters[0].issuers[0].key.passphraseFile: goes with file',
        'clusters[0].issuers[0].key.passphraseFd: goes with file',
        'clusters[0].issuers[0].key.passphraseFd: and passphraseFile exclude each other',
      ],
    ],
    [
      'the label of a file',
      [{ ...good, key: { file: 'a', label: 'b' } }],
      ['clusters[0].issuers[0].key.label: goes with agent'],
    ],
    [
      'a passphrase on standard input',
      [{ ...good, key: { file: 'a', passphraseFd: 0 } }],
      ['clusters[0].issuers[0].key.passphraseFd: must be >= 3, not 0'],
    ],
    [
      'a descriptor for two',
      [
        { ...good, key: { file: 'a', passphraseFd: 3 } },
        { ...good, name: 'b', key: { file: 'b', passphraseFd: 3 } },
      ],
      ['clusters[0].issuers[1].key.passphraseFd: 3 is read for an earlier issuer, and can be read once'],
    ],
    [
      'a name twice, one that is no DNS label, and a misspelt setting, all at once',
      [good, good, { ...good, name: 'Users' }, { ...good, name: 'c', certfile: 'x' }, 7],
      [
        'clusters[0].issuers[3].certfile: is not a known setting; did you mean certFile?',
        'clusters[0].issuers[4]: must be a group of settings, not 7',
        'clusters[0].issuers[1].name: "users-2026" is the name of an earlier issuer',
        'clusters[0].issuers[2].name: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
      ],
    ],
    [
      'subjects that no Name has',
      [
        { ...good, subject: {} },
        { ...good, name: 'b', subject: { commonName: '', organization: ['x'.repeat(65)] } },
        { ...good, name: 'c', subject: { commonName: '\ud800', organization: ['x', 'x'] } },
      ],
      [
        'clusters[0].issuers[0].subject.commonName: is missing',
        'clusters[0].issuers[1].subject.commonName: must not have fewer than 1 characters',
        'clusters[0].issuers[1].subject.organization[0]: must not have more than 64 characters',
        'clusters[0].issuers[2].subject.commonName: is not well-formed Unicode',
        'clusters[0].issuers[2].subject.organization[1]: is named twice',
      ],
    ],
  ])('are refused: %s', (_, issuers, errors) => {
    expect(errorsOf(...issuers)).toEqual(errors);
  });

  it('are refused beside files of one issuer', () => {
    expect(read({ signer: { localCA: { certFile: 'a', keyFile: 'b', issuers: [good] } } }).errors).toEqual([
      'clusters[0].certFile: and issuers exclude each other: name the file in one of the issuers',
      'clusters[0].keyFile: and issuers exclude each other: name the file in one of the issuers',
    ]);
  });

  it('are refused where there is nothing of a CA', () => {
    expect(read({ signer: { localCA: {} } }).errors).toEqual([
      'clusters[0].certFile: is missing',
      'clusters[0].keyFile: is missing',
    ]);
    expect(read({ signer: { localCA: [] } }).errors).toEqual([
      'clusters[0]: must be a group of settings, not an empty list',
    ]);
    expect(read({ signer: {} }).errors).toEqual(['clusters[0]: is missing']);
  });

  it('share no descriptor with those of another cluster', () => {
    const signer = { localCA: { issuers: [{ ...good, key: { file: 'a', passphraseFd: 4 } }] } };
    expect(read({ signer }, { name: 'other', signer }).errors).toEqual([
      'clusters[1].issuers[0].key.passphraseFd: 4 is read for an earlier issuer, and can be read once',
    ]);
  });
});

describe('the API servers of a cluster', () => {
  const signer = { localCA: { certFile: 'a', keyFile: 'b' } };

  it('are its server where none are named', () => {
    expect(read({ signer }).clusters[0]?.apiServers).toEqual(['https://10.0.0.1:6443']);
  });

  it('are those that are named, in their order', () => {
    const apiServers = ['https://10.0.0.3:6443', 'https://10.0.0.2:6443'];
    expect(read({ signer, apiServers })).toMatchObject({ errors: [], clusters: [{ apiServers }] });
  });

  it('are https URLs, each another one, and go with issuers', () => {
    const apiServers = ['http://10.0.0.2', 'https://a:443/', 'https://A', 'https://b?c'];
    expect(read({ signer, apiServers }).errors).toEqual([
      'clusters[0].apiServers[0]: must be an https URL, not one of http',
      'clusters[0].apiServers[2]: is that of an earlier one',
      'clusters[0].apiServers[3]: must have neither query nor fragment',
    ]);
    expect(read({ signer, apiServers: [] }).errors).toEqual([
      'clusters[0].apiServers: must not have fewer than 1 items',
    ]);
    expect(read({ signer: 'kubernetes', inCluster: true, apiServers: ['https://10.0.0.2:6443'] }).errors).toEqual([
      'clusters[0].apiServers: goes with signer: localCA, whose issuers are probed there',
    ]);
  });
});
