import { sentenceOf } from './system-errors.js';
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

/** For a terminal with colours: our own colours stay. Texts of others have no colours when they get into a report. */
const inColours = (text: string): string =>
  text
    .split(colour)
    .map((part, i) => (i % 2 === 0 ? visibleLines(part) : part))
    .join('');

/**
 * Writes a text to standard output. All programs write through `print` and `complain`. Names and contents of files are
 * texts of others, and a terminal obeys control characters, so each control character is written out (`\u{1b}`). Line
 * feeds stay.
 */
export const print = (text: string): void =>
  void process.stdout.write(process.stdout.isTTY && process.stdout.hasColors() ? inColours(text) : visibleLines(text));

/** Writes a text to standard error, as `print` does. */
export const complain = (text: string): void => void process.stderr.write(visibleLines(text));

/**
 * Ends the process with the output and the exit code of the program. If the program throws, it says why, and the exit
 * code is 1.
 */
export async function finish(run: Promise<ProgramRun>): Promise<void> {
  try {
    const { output, complaints, exitCode, isData = false } = await run;
    if (isData && !process.stdout.isTTY) process.stdout.write(output);
    else print(output);
    complain(complaints);
    if (exitCode !== 0) process.exitCode = exitCode;
  } catch (error) {
    complain(`${sentenceOf(error).trimEnd()}\n`);
    process.exitCode = 1;
  }
}
