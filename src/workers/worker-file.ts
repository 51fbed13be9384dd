import { createRequire } from 'node:module';
import { parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const fromSources = import.meta.url.endsWith('.ts');

/** The URL of a worker's module beside another module; `name` has no extension. */
export const workerFile = (beside: string, name: string): URL =>
  new URL(`./${name}.${fromSources ? 'ts' : 'js'}`, beside);

/** Node's extra arguments for a worker: sources need the loader that the parent has, the build needs none. */
export const workerArguments: { readonly execArgv?: string[] } = fromSources ? { execArgv: ['--import', 'tsx'] } : {};

/** Starts a thread that runs a module and has its name. It gets nothing of the service's environment. */
export function startThread(file: URL, workerData: object): Worker {
  const options = { workerData, env: {}, name: parse(file.pathname).name };
  return fromSources ? new Worker(loading(file), { ...options, eval: true }) : new Worker(file, options);
}

/** Imports the module behind the loader, because the loader does not apply to the module that a thread starts with. */
function loading(file: URL): string {
  const loader = new URL('./index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')));
  return `import('${loader.href}').then(({ register }) => { register(); return import('${file.href}'); })`;
}
