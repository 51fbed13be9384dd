import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const fromSources = import.meta.url.endsWith('.ts');

/** A worker's module beside another one, given by its name without the extension. */
export const workerFile = (beside: string, name: string): URL =>
  new URL(`./${name}.${fromSources ? 'ts' : 'js'}`, beside);

/** What Node is told beside the module: from sources it needs the loader that its parent has, from the build nothing. */
export const workerArguments: { readonly execArgv?: string[] } = fromSources ? { execArgv: ['--import', 'tsx'] } : {};

/** A thread that runs a module. Nothing of the service's environment is its business. */
export function startThread(file: URL, workerData: object): Worker {
  const options = { workerData, env: {} };
  return fromSources ? new Worker(loading(file), { ...options, eval: true }) : new Worker(file, options);
}

/** The loader takes over what is imported, not what a thread is started with. */
function loading(file: URL): string {
  const loader = new URL('./index.mjs', pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api')));
  return `import('${loader.href}').then(({ register }) => { register(); return import('${file.href}'); })`;
}
