import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, inject } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from './run-command.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The newest Kubernetes that this helm renders for: alone it believes in one that the charts refuse. */
const KUBE_VERSION = '1.36.3';

/** A manifest as the charts render it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** One installation of a chart. */
export interface Release {
  readonly chart: 'kubepass' | 'kubepass-access';
  readonly name: string;
  readonly namespace: string;
  /** Besides the chart's defaults. */
  readonly values?: object;
  /** A file of values in the chart's folder, such as `ci/sqlite-values.yaml`. */
  readonly valuesFile?: string;
}

/** The path of helm, which the first use brings; null where that is not possible. */
export const helm = findHelm();

function findHelm(): string | null {
  const { status, stdout, stderr } = spawnSync(`${root}/.ci/tool`, ['helm'], { encoding: 'utf8' });
  if (status !== 0 && status !== 75) throw new Error(`.ci/tool helm: ${stderr}`);
  if (status === 75) console.error(`test:cluster: SKIPPED, there is no helm here: ${stderr.trim()}`);
  return status === 0 ? stdout.trim() : null;
}

/** Tests of the charts on a control plane of their own; skipped where there is no helm or no control plane. */
export const describeCharts = describe.skipIf(helm === null || inject('clusterSource').kind !== 'binaries');

/** The same for tests that run pods, which takes root: mounts, and another user. */
export const describePods = process.getuid?.() === 0 ? describeCharts : describe.skip;

/** Renders an installation, and answers each manifest, as text and read. Throws what helm says against it. */
export async function renderRelease({
  chart,
  name,
  namespace,
  values = {},
  valuesFile,
}: Release): Promise<readonly { readonly text: string; readonly manifest: Manifest }[]> {
  const folder = `${root}/deploy/chart/${chart}`;
  const files = [...(valuesFile === undefined ? [] : [`${folder}/${valuesFile}`]), '-'];
  const { code, stdout, stderr } = await runCommand(
    helm ?? '',
    [
      ...['template', name, folder, '--namespace', namespace, '--kube-version', KUBE_VERSION],
      ...files.flatMap((file) => ['--values', file]),
    ],
    { input: JSON.stringify(values) },
  );
  if (code !== 0) throw new Error(`helm cannot render ${chart} as ${name}: ${stderr}`);
  return stdout
    .split(/^---$/m)
    .map((text) => ({ text, manifest: parse(text) as Manifest | null }))
    .flatMap(({ text, manifest }) => (manifest === null ? [] : [{ text, manifest }]));
}
