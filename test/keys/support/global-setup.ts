import type { TestProject } from 'vitest/node';
import { findOnPath } from '../../../scripts/executables.js';
import { findKmsAgent, type KeyTools, missingKeyTools, softHsmLibrary } from './key-tools.js';

declare module 'vitest' {
  interface ProvidedContext {
    keyTools: KeyTools | null;
  }
}

const say = (text: string): void => console.error(`test:keys: ${text}`);

/** Runs before any test without a time limit, because a first run has to build the agent before a KMS. */
export async function setup(project: TestProject): Promise<void> {
  const missing = missingKeyTools();
  const library = softHsmLibrary();
  if (missing.length > 0 || library === null) {
    say(`SKIPPED, there is no ${missing.join(', no ')} here`);
    project.provide('keyTools', null);
    return;
  }
  if (findOnPath('gcore') === null) say('SKIPPED, there is no gcore here to look into the memory of the service');
  const kmsAgent = await findKmsAgent(say);
  if (kmsAgent === null) say('there is no Go to build the agent before a KMS with');
  project.provide('keyTools', { softHsmLibrary: library, kmsAgent });
}
