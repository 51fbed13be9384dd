// Tests deploy/kubernetes/
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { describeAccess } from '../../../src/kubernetes/cluster-error.js';
import { tokenReviewAccess } from '../../../src/kubernetes/token-review.js';
import { loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { roleBindingAccess } from '../../../src/clusters/probe-cluster.js';
import { signingAccess } from '../../../src/signing/kubernetes-signer-object.js';
import { decide } from '../../../src/policy/decide.js';
import { loadPolicySet } from '../../../src/policy/load-policy-set.js';
import { type AccessRule, accessesOf } from '../../helpers/accesses-of-rule.js';
import { facts, now, request, requester } from '../../unit/policy/builders.js';

const folder = fileURLToPath(new URL('../../../deploy/kubernetes/', import.meta.url));

interface Manifest {
  readonly kind: string;
  readonly metadata?: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

const documentsIn = (file: string): readonly Manifest[] =>
  parseAllDocuments(readFileSync(folder + file, 'utf8')).map((document) => document.toJS() as Manifest);
const [kustomization] = documentsIn('kustomization.yaml') as unknown as [{ resources: string[] }];
const manifests = kustomization.resources.flatMap(documentsIn);

function find(kind: string, name = 'kubepass'): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata?.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

interface Pod {
  readonly serviceAccountName: string;
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string }[];
}
const pod = (find('Deployment')['spec'] as { template: { spec: Pod } }).template.spec;
const container = pod.containers[0] as Pod['containers'][number];
const environment = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

describe('the access that deploy/kubernetes gives', () => {
  const needed = signingAccess.map(({ access }) => access);

  it('is, cluster-wide, exactly what the probe looks for', () => {
    const given = (find('ClusterRole')['rules'] as readonly AccessRule[]).flatMap(accessesOf);
    const clusterWide = needed.filter(({ namespace }) => namespace === undefined).map(describeAccess);
    expect([...given].sort()).toEqual([...clusterWide].sort());
  });

  it('is besides that the Role that Kubernetes has for reading the client CA', () => {
    expect(needed.filter(({ namespace }) => namespace !== undefined)).toEqual([
      {
        verb: 'get',
        group: '',
        resource: 'configmaps',
        name: 'extension-apiserver-authentication',
        namespace: 'kube-system',
      },
    ]);
    expect(find('RoleBinding', 'kubepass-client-ca')).toMatchObject({
      metadata: { namespace: 'kube-system' },
      roleRef: { kind: 'Role', name: 'extension-apiserver-authentication-reader' },
    });
  });

  it('is given to the service account of the pod and to nobody else', () => {
    const bindings = manifests.filter(({ kind }) => /Binding$/.test(kind));
    expect(bindings).toHaveLength(2);
    for (const { subjects } of bindings)
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: pod.serviceAccountName, namespace: 'kubepass' }]);
    expect(manifests.filter(({ kind }) => /Role$/.test(kind))).toHaveLength(1);
  });
});

describe.each([
  ['read-role-bindings', roleBindingAccess.map(({ access }) => access)],
  ['review-tokens', [tokenReviewAccess]],
] as const)('the component %s', (name, accesses) => {
  const component = `components/${name}/`;
  const [described] = documentsIn(`${component}kustomization.yaml`);
  const [clusterRole, clusterRoleBinding, ...more] = documentsIn(`${component}rbac.yaml`);

  it('is one that the base does not have of itself', () => {
    expect(described).toMatchObject({ kind: 'Component', resources: ['rbac.yaml'] });
    expect(kustomization).not.toHaveProperty('components');
  });

  it('gives exactly what that takes, to the service account of the pod', () => {
    const given = (clusterRole?.['rules'] as readonly AccessRule[]).flatMap(accessesOf);
    expect([...given].sort()).toEqual(accesses.map(describeAccess).sort());
    expect(clusterRoleBinding).toMatchObject({
      kind: 'ClusterRoleBinding',
      roleRef: { kind: 'ClusterRole', name: clusterRole?.metadata?.name },
      subjects: [{ kind: 'ServiceAccount', name: pod.serviceAccountName, namespace: 'kubepass' }],
    });
    expect(more).toEqual([]);
  });
});

describe('the pod of deploy/kubernetes', () => {
  it('runs as nobody special, on a file system that it cannot write to', () => {
    expect(pod).toMatchObject({
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    });
  });

  it('is alone on its data', () => {
    expect(find('Deployment')).toMatchObject({ spec: { replicas: 1, strategy: { type: 'Recreate' } } });
  });

  it('mounts every volume that it names, and names each that it mounts', () => {
    const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).sort();
    expect(names(container.volumeMounts)).toEqual(names(pod.volumes));
  });

  it('is configured so that the service starts: over TLS, with the cluster that it runs in', () => {
    const configFile = `${folder}kubepass.yaml`;
    expect(environment['KUBEPASS_CONFIG']).toBe('/etc/kubepass/config/kubepass.yaml');
    expect(loadConfig({ ...readEnvironment(environment), configFile })).toMatchObject({
      host: '0.0.0.0',
      port: 8443,
      tls: { certFile: '/etc/kubepass/tls/tls.crt', keyFile: '/etc/kubepass/tls/tls.key' },
      clusters: [{ signer: { kind: 'kubernetes' }, connection: { kind: 'inCluster' }, allowPrivilegedGroups: [] }],
    });
  });
});

describe('the policies of deploy/kubernetes', async () => {
  const loaded = await loadPolicySet(`${folder}policies`);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  const decisionFor = (username: string, groups: string[] = []) =>
    decide(
      request({ username, groups, collector: 'jane' }),
      requester({ name: 'jane' }),
      facts(),
      loaded.policySet,
      now,
    );

  it('are all in the ConfigMap', () => {
    const files = readdirSync(`${folder}policies`).map((file) => `policies/${file}`);
    expect(kustomization).toMatchObject({
      configMapGenerator: [{ name: 'kubepass-config' }, { name: 'kubepass-policies', files }],
    });
  });

  it('give people nothing but their own name, once a person approves', () => {
    expect(decisionFor('jane')).toMatchObject({ outcome: 'permitted', approval: 'manual', policy: 'own-name' });
    expect(decisionFor('joe').outcome).toBe('denied');
    expect(decisionFor('jane', ['dev']).outcome).toBe('denied');
  });
});
