import type { Access } from '../../../src/kubernetes/cluster-error.js';
import { StatusError } from './status.js';

/** The user that the API server has authenticated. */
export interface User {
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** A PolicyRule of rbac.authorization.k8s.io/v1. */
export interface Rule {
  readonly apiGroups: readonly string[];
  /** With a subresource: `certificatesigningrequests/approval`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** The rules that kubepass needs, as its deployment grants them. */
export const kubepassRules: readonly Rule[] = [
  {
    apiGroups: ['certificates.k8s.io'],
    resources: ['certificatesigningrequests'],
    verbs: ['create', 'get', 'list', 'watch', 'delete'],
  },
  { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
  {
    apiGroups: ['certificates.k8s.io'],
    resources: ['signers'],
    resourceNames: ['kubernetes.io/kube-apiserver-client'],
    verbs: ['approve'],
  },
  {
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: ['extension-apiserver-authentication'],
    verbs: ['get'],
  },
];

const everything: readonly Rule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
/** The ClusterRole system:basic-user, bound to system:authenticated. */
const basicUser: readonly Rule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews'], verbs: ['create'] },
];

/** Rules by username or by group. */
export class Rbac {
  readonly #rules = new Map<string, readonly Rule[]>([
    ['group:system:masters', everything],
    ['group:system:authenticated', basicUser],
  ]);

  /** Replaces the rights of the user. */
  allowUser(username: string, rules: readonly Rule[]): void {
    this.#rules.set(`user:${username}`, rules);
  }

  allowGroup(group: string, rules: readonly Rule[]): void {
    this.#rules.set(`group:${group}`, rules);
  }

  allows(user: User, { verb, group, resource, subresource, name }: Access): boolean {
    const path = subresource === undefined ? resource : `${resource}/${subresource}`;
    const within = (list: readonly string[], value: string) => list.includes('*') || list.includes(value);
    return [`user:${user.username}`, ...user.groups.map((g) => `group:${g}`)]
      .flatMap((subject) => this.#rules.get(subject) ?? [])
      .some(
        (rule) =>
          within(rule.apiGroups, group) &&
          within(rule.resources, path) &&
          within(rule.verbs, verb) &&
          (rule.resourceNames === undefined || (name !== undefined && rule.resourceNames.includes(name))),
      );
  }

  /** Throws the API server's 403. */
  demand(user: User, access: Access): void {
    if (this.allows(user, access)) return;
    const { verb, group, resource, subresource, name, namespace } = access;
    const path = subresource === undefined ? resource : `${resource}/${subresource}`;
    const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    const subject = `${resource}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` "${name}"`}`;
    throw new StatusError(
      403,
      'Forbidden',
      `${subject} is forbidden: User "${user.username}" cannot ${verb} resource "${path}" in API group "${group}" ${scope}`,
      { ...(name === undefined ? {} : { name }), group, kind: resource },
    );
  }
}
