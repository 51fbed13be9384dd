// Tests src/kubernetes/role-bindings.ts, src/kubernetes/resolve-blast-radius.ts, src/kubernetes/ways-to-more.ts
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openClusterConnection, type ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { rbacGroup } from '../../src/kubernetes/role-bindings.js';
import { ruleMatches } from '../../src/kubernetes/ways-to-more.js';
import { roleBindingAccess } from '../../src/clusters/probe-cluster.js';
import type { BlastRadius } from '../../src/model/blast-radius.js';
import { roleBindingsContract } from '../contract/role-bindings-contract.js';
import { binding, manifestOf, role, type RbacObject } from '../helpers/rbac-objects.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { startService } from '../http/support/service.js';
import { succeed } from './certificate-signing-request.js';
import { openReal } from './contract-cluster.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeCluster, describeControlPlane, openCluster, openControlPlane } from './suite.js';
import type { TestCluster } from './test-cluster.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const directory = temporaryDirectory();
afterAll(() => directory.remove());

describeCluster('a real API server', () => {
  roleBindingsContract('a real API server', openReal);
});

/** Roles of every kind that RBAC distinguishes, in two namespaces and without one. */
const objects: readonly RbacObject[] = [
  role('sar-star', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
  role('sar-mixed', [
    { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['pods', 'deployments', '*/scale'] },
    { verbs: ['create'], apiGroups: [''], resources: ['*/exec'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets', 'configmaps'], resourceNames: ['one', 'two'] },
    { verbs: ['*'], apiGroups: [''], resources: ['services/*'] },
    { verbs: ['create'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'] },
    { verbs: ['bind', 'escalate'], apiGroups: [rbacGroup], resources: ['clusterroles', 'roles'] },
  ]),
  role('sar-local', [{ verbs: ['patch', 'watch'], apiGroups: ['apps'], resources: ['*'] }], 'default'),
  role('sar-aggregated-part', [{ verbs: ['get'], apiGroups: [''], resources: ['nodes', 'nodes/proxy'] }]),
  binding('sar-admins', 'ClusterRole/sar-star', ['group:sar-admins']),
  binding('sar-namespace-admins', 'ClusterRole/sar-star', ['user:sar-owner'], 'default'),
  binding('sar-mixed', 'ClusterRole/sar-mixed', ['group:sar-mixed']),
  binding('sar-mixed-here', 'ClusterRole/sar-mixed', ['group:sar-here'], 'kube-system'),
  binding('sar-local', 'Role/sar-local', ['user:sar-jane', 'group:sar-here'], 'default'),
  binding('sar-dangling', 'ClusterRole/sar-nothing', ['user:sar-jane']),
  binding('sar-robots', 'ClusterRole/sar-mixed', ['serviceaccount:/sar-ci'], 'default'),
  binding('sar-view', 'ClusterRole/view', ['group:sar-viewers']),
  binding('sar-edit', 'ClusterRole/edit', ['group:sar-viewers'], 'default'),
];

const subjects: readonly { readonly username: string; readonly groups: readonly string[] }[] = [
  { username: 'sar-nobody', groups: [] },
  { username: 'sar-jane', groups: [] },
  { username: 'sar-jane', groups: ['sar-mixed'] },
  { username: 'sar-owner', groups: [] },
  { username: 'sar-joe', groups: ['sar-admins'] },
  { username: 'sar-joe', groups: ['sar-here', 'sar-viewers'] },
  { username: 'sar-admins', groups: ['sar-jane'] },
  { username: 'system:serviceaccount:default:sar-ci', groups: [] },
  { username: 'system:serviceaccount:kube-system:sar-ci', groups: [] },
];

const asks = [
  ['get', '', 'pods', null],
  ['list', '', 'pods', null],
  ['get', '', 'pods/log', null],
  ['create', '', 'pods/exec', 'a'],
  ['get', '', 'pods/exec', 'a'],
  ['create', '', 'pods', null],
  ['get', '', 'secrets', 'one'],
  ['get', '', 'secrets', 'three'],
  ['list', '', 'secrets', null],
  ['create', '', 'configmaps', null],
  ['create', '', 'services/proxy', 'a'],
  ['get', '', 'services/*', 'a'],
  ['get', 'apps', 'deployments', null],
  ['get', 'apps', 'deployments/scale', 'a'],
  ['patch', 'apps', 'deployments', 'a'],
  ['patch', 'apps', 'statefulsets/status', 'a'],
  ['get', '', 'nodes/proxy', 'n'],
  ['bind', rbacGroup, 'clusterroles', 'cluster-admin'],
  ['escalate', rbacGroup, 'roles', null],
  ['impersonate', '', 'users', 'x'],
  ['approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client'],
  ['create', 'authorization.k8s.io', 'selfsubjectaccessreviews', null],
  ['create', 'authentication.k8s.io', 'selfsubjectreviews', null],
  ['*', '*', '*', null],
] as const;

/** Whether what was resolved lets the request pass, in that namespace or on the cluster (null). */
function allows(radius: BlastRadius, [verb, group, resource, name]: (typeof asks)[number], namespace: string | null) {
  return radius.grants.some(
    (grant) =>
      (grant.kind === 'ClusterRoleBinding' || (namespace !== null && grant.namespace === namespace)) &&
      (grant.rules ?? []).some((rule) => ruleMatches(rule, { verb, group, resource, name })),
  );
}

describeCluster('the resolution of role bindings, held to SubjectAccessReview', () => {
  let cluster: TestCluster;
  let connection: ClusterConnection;
  beforeAll(async () => {
    cluster = await openCluster();
    await succeed(cluster, ['apply', '--filename=-'], manifestOf(objects));
    connection = await openClusterConnection(
      { kind: 'kubeconfig', file: cluster.adminKubeconfigPath, context: null },
      { allowExec: false },
    );
  });
  afterAll(async () => {
    await connection.close();
    await cluster.kubectl(['delete', '--ignore-not-found', '--filename=-'], manifestOf(objects));
    await cluster.stop();
  });

  it('agrees with the API server for every identity, request and namespace', async () => {
    const cases = subjects.flatMap((subject) =>
      asks.flatMap((ask) => [null, 'default', 'kube-system'].map((namespace) => ({ ...subject, ask, namespace }))),
    );
    const reviews = cases.map(({ username, groups, ask: [verb, group, path, name], namespace }) => {
      const [resource, subresource] = path.split('/');
      return {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: username,
          // An API server adds this group to everyone whom it authenticates.
          groups: [...groups, 'system:authenticated'],
          resourceAttributes: { verb, group, resource, subresource, name, namespace },
        },
      };
    });
    const wholes = () => cases.map(({ username, groups }) => connection.roleBindings().blastRadius(username, groups));
    await vi.waitFor(() => expect(wholes().every((radius) => radius !== null)).toBe(true), { timeout: 20_000 });
    const answers = async () => {
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: reviews });
      const answered = ['--output=jsonpath={.status.allowed}{"\\n"}', '--filename=-'];
      return (await succeed(cluster, ['create', ...answered], list)).trim().split('\n');
    };
    const ours = () =>
      cases.map(({ ask, namespace }, i) => {
        const radius = wholes()[i];
        return radius ? allows(radius, ask, namespace) : null;
      });
    // RBAC needs up to a second to take effect.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const theirs = (await answers()).map((allowed) => allowed === 'true');
    const found = ours();
    const different = cases.filter((_, i) => found[i] !== theirs[i]);
    expect(different).toEqual([]);
    expect(theirs).toHaveLength(subjects.length * asks.length * 3);
    // Both answers occur, often enough to tell them apart.
    expect(theirs.filter(Boolean).length).toBeGreaterThan(100);
    expect(theirs.filter((allowed) => !allowed).length).toBeGreaterThan(100);
  });

  it('reports cluster-admin for exactly those who may do everything', async () => {
    const radiusOf = (username: string, groups: readonly string[]) =>
      connection.roleBindings().blastRadius(username, groups);
    await vi.waitFor(() => expect(radiusOf('sar-nobody', [])).not.toBeNull(), { timeout: 20_000 });
    for (const { username, groups } of subjects)
      expect(
        radiusOf(username, groups)?.clusterAdmin.map(({ name }) => name),
        username,
      ).toEqual(groups.includes('sar-admins') ? ['sar-admins'] : []);
  });
});

const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: by-hand }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["*"] }
  approval: { mode: manual }
