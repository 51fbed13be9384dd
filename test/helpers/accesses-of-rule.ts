import { describeAccess } from '../../src/kubernetes/cluster-error.js';

/** A rule of a Role or ClusterRole, as manifests have it. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Every single access that a rule gives, as `describeAccess` prints it. */
export function accessesOf({ apiGroups, resources, resourceNames = [''], verbs }: AccessRule): readonly string[] {
  const paths = resources.map((path) => path.split('/') as [string, string?]);
  return apiGroups.flatMap((group) =>
    paths.flatMap(([resource, subresource]) =>
      resourceNames.flatMap((name) =>
        verbs.map((verb) =>
          describeAccess({
            verb,
            group,
            resource,
            ...(subresource === undefined ? {} : { subresource }),
            ...(name === '' ? {} : { name }),
          }),
        ),
      ),
    ),
  );
}
