import { parse } from 'node:path';
import { Worker } from 'node:worker_threads';

const fromSources = import.meta.url.endsWith('.ts');

/** The URL of a worker's module beside another module; `name` has no extension. */
export const workerFile = (beside: string, name: string): URL =>
  new URL(`./${name}.${fromSources ? 'ts' : 'js'}`, beside);

/** Lets a thread run the sources. It starts faster than the loader of the process, and a process of tests has none. */
const loader = new URL('../../scripts/sources.mjs', import.meta.url);

/** Node's extra arguments for a worker: sources need a loader, the build needs none. */
export const workerArguments: { readonly execArgv?: string[] } = fromSources
  ? { execArgv: ['--import', loader.href] }
  : {};

/** Starts a thread that runs a module and has its name. It gets nothing of the service's environment. */
export function startThread(file: URL, workerData: object): Worker {
  return new Worker(file, { workerData, env: {}, name: parse(file.pathname).name, ...workerArguments });
}
