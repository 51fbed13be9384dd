import { readCredentialCommand } from './command-line.js';
import { execCredential, readExecInfo } from './exec-credential.js';
import { cacheOf } from './cache-of.js';
import type { Machine } from './machine.js';
import { codeOf, PluginError } from './plugin-error.js';
import { isFresh } from './renewal-times.js';

/**
 * The answer to kubectl where the cache has it; null where there is more to do, or to complain about. kubectl waits for this
 * before most of its calls, so it is all that is compiled then.
 */
export function answerFromCache([command, ...args]: readonly string[], machine: Machine): string | null {
  if (command !== 'get-credential') return null;
  try {
    const cached = cacheOf(readCredentialCommand(args), machine).read('credential');
    const now = machine.now();
    if (cached === null || !isFresh(cached, now)) return null;
    return execCredential(cached, now, readExecInfo(machine.environment['KUBERNETES_EXEC_INFO']).apiVersion);
  } catch (error) {
    // A file that cannot be read is met again, and complained about, where there is more time.
    if (error instanceof PluginError || codeOf(error) !== undefined) return null;
    throw error;
  }
}
