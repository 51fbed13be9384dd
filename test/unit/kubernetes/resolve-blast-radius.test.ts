// Tests src/kubernetes/resolve-blast-radius.ts
import { describe, expect, it } from 'vitest';
import { resolveBlastRadius } from '../../../src/kubernetes/resolve-blast-radius.js';
import { escalationKinds, type EscalationKind } from '../../../src/model/blast-radius.js';
import {
  binding,
  defaultRbacObjects,
  everything,
  role,
  snapshotOf,
  type RbacObject,
  type WrittenRule,
} from '../../helpers/rbac-objects.js';

const resolve = (objects: readonly RbacObject[], username = 'jane', groups: readonly string[] = ['team-x']) =>
  resolveBlastRadius(username, groups, snapshotOf(objects));
const names = (
  references: readonly { readonly kind: string; readonly name: string; readonly namespace: string | null }[],
) => references.map(({ kind, namespace, name }) => `${kind}/${namespace === null ? '' : `${namespace}/`}${name}`);
const kinds = (objects: readonly RbacObject[], ...who: [string?, string[]?]): readonly EscalationKind[] => [
  ...new Set(resolve(objects, ...who).escalations.map(({ kind }) => kind)),
];
/** These rules, bound to group team-x, all over the cluster or in one namespace. */
const bound = (rules: readonly WrittenRule[], namespace?: string) => [
  role('granted', rules),
  binding('bound', 'ClusterRole/granted', ['group:team-x'], namespace),
];
const view = role('view', [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }]);

describe('the grants of an identity', () => {
  it('are the bindings of its username, of each of its groups and of everybody', () => {
    const objects = [
      ...defaultRbacObjects,
      view,
      role('reader', [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }], 'team-a'),
      binding('by-name', 'ClusterRole/view', ['user:joe', 'user:jane']),
      binding('by-group', 'Role/reader', ['group:team-x'], 'team-a'),
      binding('cluster-role-here', 'ClusterRole/view', ['group:team-x'], 'team-b'),
      binding('of-others', 'ClusterRole/view', ['user:joe', 'group:team-y', 'group:jane', 'user:team-x']),
    ];
    const { grants } = resolve(objects);
    expect(names(grants)).toEqual([
      'ClusterRoleBinding/by-name',
      'ClusterRoleBinding/system:basic-user',
      'ClusterRoleBinding/system:discovery',
      'ClusterRoleBinding/system:public-info-viewer',
      'RoleBinding/team-a/by-group',
      'RoleBinding/team-b/cluster-role-here',
    ]);
    expect(grants[0]).toEqual({
      kind: 'ClusterRoleBinding',
      name: 'by-name',
      namespace: null,
      subject: { kind: 'User', name: 'jane' },
      role: { kind: 'ClusterRole', name: 'view' },
      rules: [
        {
          verbs: ['get', 'list', 'watch'],
          apiGroups: [''],
          resources: ['pods'],
          resourceNames: [],
          nonResourceURLs: [],
        },
      ],
    });
    expect(grants[4]).toMatchObject({
      subject: { kind: 'Group', name: 'team-x' },
      role: { kind: 'Role', name: 'reader' },
      rules: [{ resources: ['configmaps'] }],
    });
    expect(grants[5]).toMatchObject({ role: { kind: 'ClusterRole', name: 'view' }, rules: [{ resources: ['pods'] }] });
  });

  it('open nothing where there are only those that everybody has', () => {
    expect(resolve(defaultRbacObjects)).toMatchObject({
      grants: [{ name: 'system:basic-user' }, { name: 'system:discovery' }, { name: 'system:public-info-viewer' }],
      clusterAdmin: [],
      escalations: [],
    });
  });

  it('say once for each subject why a binding applies', () => {
    const { grants, clusterAdmin } = resolve([
      ...defaultRbacObjects,
      binding('twice', 'ClusterRole/cluster-admin', ['user:jane', 'group:team-x', 'user:jane']),
    ]);
    expect(grants.filter(({ name }) => name === 'twice').map(({ subject }) => subject)).toEqual([
      { kind: 'User', name: 'jane' },
      { kind: 'Group', name: 'team-x' },
    ]);
    expect(names(clusterAdmin)).toEqual(['ClusterRoleBinding/twice']);
  });

  it('have no rules where the role does not exist, also where another namespace has one of that name', () => {
    const { grants } = resolve([
      role('reader', [everything], 'elsewhere'),
      role('reader', [everything]),
      binding('here', 'Role/reader', ['user:jane'], 'team-a'),
      binding('gone', 'ClusterRole/gone', ['user:jane']),
    ]);
    expect(grants.map(({ name, rules }) => [name, rules])).toEqual([
      ['gone', null],
      ['here', null],
    ]);
  });

  it('are those of a service account for a username that is one, whether or not the binding says where it lives', () => {
    const objects = [
      view,
      binding('with-namespace', 'ClusterRole/view', ['serviceaccount:robots/ci']),
      binding('without', 'ClusterRole/view', ['serviceaccount:/ci'], 'robots'),
      binding('without-elsewhere', 'ClusterRole/view', ['serviceaccount:/ci'], 'team-a'),
      binding('without-any', 'ClusterRole/view', ['serviceaccount:/ci']),
      binding('a-user-called-ci', 'ClusterRole/view', ['user:ci']),
    ];
    expect(names(resolve(objects, 'system:serviceaccount:robots:ci', []).grants)).toEqual([
      'ClusterRoleBinding/with-namespace',
      'RoleBinding/robots/without',
    ]);
  });

  it('take names for what they are, never for patterns', () => {
    const objects = [view, binding('star', 'ClusterRole/view', ['user:*', 'group:*', 'group:team-*'])];
    expect(resolve(objects).grants).toEqual([]);
    expect(names(resolve(objects, '*', []).grants)).toEqual(['ClusterRoleBinding/star']);
  });

  it('are none of a subject of an unknown kind', () => {
    const [, one] = [view, binding('odd', 'ClusterRole/view', [])];
    expect(resolve([view, { ...one, subjects: [{ kind: 'user', name: 'jane' }] } as RbacObject]).grants).toEqual([]);
  });

  it('are said to be known as of then', () => {
    const at = new Date('2026-03-01T10:00:00.000Z');
    expect(resolveBlastRadius('jane', [], snapshotOf([], at)).observedAt).toBe('2026-03-01T10:00:00.000Z');
  });
});

