import { accessValuesSchema } from './access-values-schema.js';
import type { JsonSchema } from './json-schema.js';
import { valuesSchema } from './values-schema.js';

/** A chart in `deploy/chart/` with files that are generated. */
export interface Chart {
  readonly name: string;
  readonly schema: JsonSchema;
  /** The beginning of its README.md, above the table of values. */
  readonly introduction: string;
}

export const charts: readonly Chart[] = [
  {
    name: 'kubepass',
    schema: valuesSchema(),
    introduction: `Runs kubepass in a Kubernetes cluster: one pod on SQLite, or several on PostgreSQL.
[docs/install.md](../../../docs/install.md) leads through it.

Values are checked before anything reaches the cluster: unknown keys, and settings of \`config\` that the service would
refuse, are errors of \`helm template\` and \`helm install\`. The chart takes names of Secrets and makes none.`,
  },
  {
    name: 'kubepass-access',
    schema: accessValuesSchema,
    introduction: `Gives a kubepass that runs elsewhere its rights in this cluster: a service account, and roles for what it does here.
Nothing of it runs. [docs/clusters.md](../../../docs/clusters.md) says how to lead kubepass to the cluster.`,
  },
];
