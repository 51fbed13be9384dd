// Tests deploy/kubernetes/, scripts/release/artefacts/install-manifest.ts
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { installManifest } from '../../scripts/release/artefacts/install-manifest.js';
import { versionOf } from '../../scripts/release/prepare-release.js';
import type { Access } from '../../src/kubernetes/cluster-error.js';
import { openClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { tokenReviewAccess } from '../../src/kubernetes/token-review.js';
import { roleBindingAccess } from '../../src/clusters/probe-cluster.js';
import { signingAccess } from '../../src/signing/kubernetes-signer-object.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ApiClient } from './api-client.js';
import { succeed } from './certificate-signing-request.js';
import { listed, rightsOf, signingRights } from './rights.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeCluster, openCluster } from './suite.js';
import type { TestCluster } from './test-cluster.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const directory = temporaryDirectory();
afterAll(() => directory.remove());

const group = 'certificates.k8s.io';
const csrs = { group, resource: 'certificatesigningrequests' };
const signer = (name: string) => ({ group, resource: 'signers', name });
const kubeSystem = { group: '', resource: 'configmaps', namespace: 'kube-system' };

const needed = signingAccess.map(({ access }) => access);

const tooMuch: readonly Access[] = [
  // Rights of the component review-tokens are missing, too.
  tokenReviewAccess,
  { verb: 'create', group: 'authorization.k8s.io', resource: 'subjectaccessreviews' },
  // The rights of the component read-role-bindings are missing too.
  ...roleBindingAccess.map(({ access }) => access),
  { verb: 'update', ...csrs },
  { verb: 'update', ...csrs, subresource: 'status' },
  { verb: 'approve', group, resource: 'signers' },
  { verb: 'approve', ...signer('kubernetes.io/kube-apiserver-client-kubelet') },
  { verb: 'sign', ...signer('kubernetes.io/kube-apiserver-client') },
  { verb: 'get', ...kubeSystem },
  { verb: 'get', group: '', resource: 'secrets', namespace: 'kubepass' },
  { verb: 'create', group: '', resource: 'pods', namespace: 'kubepass' },
  { verb: 'impersonate', group: '', resource: 'users' },
];

describeCluster('deploy/kubernetes on a real API server', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openCluster();
  });
  afterAll(() => cluster.stop());

  it('is accepted whole, without an unknown field', async () => {
    for (const file of ['namespace.yaml', 'service-account.yaml', 'rbac.yaml'])
      await succeed(cluster, ['apply', '--filename', `${folder}/${file}`]);
    const { code, stdout, stderr } = await cluster.kubectl([
      'apply',
      '--kustomize',
      folder,
      '--dry-run=server',
      '--validate=strict',
    ]);
    expect(code, stderr).toBe(0);
    for (const object of [
      'deployment.apps/kubepass',
      'service/kubepass',
      'networkpolicy.networking.k8s.io/kubepass',
      'persistentvolumeclaim/kubepass-data',
      'configmap/kubepass-policies',
    ])
      expect(stdout).toContain(`${object} created`);
    // The API server would warn here if the pod violated the namespace's Pod Security level, `restricted`.
    expect(stderr).not.toContain('Warning');
  });

  it('is accepted as the one file of a release, which has the same objects', async () => {
    const image = { registry: 'registry.example:5000', repository: 'kubepass', digest: `sha256:${'a'.repeat(64)}` };
    const manifest = installManifest(folder, versionOf('.'), image);
    const applied = await cluster.kubectl(
      ['apply', '--filename=-', '--dry-run=server', '--validate=strict', '--output=name'],
      manifest,
    );
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stderr).not.toContain('Warning');
    const { stdout } = await cluster.kubectl(['kustomize', folder]);
    const objects = (text: string) =>
      new Map(
        parseAllDocuments(text)
          .map((document) => document.toJS() as { readonly kind: string; readonly metadata: { readonly name: string } })
          .map((object) => [`${object.kind} ${object.metadata.name}`, object]),
      );
    // Names of the base end with a hash of the content, which nobody could follow who edits a file.
    const expected = stdout.replaceAll(/\bkubepass-config-[a-z0-9]{10}\b/g, 'kubepass-config');
    expect(
      objects(manifest.replace(`registry.example:5000/kubepass@${image.digest}`, `kubepass:${versionOf('.')}`)),
    ).toEqual(objects(expected));
    expect(applied.stdout.trim().split('\n')).toHaveLength(objects(expected).size);
  });

  it('gives its service account the rights that signing needs, and no more', async () => {
    const kubeconfig = await kubeconfigOfServiceAccount(cluster, directory.path);
    const connection = await openClusterConnection(
      { kind: 'kubeconfig', file: kubeconfig, context: null },
      { allowExec: false },
    );
    try {
      const allowed = async (accesses: readonly Access[]) =>
        (await connection.accessReviews(accesses)).filter((review) => review.allowed).map(({ access }) => access);
      // RBAC needs up to a second to take effect.
      await expect.poll(() => allowed(needed), { timeout: 10_000 }).toEqual(needed);
      expect(await allowed(tooMuch)).toEqual([]);
    } finally {
      await connection.close();
    }
  });

  it('gives it nothing else, by the list that the API server has of its rights', async () => {
    const asServiceAccount = async (namespace: string, name: string) =>
      ApiClient.ofToken(cluster, (await succeed(cluster, ['create', 'token', name, '--namespace', namespace])).trim());
    const [user, nobody] = [
      await asServiceAccount('kubepass', 'kubepass'),
      await asServiceAccount('default', 'default'),
    ];
    const namespaces = ['default', 'kube-system', 'kubepass'];
    const ofEverybody = new Set(await rightsOf(nobody, namespaces));
    const rights = (await rightsOf(user, namespaces)).filter((right) => !ofEverybody.has(right));
    expect(rights).toEqual(listed(signingRights));
    for (const client of [user, nobody]) await client.close();
  });

  it('gives it the list of revoked certificates with the component for that, and no other ConfigMap', async () => {
    const kubeconfig = await kubeconfigOfServiceAccount(cluster, directory.path);
    for (const file of ['rbac.yaml', 'probe.yaml'])
      await succeed(cluster, ['apply', '--filename', `${folder}/components/revocation-policy/${file}`]);
    const connection = await openClusterConnection(
      { kind: 'kubeconfig', file: kubeconfig, context: null },
      { allowExec: false },
    );
    const configMap = { group: '', resource: 'configmaps', namespace: 'kubepass' };
    const list = ['get', 'update'].map((verb) => ({ verb, ...configMap, name: 'revoked-certificates' }));
    const others: readonly Access[] = [
      { verb: 'update', ...configMap, name: 'kubepass-probe' },
      { verb: 'get', ...configMap },
      { verb: 'create', ...configMap },
      { verb: 'delete', ...configMap, name: 'revoked-certificates' },
      { verb: 'update', group: '', resource: 'configmaps', name: 'revoked-certificates', namespace: 'kube-system' },
    ];
    try {
      const allowed = async (accesses: readonly Access[]) =>
        (await connection.accessReviews(accesses)).filter((review) => review.allowed).map(({ access }) => access);
      await expect.poll(() => allowed(list), { timeout: 10_000 }).toEqual(list);
      expect(await allowed(others)).toEqual([]);
    } finally {
      await connection.close();
    }
  });
});