---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: no-cluster-admins }
spec:
  selector: { requesters: { names: [alice] } }
  resolvesTo: [ClusterAdmin]
  message: nobody administers a cluster by certificate
`;

describeControlPlane('the service as deploy/kubernetes lets it', () => {
  it('is refused without the component and names the missing right; with it, names the binding within seconds, and a guardrail uses it to deny', async () => {
    const plane = await openControlPlane();
    const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
    const service = await startService({
      policies,
      config:
        `clusters:\n  - { name: real, server: "${plane.server}", signer: kubernetes, readRoleBindings: true, ` +
        `kubeconfig: ${kubeconfig} }\n`,
    });
    try {
      const asked = await service
        .as('hr-system')('post', '/v1/certificate-requests')
        .send({ username: 'jane', groups: ['team-x'] });
      expect(asked.status, asked.text).toBe(201);
      const url = `/v1/certificate-requests/${as.request(asked).id}`;
      const violations = async () =>
        as.problem(
          await service
            .as('alice')('post', '/v1/certificate-requests')
            .send({ username: 'jane', groups: ['team-x'] }),
        ).violations;
      const radius = async () => as.request(await service.as('bob')('get', url).expect(200)).blastRadius;

      await expect
        .poll(() => service.log(), { timeout: 20_000 })
        .toContain(`"missing":"list rolebindings.${rbacGroup}"`);
      expect(await radius()).toBeNull();
      expect(await violations()).toMatchObject([{ source: 'no-cluster-admins', reason: 'BlastRadiusUnknown' }]);
      const { probe } = as.cluster(await service.as('root')('post', '/v1/clusters/real/probe').expect(200));
      expect(probe).toMatchObject({ signs: 'yes', reason: 'RoleBindingsNotReadable' });
      expect(probe?.permissions.filter(({ held }) => !held)).toHaveLength(roleBindingAccess.length);

      // This is an overlay, so kustomize itself checks that the component is one.
      const overlay = join(directory.path, 'overlay');
      await succeed(plane, ['apply', '--filename=-'], await overlaid(plane, overlay));
      await expect.poll(radius, { timeout: 30_000 }).not.toBeNull();
      expect((await radius())?.clusterAdmin.by).toEqual([]);

      const admins = binding('innocent-name', 'ClusterRole/cluster-admin', ['group:team-x']);
      await succeed(plane, ['apply', '--filename=-'], manifestOf([admins]));
      const made = Date.now();
      await expect
        .poll(async () => (await radius())?.clusterAdmin.by.map(({ name }) => name), { timeout: 5000 })
        .toEqual(['innocent-name']);
      expect(await violations()).toEqual([
        {
          source: 'no-cluster-admins',
          reason: 'DeniedByGuardrail',
          message:
            'username "jane" resolves to cluster-admin by ClusterRoleBinding "innocent-name" and is denied by ' +
            'guardrail "no-cluster-admins": nobody administers a cluster by certificate',
        },
      ]);
      console.error(`a new binding to cluster-admin is known after ${Date.now() - made} ms`);

      const again = as.cluster(await service.as('root')('post', '/v1/clusters/real/probe').expect(200));
      expect(again.probe).toMatchObject({ signs: 'yes', reason: null });
      expect(again.probe?.permissions.every(({ held }) => held)).toBe(true);
    } finally {
      await service.close();
      await plane.stop();
    }
  });
});

/** The access objects that kustomize makes from the base and the component. Nothing here runs pods. */
async function overlaid(cluster: TestCluster, overlay: string): Promise<string> {
  cpSync(folder, join(overlay, 'kubernetes'), { recursive: true });
  mkdirSync(join(overlay, 'site'));
  writeFileSync(
    join(overlay, 'site', 'kustomization.yaml'),
    'resources: [../kubernetes]\ncomponents: [../kubernetes/components/read-role-bindings]\n',
  );
  const built = await succeed(cluster, ['kustomize', join(overlay, 'site')]);
  return built
    .split(/^---$/m)
    .filter((document) => /^kind: (ClusterRole|ClusterRoleBinding)$/m.test(document))
    .join('---');
}
