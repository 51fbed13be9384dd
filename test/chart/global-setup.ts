import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { findClusterSource } from '../cluster/cluster-source.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of helm; null where it cannot be had. */
    helm: string | null;
    /** The path of kubectl, which has kustomize in it; null where it cannot be had. */
    kubectl: string | null;
  }
}

const say = (text: string): void => console.error(`test:chart: ${text}`);

/** Runs before any test without a time limit, because a first run has to build the programs. */
export async function setup(project: TestProject): Promise<void> {
  const helm = findHelm();
  if (helm === null) say('SKIPPED, there is no helm, and without Go it cannot be built');
  project.provide('helm', helm);
  const source = helm === null ? null : await findClusterSource(say);
  if (source?.kind === 'unavailable') say(`without kubectl: ${source.reason}`);
  project.provide(
    'kubectl',
    source?.kind === 'binaries' ? source.binaries.kubectl : source?.kind === 'kubeconfig' ? source.kubectl : null,
  );
}

function findHelm(): string | null {
  try {
    return execFileSync('.ci/tool', ['helm'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  } catch (error) {
    // 75: it is not here, and cannot be brought.
    if ((error as { status?: unknown }).status === 75) return null;
    throw error;
  }
}
