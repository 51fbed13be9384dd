import { visibleLines } from '../formats/text/visible.js';

/** The end of a program: what it writes to standard output and to standard error, and its exit code. */
export interface ProgramRun {
  readonly output: string;
  readonly complaints: string;
  readonly exitCode: number;
  /** Whether the output is for programs: it goes into a pipe or a file as it is. */
  readonly isData?: boolean;
}

const escape = '\u001b';
const colour = new RegExp(`(${escape}\\[\\d+m)`);

/** Colours of our own stay where the terminal has some: texts of others have none when they get into a report. */
const inColours = (text: string): string =>
  text
    .split(colour)
    .map((part, i) => (i % 2 === 0 ? visibleLines(part) : part))
    .join('');

/**
 * Writes a text to standard output. All programs write through here and `complain`, because a terminal obeys control
 * characters, and names and contents of files are texts of others: they are written out, and line feeds stay.
 */
export const print = (text: string): void =>
  void process.stdout.write(process.stdout.isTTY && process.stdout.hasColors() ? inColours(text) : visibleLines(text));

/** Writes a text to standard error, as `print` does. */
export const complain = (text: string): void => void process.stderr.write(visibleLines(text));

/** The end of the process: it writes what the program ended with. Where that threw, it says why, with 1. */
export async function finish(run: Promise<ProgramRun>): Promise<void> {
  try {
    const { output, complaints, exitCode, isData = false } = await run;
    if (isData && !process.stdout.isTTY) process.stdout.write(output);
    else print(output);
    complain(complaints);
    if (exitCode !== 0) process.exitCode = exitCode;
  } catch (error) {
    complain(`${(error instanceof Error ? error.message : String(error)).trimEnd()}\n`);
    process.exitCode = 1;
  }
}
