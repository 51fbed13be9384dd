// Tests src/clusters/cluster-csr-text.ts
import { describe, expect, it } from 'vitest';
import { humanDuration } from '@kubepass/inspect/formats';
import { clusterCsrDescription, clusterCsrTable } from '../../../../src/clusters/cluster-csr-text.js';
import type { ClusterCsr } from '../../../../src/model/cluster.js';
import { CSR_PEM_LABEL, describeCertificationRequest, encodePem } from '@kubepass/x509';
import { readCsrFixture } from '../../../../packages/x509/test/fixtures/csr/index.js';

async function csrOf(fixture: string, more: Partial<ClusterCsr> = {}): Promise<ClusterCsr> {
  const octets = readCsrFixture(fixture);
  const pem = fixture.endsWith('.pem') ? octets.toString('utf8') : encodePem(CSR_PEM_LABEL, octets);
  return {
    name: 'csr-jane',
    uid: 'u1',
    createdAt: new Date('2026-03-01T10:00:00Z'),
    seenAt: new Date('2026-03-02T12:00:00Z'),
    labels: { b: '2', a: '1' },
    annotations: {},
    signerName: 'kubernetes.io/kube-apiserver-client',
    username: 'kubernetes-admin',
    groups: [],
    usages: ['client auth'],
    expirationSeconds: 86_400,
    status: 'Approved,Issued',
    conditions: [],
    request: await describeCertificationRequest(pem),
    certificate: null,
    requestId: null,
    ...more,
  };
}

const head = `Name:                csr-jane
Labels:              a=1,b=2
Annotations:         <none>
CreationTimestamp:   Sun, 01 Mar 2026 10:00:00 +0000
Requesting User:     kubernetes-admin
Signer:              kubernetes.io/kube-apiserver-client
Requested Duration:  24h
Status:              Approved,Issued
Subject:
`;

/** The output of kubectl 1.36 for these objects. */
describe('a CSR object as text', () => {
  it.each([
    [
      'go-two-groups-in-one-rdn.pem',
      `         Common Name:    jane@corp.example
         Serial Number:  
         Organization:   team-a
                         viewers
Events:  <none>
`,
    ],
    [
      'organizational-unit.der',
      `         Common Name:          jane
         Serial Number:        
         Organizational Unit:  dev
Events:  <none>
`,
    ],
    [
      'subject-alt-name.der',
      `  Common Name:    jane
  Serial Number:  
Subject Alternative Names:
         DNS Names:  api.corp.example
Events:  <none>
`,
    ],
  ])('reads like kubectl describe csr: %s', async (fixture, text) => {
    expect(clusterCsrDescription(await csrOf(fixture))).toBe(head + text);
  });

  it('says what cannot be read, where kubectl prints an error', async () => {
    const text = clusterCsrDescription(await csrOf('truncated.der'));
    expect(text).toMatch(/^Name: +csr-jane\n/);
    expect(text).toMatch(/Subject:\n +Error: +\S/);
  });

  it('leaves out what was not asked for', async () => {
    const text = clusterCsrDescription(await csrOf('go-two-groups-in-one-rdn.pem', { expirationSeconds: null }));
    expect(text).not.toContain('Requested Duration');
  });

  it('reads like kubectl get csr', async () => {
    const first = await csrOf('go-two-groups-in-one-rdn.pem');
    const second: ClusterCsr = {
      ...first,
      name: 'b',
      createdAt: new Date('2026-03-02T11:59:55Z'),
      signerName: 'kubernetes.io/kubelet-serving',
      username: 'system:node:a',
      expirationSeconds: null,
      status: 'Pending',
    };
    expect(clusterCsrTable([first, second])).toBe(
      `NAME       AGE   SIGNERNAME                            REQUESTOR          REQUESTEDDURATION   CONDITION
csr-jane   26h   kubernetes.io/kube-apiserver-client   kubernetes-admin   24h                 Approved,Issued
b          5s    kubernetes.io/kubelet-serving         system:node:a      <none>              Pending
`,
    );
    expect(clusterCsrTable([])).toBe('No resources found\n');
  });

  it('lets nobody move the cursor or turn the text around', async () => {
    const csr = await csrOf('bidi-in-common-name.der', { username: 'a\u001b[2Jb\r\nSTATUS', labels: { x: '\u202e' } });
    for (const text of [clusterCsrDescription(csr), clusterCsrTable([csr])]) {
      expect(text).not.toMatch(/\p{Cf}/u);
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
      expect(text).not.toMatch(/^STATUS/m);
      expect(text).toContain('a\\u{1b}[2Jb\\u{d}\\u{a}STATUS');
    }
  });
});

it.each([
  [-5, '<invalid>'],
  [-1.5, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [150, '2m30s'],
  [600, '10m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [12_600, '3h30m'],
  [28_800, '8h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [180_000, '2d2h'],
  [691_200, '8d'],
  [63_071_999, '729d'],
  [63_072_000, '2y'],
  [63_158_400, '2y1d'],
  [252_288_000, '8y'],
])('prints %d seconds as %s', (seconds, text) => {
  expect(humanDuration(seconds)).toBe(text);
});
