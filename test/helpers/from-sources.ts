import { fileURLToPath } from 'node:url';

/** Node's arguments for a process that runs the sources, before the name of its program. */
export const fromSources: readonly string[] = ['--import', new URL('../../scripts/sources.mjs', import.meta.url).href];

/** The program of the service, whose first argument is a verb. */
export const kubepass = fileURLToPath(new URL('../../src/programs/kubepass.ts', import.meta.url));
