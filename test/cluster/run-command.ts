import { execFile } from 'node:child_process';

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; null where a signal ended it. */
  readonly code: number | null;
}

/** Runs a program to its end and returns any exit code. Throws if it cannot be started. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string; readonly timeoutSeconds?: number } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      {
        timeout: (options.timeoutSeconds ?? 60) * 1000,
        maxBuffer: 64 * 1024 * 1024,
        ...(options.env ? { env: options.env } : {}),
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code === 'string')
          reject(new Error(`${command} cannot be run`, { cause: error }));
        else resolve({ stdout, stderr, code: child.exitCode });
      },
    );
    child.stdin?.on('error', () => undefined); // the program may end without reading
    child.stdin?.end(options.input ?? '');
  });
}
