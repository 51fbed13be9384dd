// Tests src/kubernetes/render-kubeconfig.ts
import { describe, expect, it } from 'vitest';
import { embeddedRevocation } from '../../../src/config/cluster-config.js';
import { parse } from 'yaml';
import { renderKubeconfig } from '../../../src/kubernetes/render-kubeconfig.js';
import type { Cluster } from '../../../src/model/cluster.js';
import { hostileTexts } from '../../helpers/hostile-texts.js';

const cluster: Cluster = {
  name: 'dev-eu',
  server: 'https://10.0.0.1:6443',
  apiServers: ['https://10.0.0.1:6443'],
  tlsServerName: null,
  signer: 'localCA',
  servingCertificateAuthority: '-----BEGIN CERTIFICATE-----\nserving\n-----END CERTIFICATE-----\n',
  allowPrivilegedGroups: [],
  nameAlphabet: 'ascii',
  readsRoleBindings: false,
  revocation: embeddedRevocation,
};
const parts = {
  cluster,
  username: 'jane',
  contextName: null,
  namespace: 'dev',
  certificatePem: 'CERT\n',
  key: { pem: 'KEY\n' },
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('renderKubeconfig', () => {
  it('has one cluster, one user and one context, which is current', () => {
    expect(parse(renderKubeconfig(parts))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'dev-eu',
          cluster: {
            server: 'https://10.0.0.1:6443',
            'certificate-authority-data': base64(cluster.servingCertificateAuthority),
          },
        },
      ],
      users: [
        { name: 'jane', user: { 'client-certificate-data': base64('CERT\n'), 'client-key-data': base64('KEY\n') } },
      ],
      contexts: [{ name: 'jane@dev-eu', context: { cluster: 'dev-eu', user: 'jane', namespace: 'dev' } }],
      'current-context': 'jane@dev-eu',
    });
  });

  it('names the file of a key that the caller holds', () => {
    const yaml = renderKubeconfig({ ...parts, key: { path: '/home/jane/jane.key' } });
    expect(parse(yaml)).toMatchObject({ users: [{ user: { 'client-key': '/home/jane/jane.key' } }] });
    expect(yaml).not.toContain('client-key-data');
  });

  it('says which name the API server’s certificate is for where that is not its host', () => {
    const named = renderKubeconfig({ ...parts, cluster: { ...cluster, tlsServerName: 'kubernetes.default' } });
    expect(parse(named)).toMatchObject({ clusters: [{ cluster: { 'tls-server-name': 'kubernetes.default' } }] });
    expect(renderKubeconfig(parts)).not.toContain('tls-server-name');
  });

  it('gives every text back as it is, to readers of YAML 1.1 and 1.2', () => {
    for (const text of hostileTexts)
      for (const version of ['1.1', '1.2'] as const) {
        const yaml = renderKubeconfig({
          ...parts,
          cluster: { ...cluster, name: `${text}1`, server: `${text}2`, tlsServerName: `${text}3` },
          username: `${text}4`,
          contextName: `${text}5`,
          namespace: `${text}6`,
          key: { path: `${text}7` },
        });
        expect(yaml).toMatch(/^[\n -~]+$/);
        expect(parse(yaml, { version })).toEqual({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [
            {
              name: `${text}1`,
              cluster: {
                server: `${text}2`,
                'tls-server-name': `${text}3`,
                'certificate-authority-data': base64(cluster.servingCertificateAuthority),
              },
            },
          ],
          users: [
            {
              name: `${text}4`,
              user: { 'client-certificate-data': base64('CERT\n'), 'client-key': `${text}7` },
            },
          ],
          contexts: [{ name: `${text}5`, context: { cluster: `${text}1`, user: `${text}4`, namespace: `${text}6` } }],
          'current-context': `${text}5`,
        });
      }
  });

  it('leaves the namespace out where there is none', () => {
    expect(renderKubeconfig({ ...parts, namespace: null })).not.toContain('namespace');
  });

  it('calls its context as it is told to, also where that means something to YAML', () => {
    for (const contextName of ['work', 'on', 'a: #b', '"'])
      expect(parse(renderKubeconfig({ ...parts, contextName }))).toMatchObject({
        contexts: [{ name: contextName, context: { cluster: 'dev-eu', user: 'jane' } }],
        'current-context': contextName,
      });
  });

  it('keeps data bare and on a single line, however long', () => {
    const yaml = renderKubeconfig({ ...parts, certificatePem: 'x'.repeat(5000) });
    expect(yaml).toMatch(/^ {6}client-certificate-data: [A-Za-z0-9+/]+=*$/m);
  });

  it.each(['on', 'no', 'null', '~', '1_000', '0o7', '0x1f', '1e3', '12:30:45', '2001-01-01', 'y'])(
    'keeps %s a string for readers of YAML 1.1',
    (username) => {
      const yaml = renderKubeconfig({ ...parts, username });
      expect(parse(yaml, { version: '1.1' })).toMatchObject({ users: [{ name: username }] });
      expect(yaml).toContain(`- name: "${username}"`);
    },
  );

  it('refuses a text that YAML has no form for', () => {
    expect(() => renderKubeconfig({ ...parts, username: 'jane\ud800' })).toThrow(RangeError);
  });

  it.each(['a "quoted" b', "it's", 'a: b', 'a\\b', 'Jürgen Groß'])('gives %s back as it is', (username) => {
    expect(parse(renderKubeconfig({ ...parts, username }))).toMatchObject({
      users: [{ name: username }],
      'current-context': `${username}@dev-eu`,
    });
  });
});
