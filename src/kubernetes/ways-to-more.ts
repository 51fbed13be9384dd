import { type EscalationKind, escalationKinds, type RoleRule } from '../model/blast-radius.js';

/** Where the rules of a role apply: in the whole cluster, or in the namespace of a RoleBinding. */
export type Scope = 'cluster' | 'namespace';

/** Access to any of these resources by any of these verbs. */
interface Way {
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
  /** A RoleBinding gives no access to resources of the whole cluster. */
  readonly clusterScoped?: true;
  /** A rule for certain objects opens this way only if it names one of these. */
  readonly names?: readonly string[];
}

/** The ways that an escalation takes: one of each list. */
type Needs = readonly (readonly Way[])[];

const rbac = 'rbac.authorization.k8s.io';
const certificates = 'certificates.k8s.io';
const authentication = 'authentication.k8s.io';
/** Code in a workload's pods runs as the workload's service account, with its Secrets. */
const run = 'create update patch';

/** `verbs` and `resources` are separated by spaces. */
const to = (verbs: string, group: string, resources: string, more: Pick<Way, 'clusterScoped' | 'names'> = {}): Way => ({
  verbs: verbs.split(' '),
  group,
  resources: resources.split(' '),
  ...more,
});
const clusterScoped = { clusterScoped: true } as const;

/** https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks */
const needs: Readonly<Record<Exclude<EscalationKind, 'Wildcard'>, Needs>> = {
  EscalateRoles: [[to('escalate', rbac, 'roles'), to('escalate', rbac, 'clusterroles', clusterScoped)]],
  // To bind a ClusterRole in a namespace takes the verb in that namespace.
  BindRoles: [[to('bind', rbac, 'roles clusterroles')]],
  Impersonate: [
    [
      to('impersonate', '', 'users groups', clusterScoped),
      to('impersonate', '', 'serviceaccounts'),
      // Constrained impersonation (KEP-5284).
      to('impersonate:user-info', authentication, 'users groups', clusterScoped),
      to('impersonate:arbitrary-node impersonate:associated-node', authentication, 'nodes', clusterScoped),
      to('impersonate:serviceaccount', authentication, 'serviceaccounts'),
    ],
  ],
  ReadSecrets: [[to('get list watch', '', 'secrets')]],
  ExecInPods: [
    [
      // A WebSocket begins with a GET: before Kubernetes 1.35 `get` was enough.
      to('create get', '', 'pods/exec pods/attach'),
      to('update patch', '', 'pods/ephemeralcontainers'),
    ],
  ],
  CreateWorkloads: [
    [
      to(run, '', 'pods replicationcontrollers'),
      to(run, 'apps', 'deployments daemonsets statefulsets replicasets'),
      to(run, 'batch', 'jobs cronjobs'),
    ],
  ],
  ApproveCertificates: [
    [to('update patch', certificates, 'certificatesigningrequests/approval', clusterScoped)],
    [
      to('approve', certificates, 'signers', {
        ...clusterScoped,
        // An API server authenticates by certificates of these signers. Admission also accepts the signer's domain.
        names: [
          'kubernetes.io/kube-apiserver-client',
          'kubernetes.io/kube-apiserver-client-kubelet',
          'kubernetes.io/*',
        ],
      }),
    ],
  ],
  IssueServiceAccountTokens: [[to('create', '', 'serviceaccounts/token')]],
  // The kubelet's own API, which runs commands in every pod of the node.
  ProxyNodes: [[to('get create update patch delete', '', 'nodes/proxy', clusterScoped)]],
};

/** For each escalation, whether a role meets each of its needs. */
type WaysOpened = ReadonlyMap<EscalationKind, readonly boolean[]>;

const remembered: Readonly<Record<Scope, WeakMap<readonly RoleRule[], WaysOpened>>> = {
  cluster: new WeakMap(),
  namespace: new WeakMap(),
};

/** The needs that these rules meet. Worked out once per list of rules, as a role is bound many times. */
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

/** Every verb on every resource of a group, future resources included. */
const isWildcard = ({ verbs, resources, apiGroups }: RoleRule): boolean =>
  verbs.includes('*') && resources.includes('*') && apiGroups.length > 0;

const needsMet = (kind: keyof typeof needs, rules: readonly RoleRule[], scope: Scope): readonly boolean[] =>
  needs[kind].map((ways) => ways.some((way) => rules.some((rule) => opens(rule, way, scope))));

/** A rule for certain objects opens the way as well: one role to bind or one Secret to read may be enough. */
function opens(rule: RoleRule, way: Way, scope: Scope): boolean {
  if (way.clusterScoped && scope === 'namespace') return false;
  const object = rule.resourceNames.find((name) => way.names?.includes(name) ?? true) ?? null;
  return way.resources.some((resource) =>
    way.verbs.some((verb) => {
      // RBAC knows no name when an object is created. A subresource is created on an object that has one.
      const isNew = verb === 'create' && !resource.includes('/');
      return ruleMatches(rule, { verb, group: way.group, resource, name: isNew ? null : object });
    }),
  );
}

/** A request to an API server in the terms of RBAC. */
export interface ResourceRequest {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource: `pods/exec`. */
  readonly resource: string;
  /** Null where the request names no object: a list, or a creation. */
  readonly name: string | null;
}

/** Whether the rule allows the request: RuleAllows in k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac. */
export function ruleMatches(rule: RoleRule, { verb, group, resource, name }: ResourceRequest): boolean {
  return (
    matches(rule.verbs, verb) &&
    matches(rule.apiGroups, group) &&
    matchesResource(rule.resources, resource) &&
    // A rule for certain objects allows no request without a name.
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name ?? ''))
  );
}

/** `*` stands for everything; there are no other patterns. */
const matches = (allowed: readonly string[], value: string): boolean =>
  allowed.includes('*') || allowed.includes(value);

// ResourceMatches in pkg/apis/rbac/v1: `*` is every resource and every subresource, `*/exec` that subresource of every
// resource. `pods` does not include `pods/exec`, and the asterisk in `pods/*` is an ordinary name.
function matchesResource(allowed: readonly string[], resource: string): boolean {
  if (matches(allowed, resource)) return true;
  const slash = resource.indexOf('/');
  return slash !== -1 && allowed.includes(`*${resource.slice(slash)}`);
}
