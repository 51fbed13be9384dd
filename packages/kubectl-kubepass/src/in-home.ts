import { join } from 'node:path';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';

/** A place below the home directory. Throws where there is none. */
export function inHome(homeDirectory: Machine['homeDirectory'], ...path: readonly string[]): string {
  if (homeDirectory === null)
    throw new PluginError('there is no home directory: set HOME, or both KUBECONFIG and KUBECACHEDIR');
  return join(homeDirectory, ...path);
}