describe('cluster-admin', () => {
  const adminOf = (objects: readonly RbacObject[], ...who: [string?, string[]?]) =>
    names(resolve([...defaultRbacObjects, ...objects], ...who).clusterAdmin);
  const all = { apiGroups: ['*'], resources: ['*'] };
  const reading = ['get', 'list', 'watch'];
  const writing = ['create', 'update', 'patch', 'delete', 'deletecollection'];

  it('is found by whatever name it is bound, and whatever the role is called', () => {
    expect(
      adminOf([
        role('observers', [everything]),
        binding('innocent-name', 'ClusterRole/cluster-admin', ['group:team-x']),
        binding('watchers', 'ClusterRole/observers', ['user:jane']),
        binding('other', 'ClusterRole/cluster-admin', ['group:team-y']),
      ]),
    ).toEqual(['ClusterRoleBinding/innocent-name', 'ClusterRoleBinding/watchers']);
  });

  it('is everybody’s where everybody is bound to it', () => {
    expect(adminOf([binding('oops', 'ClusterRole/cluster-admin', ['group:system:authenticated'])], 'x', [])).toEqual([
      'ClusterRoleBinding/oops',
    ]);
  });

  it('needs no binding for system:masters', () => {
    expect(names(resolve([], 'jane', ['system:masters']).clusterAdmin)).toEqual(['Group/system:masters']);
    expect(adminOf([], 'jane', ['system:masters'])).toEqual([
      'Group/system:masters',
      'ClusterRoleBinding/cluster-admin',
    ]);
    expect(kinds([], 'jane', ['system:masters'])).toEqual(escalationKinds);
    expect(adminOf([], 'system:masters', [])).toEqual([]);
  });

  it.each<[string, readonly WrittenRule[], boolean]>([
    ['every verb, listed one by one', [{ ...all, verbs: [...reading, ...writing] }], true],
    [
      'verbs in several rules',
      [
        { ...all, verbs: reading },
        { ...all, verbs: writing },
      ],
      true,
    ],
    ['among others', [{ verbs: ['*'], apiGroups: ['', '*'], resources: ['pods', '*'] }], true],
    ['all verbs but one', [{ ...all, verbs: [...reading, ...writing.slice(1)] }], false],
    ['reading everything', [{ ...all, verbs: reading }], false],
    ['everything of one group', [{ verbs: ['*'], apiGroups: [''], resources: ['*'] }], false],
    ['one resource of every group', [{ verbs: ['*'], apiGroups: ['*'], resources: ['pods'] }], false],
    ['what only looks like a wildcard', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*/*'] }], false],
    ['certain objects', [{ ...everything, resourceNames: ['one'] }], false],
    ['paths alone', [{ verbs: ['*'], nonResourceURLs: ['*'] }], false],
  ])('%s', (_, rules, isAdmin) => {
    expect(adminOf(bound(rules))).toEqual(isAdmin ? ['ClusterRoleBinding/bound'] : []);
  });

  it('is found where several bindings amount to it only together, and names each of them', () => {
    const objects = [
      role('readers', [{ ...all, verbs: reading }]),
      role('writers', [{ ...all, verbs: writing }]),
      role('pods', [{ verbs: ['*'], apiGroups: [''], resources: ['pods'] }]),
      binding('a', 'ClusterRole/readers', ['group:system:authenticated']),
      binding('b', 'ClusterRole/writers', ['user:jane']),
      binding('c', 'ClusterRole/pods', ['user:jane']),
    ];
    expect(adminOf(objects)).toEqual(['ClusterRoleBinding/a', 'ClusterRoleBinding/b']);
    expect(adminOf(objects, 'joe')).toEqual([]);
    expect(adminOf([...objects, binding('d', 'ClusterRole/cluster-admin', ['user:jane'])])).toEqual([
      'ClusterRoleBinding/d',
    ]);
  });

  it('is not what a RoleBinding gives in its namespace: that is a way to more', () => {
    const objects = [binding('here', 'ClusterRole/cluster-admin', ['user:jane'], 'kube-system')];
    expect(adminOf(objects)).toEqual([]);
    expect(kinds([...defaultRbacObjects, ...objects])).toEqual([
      'Wildcard',
      'EscalateRoles',
      'BindRoles',
      'Impersonate',
      'ReadSecrets',
      'ExecInPods',
      'CreateWorkloads',
      'IssueServiceAccountTokens',
    ]);
  });

  it('opens every way to more', () => {
    const objects = [...defaultRbacObjects, binding('a', 'ClusterRole/cluster-admin', ['user:jane'])];
    expect(kinds(objects)).toEqual(escalationKinds);
  });

  it('is not granted by a role that does not exist', () => {
    expect(resolve([binding('a', 'ClusterRole/cluster-admin', ['user:jane'])])).toMatchObject({
      clusterAdmin: [],
      escalations: [],
    });
  });
});

describe('a way to more', () => {
  const rbac = ['rbac.authorization.k8s.io'];
  const certificates = ['certificates.k8s.io'];
  const approval = { verbs: ['update'], apiGroups: certificates, resources: ['certificatesigningrequests/approval'] };
  const approve = { verbs: ['approve'], apiGroups: certificates, resources: ['signers'] };

  it.each<[string, readonly WrittenRule[], readonly EscalationKind[], readonly EscalationKind[]]>([
    // what it is, the rules, what they open on the whole cluster, and in one namespace
    [
      'every verb on a group',
      [{ verbs: ['*'], apiGroups: ['example.com'], resources: ['*'] }],
      ['Wildcard'],
      ['Wildcard'],
    ],
    ['every verb on one resource', [{ verbs: ['*'], apiGroups: ['example.com'], resources: ['widgets'] }], [], []],
    ['one verb on everything of a group', [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['*'] }], [], []],
    [
      'reading everything',
      [{ verbs: ['get', 'list', 'watch'], apiGroups: ['*'], resources: ['*'] }],
      ['ReadSecrets', 'ExecInPods', 'ProxyNodes'],
      ['ReadSecrets', 'ExecInPods'],
    ],
    [
      'escalate on roles',
      [{ verbs: ['escalate'], apiGroups: rbac, resources: ['roles'] }],
      ['EscalateRoles'],
      ['EscalateRoles'],
    ],
    [
      'escalate on cluster roles',
      [{ verbs: ['escalate'], apiGroups: rbac, resources: ['clusterroles'] }],
      ['EscalateRoles'],
      [],
    ],
    ['escalate in another group', [{ verbs: ['escalate'], apiGroups: [''], resources: ['roles'] }], [], []],
    ['writing roles', [{ verbs: ['create', 'update', 'patch'], apiGroups: rbac, resources: ['*'] }], [], []],
    [
      'binding one cluster role',
      [{ verbs: ['bind'], apiGroups: rbac, resources: ['clusterroles'], resourceNames: ['cluster-admin'] }],
      ['BindRoles'],
      ['BindRoles'],
    ],
    ['impersonating users', [{ verbs: ['impersonate'], apiGroups: [''], resources: ['users'] }], ['Impersonate'], []],
    [
      'impersonating one group',
      [{ verbs: ['impersonate'], apiGroups: [''], resources: ['groups'], resourceNames: ['system:masters'] }],
      ['Impersonate'],
      [],
    ],
    [
      'impersonating service accounts',
      [{ verbs: ['impersonate'], apiGroups: [''], resources: ['serviceaccounts'] }],
      ['Impersonate'],
      ['Impersonate'],
    ],
    [
      'constrained impersonation',
      [{ verbs: ['impersonate:user-info'], apiGroups: ['authentication.k8s.io'], resources: ['users'] }],
      ['Impersonate'],
      [],
    ],
    [
      'constrained impersonation of service accounts',
      [{ verbs: ['impersonate:serviceaccount'], apiGroups: ['authentication.k8s.io'], resources: ['serviceaccounts'] }],
      ['Impersonate'],
      ['Impersonate'],
    ],
    [
      'constrained impersonation of a node',
      [{ verbs: ['impersonate:arbitrary-node'], apiGroups: ['authentication.k8s.io'], resources: ['nodes'] }],
      ['Impersonate'],
      [],
    ],
    [
      'reading one Secret',
      [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['db'] }],
      ['ReadSecrets'],
      ['ReadSecrets'],
    ],
    [
      'listing Secrets',
      [{ verbs: ['list'], apiGroups: [''], resources: ['secrets'] }],
      ['ReadSecrets'],
      ['ReadSecrets'],
    ],
    ['writing Secrets', [{ verbs: ['create', 'update'], apiGroups: [''], resources: ['secrets'] }], [], []],
    ['Secrets of another group', [{ verbs: ['get'], apiGroups: ['example.com'], resources: ['secrets'] }], [], []],
    ['exec', [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }], ['ExecInPods'], ['ExecInPods']],
    [
      'exec in one pod',
      [{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'], resourceNames: ['db-0'] }],
      ['ExecInPods'],
      ['ExecInPods'],
    ],
    [
      'exec by a WebSocket',
      [{ verbs: ['get'], apiGroups: [''], resources: ['pods/exec'] }],
      ['ExecInPods'],
      ['ExecInPods'],
    ],
    ['*/exec', [{ verbs: ['create'], apiGroups: [''], resources: ['*/exec'] }], ['ExecInPods'], ['ExecInPods']],
    ['pods/*, which is no wildcard', [{ verbs: ['*'], apiGroups: [''], resources: ['pods/*'] }], [], []],
    ['attach', [{ verbs: ['get'], apiGroups: [''], resources: ['pods/attach'] }], ['ExecInPods'], ['ExecInPods']],
    [
      'ephemeral containers',
      [{ verbs: ['patch'], apiGroups: [''], resources: ['pods/ephemeralcontainers'] }],
      ['ExecInPods'],
      ['ExecInPods'],
    ],
    ['reading logs', [{ verbs: ['get'], apiGroups: [''], resources: ['pods', 'pods/log', 'pods/status'] }], [], []],
    [
      'making pods',
      [{ verbs: ['create'], apiGroups: [''], resources: ['pods'] }],
      ['CreateWorkloads'],
      ['CreateWorkloads'],
    ],
    [
      'making pods of a name, which RBAC cannot allow',
      [{ verbs: ['create'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }],
      [],
      [],
    ],
    [
      'changing one deployment',
      [{ verbs: ['patch'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a'] }],
      ['CreateWorkloads'],
      ['CreateWorkloads'],
    ],
    [
      'cron jobs',
      [{ verbs: ['update'], apiGroups: ['batch'], resources: ['cronjobs'] }],
      ['CreateWorkloads'],
      ['CreateWorkloads'],
    ],
    [
      'deleting and scaling',
      [
        { verbs: ['delete'], apiGroups: ['', 'apps'], resources: ['*'] },
        { verbs: ['update', 'patch'], apiGroups: ['apps'], resources: ['deployments/scale'] },
      ],
      ['ProxyNodes'],
      [],
    ],
    ['approving certificates', [approval, approve], ['ApproveCertificates'], []],
    ['approving by patch', [{ ...approval, verbs: ['patch'] }, approve], ['ApproveCertificates'], []],
    ['one half of approving', [approval], [], []],
    ['the other half', [approve], [], []],
    [
      'approving for clients',
      [approval, { ...approve, resourceNames: ['kubernetes.io/kube-apiserver-client'] }],
      ['ApproveCertificates'],
      [],
    ],
    [
      'approving for a domain',
      [approval, { ...approve, resourceNames: ['x', 'kubernetes.io/*'] }],
      ['ApproveCertificates'],
      [],
    ],
    [
      'approving for a signer that no API server trusts',
      [approval, { ...approve, resourceNames: ['example.com/mesh', 'example.com/*', '*'] }],
      [],
      [],
    ],
    [
      'service account tokens',
      [{ verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: ['ci'] }],
      ['IssueServiceAccountTokens'],
      ['IssueServiceAccountTokens'],
    ],
    ['service accounts', [{ verbs: ['create', 'get'], apiGroups: [''], resources: ['serviceaccounts'] }], [], []],
    ['the nodes’ own API', [{ verbs: ['get'], apiGroups: [''], resources: ['nodes/proxy'] }], ['ProxyNodes'], []],
    [
      'reading nodes',
      [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['nodes', 'nodes/metrics', 'nodes/stats'] }],
      [],
      [],
    ],
  ])('%s', (_, rules, onCluster, inNamespace) => {
    expect(kinds(bound(rules))).toEqual(onCluster);
    expect(kinds(bound(rules, 'team-a'))).toEqual(inNamespace);
  });

  it('names the binding that opens it, and only that', () => {
    const { escalations } = resolve([
      view,
      role('secrets', [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }], 'team-a'),
      binding('harmless', 'ClusterRole/view', ['user:jane']),
      binding('reads', 'Role/secrets', ['group:team-x', 'user:jane'], 'team-a'),
    ]);
    expect(escalations).toEqual([
      { kind: 'ReadSecrets', by: { kind: 'RoleBinding', name: 'reads', namespace: 'team-a' } },
    ]);
  });

  it('may need two bindings, and then names both', () => {
    const objects = [
      role('updates', [approval]),
      role('signers', [approve]),
      binding('updates', 'ClusterRole/updates', ['group:team-x']),
      binding('signers', 'ClusterRole/signers', ['user:jane']),
    ];
    expect(resolve(objects).escalations).toEqual([
      { kind: 'ApproveCertificates', by: { kind: 'ClusterRoleBinding', name: 'signers', namespace: null } },
      { kind: 'ApproveCertificates', by: { kind: 'ClusterRoleBinding', name: 'updates', namespace: null } },
    ]);
    expect(kinds(objects, 'joe')).toEqual([]);
  });
});
