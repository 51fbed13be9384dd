import { codeOf, messageOf } from '@kubepass/x509';
import { didYouMean } from '../formats/text/nearest-name.js';

/** A command line that cannot be understood. The message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Puts into words why a command line cannot be understood: the error is one of `parseArgs` (node:util), and the
 * option that was meant is named where one is near. Null for every other error.
 *
 * `known`: the names of the options, without dashes.
 */
export function usageProblem(error: unknown, known: readonly string[]): string | null {
  if (error instanceof UsageError) return error.message;
  if (codeOf(error)?.startsWith('ERR_PARSE_ARGS_') !== true) return null;
  const message = messageOf(error);
  const unknown = /^Unknown option '([^']*)'/.exec(message);
  // The first sentence. The others of such a message are about arguments that begin with a dash.
  if (unknown === null) return message.split(/\.\s/, 1)[0] ?? message;
  const [, option = ''] = unknown;
  const meant = didYouMean(
    option,
    known.map((name) => `--${name}`),
  );
  return `Unknown option '${option}'${meant}`;
}
