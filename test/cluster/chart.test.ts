// Tests deploy/chart/, src/clusters/probe-cluster.ts
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleBindingAccess } from '../../src/clusters/probe-cluster.js';
import type { Access } from '../../src/kubernetes/cluster-error.js';
import { tokenReviewAccess } from '../../src/kubernetes/token-review.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ApiClient } from './api-client.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { describeCharts, type Manifest, type Release, renderRelease } from './rendered-chart.js';
import { listed, rightsOf, signingRights as signing } from './rights.js';
import { openControlPlane } from './suite.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const samples = fileURLToPath(new URL('../../deploy/chart/kubepass/ci', import.meta.url));
const valuesFiles = existsSync(samples) ? readdirSync(samples).filter((name) => name.endsWith('-values.yaml')) : [];

/** Groups of objects that others define: the API server of the tests serves none of them. */
const groupsOfOthers =
  /^(cert-manager\.io|monitoring\.coreos\.com|gateway\.networking\.k8s\.io|postgresql\.cnpg\.io|external-secrets\.io|bitnami\.com)\//;

const here = { name: 'here', server: 'https://kubernetes.example.com:6443', inCluster: true };
const ownCa = {
  localCA: { certFile: '/etc/kubepass/secrets/ca/tls.crt', keyFile: '/etc/kubepass/secrets/ca/tls.key' },
};
const cluster = (settings: object) => ({ config: { clusters: [{ ...here, ...settings }] } });

const roleBindings = roleBindingAccess.map(({ access }) => access);
const revokedCertificates = (namespace: string, name = 'revoked-certificates'): readonly Access[] =>
  ['get', 'update'].map((verb) => ({ verb, group: '', resource: 'configmaps', name, namespace }));

const longNamespace = 'n'.repeat(63);

/** The service account of an installation needs these rights, by its values. */
const installations: readonly (Omit<Release, 'chart'> & {
  readonly title: string;
  readonly needs: readonly Access[];
})[] = [
  { title: 'the defaults', name: 'kubepass', namespace: 'kubepass', needs: signing },
  { title: 'a second release beside it', name: 'second', namespace: 'kubepass', needs: signing },
  { title: 'a release of the same name elsewhere', name: 'kubepass', namespace: 'elsewhere', needs: signing },
  // A hyphen between both names would make these two the same, and so would a limit on their length.
  { title: 'a-kubepass of team', name: 'a-kubepass', namespace: 'team', needs: signing },
  { title: 'kubepass of team-a', name: 'kubepass', namespace: 'team-a', needs: signing },
  ...['1', '2'].map((end) => ({
    title: `names as long as helm takes them, ${end}`,
    name: `kubepass-${'r'.repeat(44 - end.length)}${end}`,
    namespace: longNamespace,
    needs: signing,
  })),
  {
    title: 'a CA of its own',
    name: 'own-ca',
    namespace: 'rights',
    values: cluster({
      signer: ownCa,
      inCluster: false,
      servingCertificateAuthority: '/etc/kubepass/secrets/ca/ca.crt',
    }),
    needs: [],
  },
  {
    title: 'a CA of its own in a cluster that it reaches',
    name: 'own-ca-here',
    namespace: 'rights',
    values: cluster({ signer: ownCa }),
    needs: [],
  },
  {
    title: 'readRoleBindings',
    name: 'bindings',
    namespace: 'rights',
    values: cluster({ signer: ownCa, readRoleBindings: true }),
    needs: roleBindings,
  },
  {
    title: 'revocation by an admission policy',
    name: 'admission',
    namespace: 'kubepass',
    values: cluster({ signer: ownCa, revocation: { mode: 'admission' } }),
    needs: revokedCertificates('kubepass'),
  },
  {
    title: 'revocation by an admission policy whose list has another place',
    name: 'admission-elsewhere',
    namespace: 'rights',
    values: cluster({
      signer: ownCa,
      revocation: { mode: 'admission', configMap: { namespace: 'elsewhere', name: 'refused' } },
    }),
    needs: revokedCertificates('elsewhere', 'refused'),
  },
  {
    title: 'revocation by a webhook',
    name: 'webhook',
    namespace: 'rights',
    values: {
      config: {
        clusters: [{ ...here, signer: ownCa, revocation: { mode: 'webhook' } }],
        publicAddress: { url: 'https://kubepass.example.com' },
      },
    },
    needs: [],
  },
  {
    title: 'service accounts as callers',
    name: 'callers',
    namespace: 'rights',
    values: {
      config: {
        clusters: [{ ...here, signer: ownCa }],
        callers: { serviceAccounts: [{ cluster: 'here', audience: 'kubepass' }] },
      },
    },
    needs: [tokenReviewAccess],
  },
  {
    title: 'everything',
    name: 'everything',
    namespace: 'kubepass',
    values: {
      config: {
        clusters: [{ ...here, signer: 'kubernetes', readRoleBindings: true, revocation: { mode: 'admission' } }],
        callers: { serviceAccounts: [{ cluster: 'here', audience: 'kubepass' }] },
      },
    },
    needs: [...signing, ...roleBindings, tokenReviewAccess, ...revokedCertificates('kubepass')],
  },
  {
    title: 'rbac.create: false',
    name: 'no-rbac',
    namespace: 'rights',
    values: { rbac: { create: false } },
    needs: [],
  },
  {
    title: 'a service account that exists',
    name: 'given',
    namespace: 'rights',
    values: { serviceAccount: { create: false, name: 'made-before' } },
    needs: signing,
  },
];

