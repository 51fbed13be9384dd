import { finish, type ProgramRun } from './finish.js';
import { type CommandOptions, type Program, readCommandLine } from './read-command-line.js';
import { usageProblem } from './usage-error.js';
import { version } from './version.js';

type Given<Options extends CommandOptions> = Extract<
  ReturnType<typeof readCommandLine<Options>>,
  { readonly asked: null }
>;

/**
 * Runs a program with the options and arguments of a command line. It answers help and the version by itself, with
 * 0. Where the command line cannot be understood, it says why and how to call the program, with 2.
 */
export async function answered<Options extends CommandOptions>(
  program: Program<Options>,
  args: readonly string[],
  run: (given: Given<Options>) => Promise<ProgramRun>,
): Promise<ProgramRun> {
  const { name, usage, options } = program;
  try {
    const given = readCommandLine(program, args);
    if (given.asked === null) return await run(given);
    return { output: given.asked === 'help' ? usage : `${name} ${version}\n`, complaints: '', exitCode: 0 };
  } catch (error) {
    const problem = usageProblem(error, [...Object.keys(options), 'help', 'version']);
    if (problem === null) throw error;
    return {
      output: '',
      complaints: `${name}: ${problem}\n${usage.split('\n\n', 1)[0]?.trimEnd() ?? ''}\n`,
      exitCode: 2,
    };
  }
}

/** The process of a program that writes by itself, with `print` and `complain`: `run` answers its exit code. */
export const runProgram = <Options extends CommandOptions>(
  program: Program<Options>,
  args: readonly string[],
  run: (given: Given<Options>) => Promise<number>,
): Promise<void> =>
  finish(
    answered(program, args, async (given) => ({
      output: '',
      complaints: '',
      exitCode: await run(given),
    })),
  );
