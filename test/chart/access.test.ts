// Tests deploy/chart/kubepass/, src/clusters/probe-cluster.ts, src/signing/kubernetes-signer-object.ts
import { expect, it } from 'vitest';
import { roleBindingAccess } from '../../src/clusters/probe-cluster.js';
import { describeAccess } from '../../src/kubernetes/cluster-error.js';
import { tokenReviewAccess } from '../../src/kubernetes/token-review.js';
import { signingAccess } from '../../src/signing/kubernetes-signer-object.js';
import { type AccessRule, accessesOf } from '../helpers/accesses-of-rule.js';
import { ciFile, describeChart, type Manifest, render, type Rendering, type RenderOptions } from './render.js';

const server = 'https://kubernetes.example.com:6443';
const ownCa = { localCA: { certFile: '/ca.crt', keyFile: '/ca.key' } };
const cluster = (name: string, settings: object = {}) => ({
  name,
  server,
  inCluster: true,
  signer: ownCa,
  ...settings,
});
const signing = cluster('here', { signer: 'kubernetes' });

interface Binding extends Manifest {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** Each access of a subject, as `describeAccess` prints it; in a namespace, that comes before it and a colon. */
function given({ objects }: Rendering, kind: string, name: string): readonly string[] {
  const bindings = objects.filter((object) => object.kind.endsWith('Binding')) as unknown as readonly Binding[];
  return bindings
    .filter(({ subjects }) => subjects.some((subject) => subject.kind === kind && subject.name === name))
    .flatMap(({ roleRef, metadata: { namespace } }) => {
      if (roleRef.name === 'extension-apiserver-authentication-reader') return [`${namespace ?? ''}: ${clientCa}`];
      const role = objects.find(
        (object) =>
          object.kind === roleRef.kind &&
          object.metadata.name === roleRef.name &&
          object.metadata.namespace === (roleRef.kind === 'Role' ? namespace : undefined),
      );
      const accesses = (role?.['rules'] as readonly AccessRule[]).flatMap(accessesOf);
      return namespace === undefined ? accesses : accesses.map((access) => `${namespace}: ${access}`);
    })
    .sort();
}

const clientCa = describeAccess({
  verb: 'get',
  group: '',
  resource: 'configmaps',
  name: 'extension-apiserver-authentication',
});
const rightsOf = async (
  clusters: readonly object[],
  more: { readonly config?: object; readonly values?: object } = {},
) => given(await render({ config: { clusters, ...more.config }, ...more.values }), 'ServiceAccount', 'kubepass');

const forSigning = signingAccess.map(({ access: { namespace, ...access } }) =>
  namespace === undefined ? describeAccess(access) : `${namespace}: ${describeAccess(access)}`,
);
const forRoleBindings = roleBindingAccess.map(({ access }) => describeAccess(access));
const forList = (namespace: string, name: string) =>
  ['get', 'update'].map((verb) => `${namespace}: ${describeAccess({ verb, group: '', resource: 'configmaps', name })}`);

describeChart('the rights of the service account', () => {
  it('are those that signing takes, where the cluster of the pod signs', async () => {
    expect(await rightsOf([signing])).toEqual([...forSigning].sort());
  });

  it('are none where another CA signs, and where the pod runs in another cluster', async () => {
    expect(await rightsOf([cluster('here')])).toEqual([]);
    const elsewhere = {
      name: 'there',
      server,
      signer: 'kubernetes',
      readRoleBindings: true,
      revocation: { mode: 'admission' },
    };
    const callers = { serviceAccounts: [{ cluster: 'there', audience: 'kubepass' }] };
    expect(
      await rightsOf([elsewhere], {
        config: { callers },
        values: { clusterCredentials: { there: { secretName: 'there' } } },
      }),
    ).toEqual([]);
  });

  it('follow from each setting of each cluster in which the pod runs', async () => {
    expect(await rightsOf([cluster('a', { readRoleBindings: true })])).toEqual([...forRoleBindings].sort());
    const callers = { serviceAccounts: [{ cluster: 'a', audience: 'kubepass' }] };
    expect(await rightsOf([cluster('a')], { config: { callers } })).toEqual([describeAccess(tokenReviewAccess)]);
    expect(await rightsOf([cluster('a', { revocation: { mode: 'admission' } })])).toEqual(
      forList('kubepass', 'revoked-certificates'),
    );
    // Two entries may name the same cluster, with a signer each.
    const both = [signing, cluster('b', { readRoleBindings: true })];
    expect(await rightsOf(both)).toEqual([...forSigning, ...forRoleBindings].sort());
  });

  it('reach the list of revoked certificates where the configuration has it, with a ConfigMap for the probe', async () => {
    const list = (namespace: string, name: string) => ({
      revocation: { mode: 'admission', configMap: { namespace, name } },
    });
    const clusters = [cluster('a', list('one', 'x')), cluster('b', list('one', 'y')), cluster('c', list('two', 'x'))];
    const rendering = await render({ config: { clusters } });
    expect(given(rendering, 'ServiceAccount', 'kubepass')).toEqual(
      [...forList('one', 'x'), ...forList('one', 'y'), ...forList('two', 'x')].sort(),
    );
    const update = describeAccess({ verb: 'update', group: '', resource: 'configmaps', name: 'kubepass-probe' });
    expect(given(rendering, 'User', 'kubepass-probe')).toEqual([`one: ${update}`, `two: ${update}`]);
    expect(rendering.names('ConfigMap')).toEqual(expect.arrayContaining(['one/kubepass-probe', 'two/kubepass-probe']));
  });

  it('are yours to give where rbac.create is false, and go to the account that you name', async () => {
    const everything = await render({ rbac: { create: false } }, { files: [ciFile('everything')] });
    expect(everything.objects.filter(({ kind }) => /Role|Binding/.test(kind))).toEqual([]);
    const rendering = await render({ serviceAccount: { create: false, name: 'ours' } });
    expect(rendering.names('ServiceAccount')).toEqual([]);
    expect(rendering.pod.serviceAccountName).toBe('ours');
    expect(given(rendering, 'ServiceAccount', 'ours')).toEqual([...forSigning].sort());
  });
});

describeChart('names', () => {
  const everything = (options: RenderOptions) => render({}, { ...options, files: [ciFile('everything')] });
  const isClusterWide = ({ kind, metadata: { namespace } }: Manifest) =>
    namespace === undefined ? kind.startsWith('ClusterRole') : namespace === 'kube-system';
  const namesOf = (objects: readonly Manifest[]) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const long = 'a-release-with-the-longest-name-that-helm-takes-kubepass';
  const longNamespace = 'a-namespace-with-the-longest-name-that-kubernetes-takes-x-y-z-1';

  it('are those of the kustomize base for a release that is called as its namespace', async () => {
    const { objects } = await everything({});
    expect(new Set(namesOf(objects.filter(isClusterWide)))).toEqual(
      new Set([
        ...['', '-read-role-bindings', '-review-tokens'].flatMap((end) =>
          ['ClusterRole', 'ClusterRoleBinding'].map((kind) => `${kind} kubepass${end}`),
        ),
        'RoleBinding kubepass-client-ca',
      ]),
    );
  });

  it('of two installations are never the same outside of their namespaces', async () => {
    const installations: readonly (readonly [string, string])[] = [
      ['kubepass', 'kubepass'],
      ['kubepass', 'security'],
      ['security', 'security'],
      // Texts that are the same one behind the other.
      ['b-kubepass', 'a'],
      ['kubepass', 'a-b'],
      ['a-kubepass', 'a-kubepass'],
      ['kubepass', 'a'],
      ['my.kubepass', 'a'],
      ['my-kubepass', 'a'],
      [long.slice(0, 53), longNamespace],
      [`${long.slice(0, 52)}x`, longNamespace],
      [long.slice(0, 53), `${longNamespace.slice(0, 62)}2`],
    ];
    const names = await Promise.all(
      installations.map(async ([release, namespace]) => {
        const { objects } = await everything({ release, namespace });
        const shared = objects.filter(isClusterWide);
        expect(shared.length).toBe(7);
        return namesOf(shared);
      }),
    );
    expect(names.flat()).toEqual([...new Set(names.flat())]);
  });

  it.each([
    ['kubepass', 'security'],
    [long.slice(0, 53), longNamespace],
    ['1st', '2nd'],
    ['my.own', 'a'],
  ])('of the release %s in the namespace %s are names that Kubernetes takes', async (release, namespace) => {
    const { objects, pod } = await everything({ release, namespace });
    const names = [...objects.map(({ metadata }) => metadata.name), ...pod.volumes.map(({ name }) => name)];
    for (const name of names) expect(name).toMatch(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/);
    for (const { kind, metadata } of objects)
      if (kind === 'Service') expect(metadata.name).toMatch(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
    const clusterWide = objects.find(({ kind }) => kind === 'ClusterRole')?.metadata.name;
    expect(clusterWide?.startsWith(namespace.slice(0, 35))).toBe(true);
  });
});
