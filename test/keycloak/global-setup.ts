import type { TestProject } from 'vitest/node';
import { findDistribution, type Distribution } from './distribution.js';

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: Distribution;
  }
}

/** Runs before any test without a time limit, because a first run has to bring Keycloak. */
export async function setup(project: TestProject): Promise<void> {
  const say = (text: string): void => console.error(`test:keycloak: ${text}`);
  project.provide('keycloak', await findDistribution(say));
}
