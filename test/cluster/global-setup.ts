import type { TestProject } from 'vitest/node';
import { type ClusterSource, findClusterSource } from './cluster-source.js';

declare module 'vitest' {
  interface ProvidedContext {
    clusterSource: ClusterSource;
  }
}

const say = (text: string): void => console.error(`test:cluster: ${text}`);

/** Runs before any test without a time limit, because a first run may have to build the control plane. */
export async function setup(project: TestProject): Promise<void> {
  const source = await findClusterSource(say);
  if (source.kind === 'unavailable') say(`SKIPPED, ${source.reason}`);
  else say(source.kind === 'binaries' ? `a control plane from ${source.from}` : `the cluster of ${source.kubeconfig}`);
  project.provide('clusterSource', source);
}
