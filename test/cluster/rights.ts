import { type Access, describeAccess } from '../../src/kubernetes/cluster-error.js';
import { signingAccess } from '../../src/signing/kubernetes-signer-object.js';
import type { ApiClient } from './api-client.js';

interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface RulesReview {
  readonly status: {
    readonly resourceRules: readonly ResourceRule[];
    readonly nonResourceRules: readonly {
      readonly verbs: readonly string[];
      readonly nonResourceURLs?: readonly string[];
    }[];
  };
}

/**
 * All that a user may do in each of these namespaces, as the API server lists it to that user (SelfSubjectRulesReview):
 * rights as `describeAccess` prints them, in order. A right that is the same in all of them has no namespace.
 */
export async function rightsOf(user: ApiClient, namespaces: readonly string[]): Promise<readonly string[]> {
  const inEach = await Promise.all(namespaces.map(async (namespace) => rightsIn(user, namespace)));
  const everywhere = [...(inEach[0] ?? [])].filter((right) => inEach.every((rights) => rights.has(right)));
  const elsewhere = inEach.flatMap((rights, i) =>
    [...rights].filter((right) => !everywhere.includes(right)).map((right) => `${right} in ${namespaces[i] ?? ''}`),
  );
  return [...everywhere, ...elsewhere].sort();
}

async function rightsIn(user: ApiClient, namespace: string): Promise<ReadonlySet<string>> {
  const { status } = await user.done<RulesReview>('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  });
  return new Set([
    ...status.resourceRules.flatMap((rule) => accessesOf(rule).map(describeAccess)),
    ...status.nonResourceRules.flatMap(({ verbs, nonResourceURLs = [] }) =>
      verbs.flatMap((verb) => nonResourceURLs.map((url) => `${verb} ${url}`)),
    ),
  ]);
}

const accessesOf = ({ verbs, apiGroups = [], resources = [], resourceNames }: ResourceRule): readonly Access[] =>
  verbs.flatMap((verb) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) => {
        const [resource = path, subresource] = path.split('/');
        const all = { verb, group, resource, ...(subresource === undefined ? {} : { subresource }) };
        return resourceNames?.length ? resourceNames.map((name) => ({ ...all, name })) : [all];
      }),
    ),
  );

/** Accesses as `rightsOf` lists them. */
export const listed = (accesses: readonly Access[]): readonly string[] => accesses.map(describeAccess).sort();

/** The rights of a service account that signs. */
export const signingRights: readonly Access[] = [
  ...signingAccess.map(({ access }) => access),
  // Kubernetes' own Role for reading the client CA has these two besides.
  ...['list', 'watch'].map((verb) => ({
    verb,
    group: '',
    resource: 'configmaps',
    name: 'extension-apiserver-authentication',
    namespace: 'kube-system',
  })),
];
