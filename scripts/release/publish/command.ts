/** A call of a program of others. */
export interface Command {
  readonly program: 'crane' | 'cosign';
  readonly args: readonly string[];
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command, or only shows it. `beforehand` is the answer of a registry that has nothing of this release, which a
 * run that only shows commands goes on with.
 */
export type Run = (command: Command, beforehand: Outcome) => Promise<Outcome>;

export const succeeded = (stdout = ''): Outcome => ({ exitCode: 0, stdout, stderr: '' });
export const failed = (stderr: string): Outcome => ({ exitCode: 1, stdout: '', stderr });

/** The command as a line for a shell of POSIX. */
export const shellLine = ({ program, args }: Command): string => [program, ...args.map(shellWord)].join(' ');

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