/** Installations of kubepass-access: each gives these rights to this subject. */
const accesses: readonly (Omit<Release, 'chart'> & {
  readonly title: string;
  readonly subject: {
    readonly kind: 'ServiceAccount' | 'User' | 'Group';
    readonly name: string;
    readonly namespace?: string;
  };
  readonly needs: readonly Access[];
})[] = [
  ...(
    [
      ['the defaults', 'access', {}, signing],
      ['no right', 'nothing', { signing: false }, []],
      ['readRoleBindings', 'bindings', { signing: false, readRoleBindings: true }, roleBindings],
      ['reviewTokens', 'reviews', { signing: false, reviewTokens: true }, [tokenReviewAccess]],
      ['revocationPolicy', 'revocation', { signing: false, revocationPolicy: true }, revokedCertificates('kubepass')],
      [
        'everything',
        'all',
        { readRoleBindings: true, reviewTokens: true, revocationPolicy: true },
        [...signing, ...roleBindings, tokenReviewAccess, ...revokedCertificates('kubepass')],
      ],
    ] as const
  ).map(([title, name, values, needs]) => {
    const namespace = 'kubepass';
    return { title, name, namespace, values, subject: { kind: 'ServiceAccount' as const, name, namespace }, needs };
  }),
  ...(
    [
      { kind: 'ServiceAccount', name: 'kubepass', namespace: 'fleet' },
      { kind: 'User', name: 'kubepass@fleet' },
      { kind: 'Group', name: 'kubepass-of-the-fleet' },
    ] as const
  ).map((subject) => ({
    title: `${subject.kind} ${subject.name} of another place`,
    name: `for-${subject.kind.toLowerCase()}`,
    namespace: 'rights',
    values: { subject, readRoleBindings: true },
    subject,
    needs: [...signing, ...roleBindings],
  })),
];

interface Deployment {
  readonly spec: { readonly template: { readonly spec: { readonly serviceAccountName: string } } };
}

