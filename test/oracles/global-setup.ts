import type { TestProject } from 'vitest/node';
import { findOracles, type Oracles } from './build-oracles.js';

declare module 'vitest' {
  interface ProvidedContext {
    oracles: Oracles | null;
  }
}

const say = (text: string): void => console.error(`test:oracles: ${text}`);

/** Runs before any test without a time limit, because a first run has to build the programs. */
export async function setup(project: TestProject): Promise<void> {
  const oracles = await findOracles(say);
  if (oracles === null) say('SKIPPED, there is no Go to build the oracles with');
  project.provide('oracles', oracles);
}
