import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, inject } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { runCommand } from '../cluster/run-command.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The folder of a chart: `kubepass`, or `kubepass-access` for other clusters. */
export const chartFolder = (chart: 'kubepass' | 'kubepass-access' = 'kubepass'): string =>
  `${root}deploy/chart/${chart}`;

/** helm from `go install` believes in Kubernetes 1.20, so it is told. */
const kubernetesVersion = '1.36.3';

const helm = inject('helm');

/** Tests of renderings; skipped where there is no helm. */
export const describeChart = describe.skipIf(helm === null);

/** An object of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** A ConfigMap has it. */
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
  readonly [field: string]: unknown;
}

/** The part of a Deployment that tests look into. */
export interface Pod {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string; readonly [kind: string]: unknown }[];
  readonly [field: string]: unknown;
}
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly [field: string]: unknown;
}

/** The answer of `helm template`. */
export interface Rendering {
  readonly text: string;
  readonly objects: readonly Manifest[];
  /** The one object of a kind, with a name where several have it; throws where there is none, or more than one. */
  find(kind: string, name?: string): Manifest;
  /** The names of the objects of a kind, with the namespace before a slash where they have one; sorted. */
  names(kind: string): readonly string[];
  readonly pod: Pod;
}

export interface RenderOptions {
  /** Default: `kubepass`. */
  readonly release?: string;
  /** Default: `kubepass`. */
  readonly namespace?: string;
  /** Files of values, which `values` come after. */
  readonly files?: readonly string[];
  readonly chart?: 'kubepass' | 'kubepass-access';
  /** Another folder of the chart. */
  readonly folder?: string;
}

/** Renders a chart. Throws with helm's error output where helm refuses the values. */
export async function render(values: object = {}, options: RenderOptions = {}): Promise<Rendering> {
  const { code, stdout, stderr } = await template(values, options);
  if (code !== 0) throw new Error(stderr);
  return renderingOf(stdout);
}

/** The error output with which helm refuses values. Throws where it takes them. */
export async function refusal(values: object, options: RenderOptions = {}): Promise<string> {
  const { code, stderr } = await template(values, options);
  if (code === 0) throw new Error('helm takes these values');
  return stderr;
}

const template = (
  values: object,
  {
    release = 'kubepass',
    namespace = 'kubepass',
    files = [],
    chart = 'kubepass',
    folder = chartFolder(chart),
  }: RenderOptions,
) =>
  run(
    [
      ...['template', release, folder, '--namespace', namespace, '--kube-version', kubernetesVersion],
      ...[...files, '-'].flatMap((file) => ['--values', file]),
    ],
    JSON.stringify(values),
  );

/** helm ends in a moment, so it collects no garbage: a third of its time. */
const run = (args: readonly string[], input = '') =>
  runCommand(helm ?? '', args, { input, env: { ...process.env, GOGC: 'off' } });

/** `helm lint --strict` of a file of values. */
export const lint = (file?: string, chart: 'kubepass' | 'kubepass-access' = 'kubepass') =>
  run([
    ...['lint', '--strict', '--kube-version', kubernetesVersion, chartFolder(chart)],
    ...(file === undefined ? [] : ['--values', file]),
  ]);

/** Reads a stream of manifests. */
export function renderingOf(text: string): Rendering {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const find = (kind: string, name?: string) => {
    const [found, ...more] = ofKind(kind).filter(({ metadata }) => name === undefined || metadata.name === name);
    if (found === undefined || more.length > 0) throw new Error(`${1 + more.length} or no ${kind} ${name ?? ''}`);
    return found;
  };
  return {
    text,
    objects,
    find,
    names: (kind) =>
      ofKind(kind)
        .map(({ metadata: { namespace, name } }) => (namespace === undefined ? name : `${namespace}/${name}`))
        .sort(),
    get pod() {
      return (find('Deployment').spec as { template: { spec: Pod } }).template.spec;
    },
  };
}

/** The files of `ci/`, with whole paths, such as `/…/ci/ha-values.yaml`. */
export const ciFiles = (chart: 'kubepass' | 'kubepass-access' = 'kubepass'): readonly string[] => {
  const folder = `${chartFolder(chart)}/ci`;
  return readdirSync(folder).map((file) => `${folder}/${file}`);
};

/** A file of `ci/` by its short name: `ha`. */
export const ciFile = (name: string): string => `${chartFolder()}/ci/${name}-values.yaml`;

/** A policy that the service takes. */
export const somePolicy = {
  apiVersion: 'kubepass/v1',
  kind: 'Policy',
  metadata: { name: 'a' },
  spec: {
    selector: {},
    allowed: { usernames: ['a'] },
    constraints: { maxExpirationSeconds: 3600 },
    approval: { mode: 'auto' },
  },
};

/** The values in such a file. */
export const valuesOf = (file: string): unknown => parse(readFileSync(file, 'utf8'));
