import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeOf } from '@kubepass/x509';

/** Something that a person mends: its message is one line, which says what is wrong and what to do. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
}

/**
 * Runs a program of a release, if Node was started with the file at this URL and no other module imports that file. A
 * `ReleaseError`, or options that nobody can understand, end the program with 1 and one line.
 */
export async function runProgram(url: string, program: () => void | Promise<void>): Promise<void> {
  const [, started] = process.argv;
  if (started === undefined || realpathSync(started) !== fileURLToPath(url)) return;
  try {
    await program();
  } catch (error) {
    if (!(error instanceof ReleaseError) && !isAboutOptions(error)) throw error;
    console.error(`release: ${error.message.replaceAll(/\s*\n\s*/g, ' ')}`);
    process.exitCode = 1;
  }
}

/** An error of `parseArgs` of `node:util`. */
const isAboutOptions = (error: unknown): error is Error => codeOf(error)?.startsWith('ERR_PARSE_ARGS_') === true;