const rbacKinds = new Set(['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);

describeCharts('the charts on a real API server', () => {
  let plane: ControlPlane;
  let admin: ApiClient;
  beforeAll(async () => {
    plane = await openControlPlane();
    admin = ApiClient.ofKubeconfig(plane, plane.adminKubeconfigPath);
    const namespaces = ['kubepass', 'elsewhere', 'rights', 'fleet', 'team', 'team-a', longNamespace].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' },
      },
    }));
    const given = (namespace: string, name: string) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace, name },
    });
    const items = [
      ...namespaces,
      given('rights', 'made-before'),
      given('fleet', 'kubepass'),
      ...['kubepass', 'rights', 'fleet'].map((namespace) => given(namespace, 'nobody')),
    ];
    await succeed(plane, ['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  });
  afterAll(async () => {
    await admin.close();
    await plane.stop();
  });

  const applyDry = (manifests: readonly { readonly text: string }[]) =>
    plane.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '--filename=-'],
      manifests.map(({ text }) => text).join('\n---\n'),
    );

  it.each([undefined, ...valuesFiles.map((file) => join('ci', file))])(
    'are accepted in a namespace of level restricted without a warning: values %s',
    async (valuesFile) => {
      const all = await renderRelease({
        ...{ chart: 'kubepass', name: 'kubepass', namespace: 'kubepass' },
        ...(valuesFile !== undefined && { valuesFile }),
      });
      const own = all.filter(({ manifest }) => !groupsOfOthers.test(manifest.apiVersion));
      expect(own.map(({ manifest }) => manifest.kind)).toEqual(expect.arrayContaining(['Deployment', 'Service']));
      const { code, stdout, stderr } = await applyDry(own);
      expect(code, stderr).toBe(0);
      expect(stderr).toBe('');
      expect(stdout.trim().split('\n')).toHaveLength(own.length);
    },
  );

  it.each(accesses)('are accepted without a warning: kubepass-access with $title', async (release) => {
    const { code, stderr } = await applyDry(await renderRelease({ chart: 'kubepass-access', ...release }));
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('');
  });

  describe('rights', () => {
    let namespaces: readonly string[];
    /** The rights that every user has, and those that every service account has. */
    let ofEverybody: ReadonlySet<string>;
    /** The service account of each installation's pods, by title. */
    const accounts = new Map<string, string>();
    beforeAll(async () => {
      const rendered = await Promise.all(
        [
          ...installations.map((release) => ({ chart: 'kubepass' as const, ...release })),
          ...accesses.map((release) => ({ chart: 'kubepass-access' as const, ...release })),
        ].map(async (release) => {
          const manifests = await renderRelease(release);
          for (const { manifest } of manifests)
            if (manifest.kind === 'Deployment')
              accounts.set(release.title, (manifest as unknown as Deployment).spec.template.spec.serviceAccountName);
          return manifests;
        }),
      );
      const rbac = rendered.flat().filter(({ manifest }) => rbacKinds.has(manifest.kind));
      // `create`, unlike `apply`, refuses a name that another installation has taken.
      await succeed(plane, ['create', '--filename=-'], rbac.map(({ text }) => text).join('\n---\n'));
      const { items } = await admin.done<{ items: readonly Manifest[] }>('GET', '/api/v1/namespaces');
      namespaces = items.map(({ metadata }) => metadata.name);
      const nobody = await asServiceAccount('rights', 'nobody');
      ofEverybody = new Set(await rightsOf(nobody, namespaces));
      await nobody.close();
    });

    const asServiceAccount = async (namespace: string, name: string) =>
      ApiClient.ofToken(plane, await admin.requestToken({ namespace, name }));

    /** RBAC needs up to a second to take effect. */
    const expectRights = async (user: ApiClient, needs: readonly Access[]) => {
      const rights = async () => (await rightsOf(user, namespaces)).filter((right) => !ofEverybody.has(right));
      await expect.poll(rights).toEqual(listed(needs));
      await user.close();
    };

    it.each(installations)('of the service account are what it needs, and nothing else: $title', async (release) => {
      await expectRights(await asServiceAccount(release.namespace, accounts.get(release.title) ?? ''), release.needs);
    });

    it.each(accesses)('of kubepass-access are those that its values name: $title', async ({ subject, needs }) => {
      const { kind, name } = subject;
      if (kind === 'ServiceAccount') {
        await expectRights(await asServiceAccount(subject.namespace ?? '', name), needs);
        return;
      }
      const file = join(directory.path, `${kind}.kubeconfig`);
      await plane.writeKubeconfigByHand(file, kind === 'User' ? name : 'anybody', kind === 'Group' ? [name] : []);
      await expectRights(ApiClient.ofKubeconfig(plane, file), needs);
    });

    it('are none for a service account beside it', async () => {
      for (const namespace of ['kubepass', 'rights', 'fleet'])
        await expectRights(await asServiceAccount(namespace, 'nobody'), []);
    });
  });
});
