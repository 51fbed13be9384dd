import { escalationKinds, type EscalationKind, type RoleRule } from '../model/blast-radius.js';
import { ruleMatches } from './rule-matches.js';

/** Where the rules of a role hold: all over the cluster, or in the namespace of a RoleBinding. */
export type Scope = 'cluster' | 'namespace';

/** Access to any of these resources by any of these verbs. */
interface Way {
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
  /** What belongs to the whole cluster is out of a RoleBinding's reach. */
  readonly clusterScoped?: true;
  /** A rule that is restricted to certain objects opens it only with one of these. */
  readonly names?: readonly string[];
}

/** What it takes: of each list one. */
type Needs = readonly (readonly Way[])[];

const rbac = 'rbac.authorization.k8s.io';
const certificates = 'certificates.k8s.io';
const authentication = 'authentication.k8s.io';
/** Whoever changes what runs in a workload's pods runs it as the workload's service account, with its Secrets. */
const run = ['create', 'update', 'patch'];

/** https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks */
const needs: Readonly<Record<Exclude<EscalationKind, 'Wildcard'>, Needs>> = {
  EscalateRoles: [
    [
      { verbs: ['escalate'], group: rbac, resources: ['roles'] },
      { verbs: ['escalate'], group: rbac, resources: ['clusterroles'], clusterScoped: true },
    ],
  ],
  // Whether a ClusterRole may be bound in a namespace is asked in that namespace.
  BindRoles: [[{ verbs: ['bind'], group: rbac, resources: ['roles', 'clusterroles'] }]],
  Impersonate: [
    [
      { verbs: ['impersonate'], group: '', resources: ['users', 'groups'], clusterScoped: true },
      { verbs: ['impersonate'], group: '', resources: ['serviceaccounts'] },
      // Constrained impersonation (KEP-5284).
      {
        verbs: ['impersonate:user-info'],
        group: authentication,
        resources: ['users', 'groups'],
        clusterScoped: true,
      },
      {
        verbs: ['impersonate:arbitrary-node', 'impersonate:associated-node'],
        group: authentication,
        resources: ['nodes'],
        clusterScoped: true,
      },
      { verbs: ['impersonate:serviceaccount'], group: authentication, resources: ['serviceaccounts'] },
    ],
  ],
  ReadSecrets: [[{ verbs: ['get', 'list', 'watch'], group: '', resources: ['secrets'] }]],
  ExecInPods: [
    [
      // A WebSocket begins with a GET: before Kubernetes 1.35 `get` was enough.
      { verbs: ['create', 'get'], group: '', resources: ['pods/exec', 'pods/attach'] },
      { verbs: ['update', 'patch'], group: '', resources: ['pods/ephemeralcontainers'] },
    ],
  ],
  CreateWorkloads: [
    [
      { verbs: run, group: '', resources: ['pods', 'replicationcontrollers'] },
      { verbs: run, group: 'apps', resources: ['deployments', 'daemonsets', 'statefulsets', 'replicasets'] },
      { verbs: run, group: 'batch', resources: ['jobs', 'cronjobs'] },
    ],
  ],
  ApproveCertificates: [
    [
      {
        verbs: ['update', 'patch'],
        group: certificates,
        resources: ['certificatesigningrequests/approval'],
        clusterScoped: true,
      },
    ],
    [
      {
        verbs: ['approve'],
        group: certificates,
        resources: ['signers'],
        clusterScoped: true,
        // Whose certificates an API server authenticates by; admission also looks for the signer's domain.
        names: [
          'kubernetes.io/kube-apiserver-client',
          'kubernetes.io/kube-apiserver-client-kubelet',
          'kubernetes.io/*',
        ],
      },
    ],
  ],
  IssueServiceAccountTokens: [[{ verbs: ['create'], group: '', resources: ['serviceaccounts/token'] }]],
  // The kubelet's own API, which runs commands in every pod of the node.
  ProxyNodes: [
    [
      {
        verbs: ['get', 'create', 'update', 'patch', 'delete'],
        group: '',
        resources: ['nodes/proxy'],
        clusterScoped: true,
      },
    ],
  ],
};

/** A role's part in each way to more: whether it has what each need takes. */
export type WaysOpened = ReadonlyMap<EscalationKind, readonly boolean[]>;

const remembered: Readonly<Record<Scope, WeakMap<readonly RoleRule[], WaysOpened>>> = {
  cluster: new WeakMap(),
  namespace: new WeakMap(),
};

/** Which ways to more these rules open. Worked out once for each list of rules: a role is bound many times. */
export function waysOpened(rules: readonly RoleRule[], scope: Scope): WaysOpened {
  const known = remembered[scope].get(rules);
  if (known !== undefined) return known;
  const opened = new Map(
    escalationKinds.map((kind) => [
      kind,
      kind === 'Wildcard' ? [rules.some(isWildcard)] : needsMet(kind, rules, scope),
    ]),
  );
  remembered[scope].set(rules, opened);
  return opened;
}

/** Every verb on every resource of a group: also what does not exist yet. */
const isWildcard = ({ verbs, resources, apiGroups }: RoleRule): boolean =>
  verbs.includes('*') && resources.includes('*') && apiGroups.length > 0;

const needsMet = (kind: keyof typeof needs, rules: readonly RoleRule[], scope: Scope): readonly boolean[] =>
  needs[kind].map((ways) => ways.some((way) => rules.some((rule) => opens(rule, way, scope))));

/** A rule for certain objects opens the way as well: one role to bind, one Secret to read may be enough. */
function opens(rule: RoleRule, way: Way, scope: Scope): boolean {
  if (way.clusterScoped && scope === 'namespace') return false;
  const object = rule.resourceNames.find((name) => way.names?.includes(name) ?? true) ?? null;
  return way.resources.some((resource) =>
    way.verbs.some((verb) => {
      // A new object has no name yet when RBAC is asked; what a subresource is created of has one.
      const isNew = verb === 'create' && !resource.includes('/');
      return ruleMatches(rule, { verb, group: way.group, resource, name: isNew ? null : object });
    }),
  );
}
