// Tests src/requests/blast-radius-view.ts, src/requests/gather-facts.ts, src/kubernetes/role-bindings.ts,
// src/kubernetes/resolve-blast-radius.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rbacGroup, rbacResources } from '../../src/kubernetes/role-bindings.js';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import { binding } from '../helpers/rbac-objects.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { startService, type Person, type TestService } from './support/service.js';
import { quietMoment } from '../helpers/quiet-moment.js';

const directory = temporaryDirectory();
let read: FakeApiServer;
let forbidden: FakeApiServer;
let down: FakeApiServer;
let service: TestService;

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
  selector: { clusters: [guarded] }
  resolvesTo: [ClusterAdmin]
  message: nobody administers a cluster by certificate
`;

async function kubeconfigOf(server: FakeApiServer, name: string): Promise<string> {
  const file = join(directory.path, name);
  writeFileSync(file, await server.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
  return file;
}

beforeAll(async () => {
  [read, forbidden, down] = [await FakeApiServer.start(), await FakeApiServer.start(), await FakeApiServer.start()];
  const reading = { apiGroups: [rbacGroup], resources: rbacResources, verbs: ['list', 'watch'] };
  read.rbac.allowUser('kubepass', [...kubepassRules, reading]);
  forbidden.rbac.allowUser('kubepass', kubepassRules);
  read.roleBindings.apply([binding('innocent-name', 'ClusterRole/cluster-admin', ['group:team-x'])]);
  const clusters = await Promise.all(
    Object.entries({ read, guarded: read, forbidden, down }).map(
      async ([name, server]) =>
        `  - { name: ${name}, server: "${server.url}", signer: kubernetes, readRoleBindings: true, ` +
        `kubeconfig: ${await kubeconfigOf(server, name)} }\n`,
    ),
  );
  const unread =
    `  - { name: unread, server: "${read.url}", signer: kubernetes, ` +
    `kubeconfig: ${await kubeconfigOf(read, 'unread')} }\n`;
  await down.stop();
  service = await startService({ policies, config: `clusters:\n${clusters.join('')}${unread}` });
});
afterAll(async () => {
  await service.close();
  for (const server of [read, forbidden]) await server.close();
  directory.remove();
});

const ask = async (cluster: string, groups: readonly string[]) =>
  as.request(
    await service
      .as('hr-system')('post', '/v1/certificate-requests')
      .send({ cluster, username: 'jane', groups })
      .expect(201),
  ).id;
const shown = async (id: string, person: Person) =>
  as.request(await service.as(person)('get', `/v1/certificate-requests/${id}`).expect(200));

describe('GET /v1/certificate-requests/{id}', () => {
  it('shows who decides what the identity could do, with the binding named', async () => {
    const id = await ask('read', ['team-x']);
    await expect.poll(async () => (await shown(id, 'bob')).blastRadius).not.toBeNull();
    const { state, blastRadius } = await shown(id, 'bob');
    expect(state).toBe('pending');
    expect(blastRadius?.clusterAdmin).toEqual({
      by: [{ kind: 'ClusterRoleBinding', name: 'innocent-name', namespace: null }],
      more: 0,
    });
    expect(blastRadius?.grants[0]).toMatchObject({
      name: 'innocent-name',
      subject: { kind: 'Group', name: 'team-x' },
      role: { kind: 'ClusterRole', name: 'cluster-admin', exists: true },
      amountsToClusterAdmin: true,
    });
  });

  it('shows it as it is now, not as it was when it was asked for', async () => {
    const id = await ask('read', ['team-y']);
    expect((await shown(id, 'root')).blastRadius?.clusterAdmin.by).toEqual([]);
    const bound = binding('made-later', 'ClusterRole/cluster-admin', ['group:team-y']);
    read.roleBindings.apply([bound]);
    await expect
      .poll(async () => (await shown(id, 'root')).blastRadius?.clusterAdmin.by.map(({ name }) => name))
      .toEqual(['made-later']);
    read.roleBindings.delete([bound]);
    await expect.poll(async () => (await shown(id, 'root')).blastRadius?.clusterAdmin.by).toEqual([]);
  });

  it('shows it to approvers, auditors and admins, and to nobody else', async () => {
    const id = await ask('read', ['team-x']);
    for (const person of ['bob', 'audrey', 'root'] as const)
      expect(await shown(id, person)).toHaveProperty('blastRadius.observedAt');
    expect(await shown(id, 'hr-system')).not.toHaveProperty('blastRadius');
    const { items } = as.requests(await service.as('bob')('get', '/v1/certificate-requests').expect(200));
    expect(items.some((item) => 'blastRadius' in item)).toBe(false);
  });

  it.each(['forbidden', 'down', 'unread'])('shows that it is not known: a cluster that is %s', async (cluster) => {
    expect((await shown(await ask(cluster, ['team-x']), 'bob')).blastRadius).toBeNull();
  });
});

describe('a guardrail on what an identity resolves to', () => {
  const decided = (groups: readonly string[]) =>
    service.as('hr-system')('post', '/v1/certificate-requests').send({ cluster: 'guarded', username: 'jane', groups });

  it('denies by whatever name, with the binding named, and goes by the bindings that there are now', async () => {
    await expect
      .poll(async () => as.problem(await decided(['team-x'])).violations)
      .toEqual([
        {
          source: 'no-cluster-admins',
          reason: 'DeniedByGuardrail',
          message:
            'username "jane" resolves to cluster-admin by ClusterRoleBinding "innocent-name" and is denied by guardrail ' +
            '"no-cluster-admins": nobody administers a cluster by certificate',
        },
      ]);
    await decided(['team-z']).expect(201);
    const bound = binding('made-now', 'ClusterRole/cluster-admin', ['group:team-z']);
    read.roleBindings.apply([bound]);
    await expect
      .poll(async () => as.problem(await decided(['team-z'])).violations?.[0]?.message)
      .toContain('by ClusterRoleBinding "made-now"');
    read.roleBindings.delete([bound]);
    await expect.poll(async () => (await decided(['team-z'])).status).toBe(201);
  });

  it('is refused in a draft for a cluster whose role bindings are not read', async () => {
    const draft = policies.replace('clusters: [guarded]', 'clusters: [unread]');
    const answer = await service
      .as('root')('post', '/v1/policies/evaluate')
      .send({ cluster: 'read', username: 'jane', policies: [draft] })
      .expect(422);
    expect(as.problem(answer).errors?.[0]?.message).toContain('unread');
  });
});

describe('POST /v1/policies/evaluate', () => {
  const evaluated = (person: Person, cluster: string, type: string) =>
    service
      .as(person)('post', '/v1/policies/evaluate')
      .set('accept', type)
      .send({ cluster, username: 'jane', groups: ['team-x'] })
      .expect(200);

  it('shows approvers, auditors and admins what the identity could do, and nobody else', async () => {
    for (const person of ['bob', 'audrey', 'root'] as const)
      expect((await evaluated(person, 'read', 'application/json')).body).toHaveProperty(
        'blastRadius.clusterAdmin.by.0.name',
        'innocent-name',
      );
    expect((await evaluated('hr-system', 'read', 'application/json')).body).not.toHaveProperty('blastRadius');
    expect((await evaluated('bob', 'unread', 'application/json')).body).toHaveProperty('blastRadius', null);
  });

  it('and so as text', async () => {
    const { text } = await evaluated('bob', 'read', 'text/plain');
    expect(text).toContain('Blast radius on read\n');
    expect(text).toContain('ClusterRoleBinding/innocent-name grants group team-x ClusterRole/cluster-admin');
    expect((await evaluated('hr-system', 'read', 'text/plain')).text).not.toContain('Blast radius');
  });
});

describe('a service one of whose clusters is down and one of which forbids to read', () => {
  it('is ready', async () => {
    await service.anonymous('get', '/readyz').expect(200);
  });

  it('says once which verb is missing', async () => {
    const lines = () =>
      service
        .log()
        .split('\n')
        .filter((line) => line.includes('"missing":"list clusterroles.rbac.authorization.k8s.io"'));
    await expect.poll(lines).toHaveLength(1);
    expect(lines()[0]).toContain('"cluster":"forbidden"');
    await quietMoment(1500);
    expect(lines()).toHaveLength(1);
  });

  it('says of each cluster whether it is read', async () => {
    const { items } = as.clusters(await service.as('alice')('get', '/v1/clusters').expect(200));
    expect(items.map(({ name, readsRoleBindings }) => [name, readsRoleBindings])).toEqual([
      ['read', true],
      ['guarded', true],
      ['forbidden', true],
      ['down', true],
      ['unread', false],
    ]);
  });

  it('names in the probe what it lacks', async () => {
    const probed = as.cluster(await service.as('root')('post', '/v1/clusters/forbidden/probe').expect(200));
    expect(probed.probe).toMatchObject({ signs: 'yes', reason: 'RoleBindingsNotReadable' });
    expect(probed.probe?.permissions.filter(({ held }) => !held).map(({ permission }) => permission)).toEqual(
      rbacResources.flatMap((resource) => [`list ${resource}.${rbacGroup}`, `watch ${resource}.${rbacGroup}`]),
    );
  });
});
