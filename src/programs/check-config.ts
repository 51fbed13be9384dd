import { answered, finish, type ProgramRun } from '@kubepass/inspect/command-line';
import { readConfig } from '../config/config.js';
import { readEnvironment } from '../config/env.js';
import { type CheckedConfig, checkConfig } from '../start/check-config.js';

const program = {
  name: 'kubepass check-config',
  usage: `usage: kubepass check-config

Says everything that is wrong with the configuration, and changes nothing. The settings are in the environment and in the
file that KUBEPASS_CONFIG names: docs/configuration.md. Exit code: 0 where a start would work, 1 on an error.
`,
  options: {},
  takesArguments: false,
} as const;

/** `kubepass check-config`. */
export const run = (args: readonly string[]): Promise<void> => finish(answered(program, args, tellConfig));

/** Tells everything about the configuration: what is wrong goes to standard error, a line for each. */
async function tellConfig(): Promise<ProgramRun> {
  const read = readConfig(readEnvironment());
  const { errors, faults, warnings, database } = await checkConfig(read, new Date());
  const wrong = [...errors, ...faults];
  const complaints = [...wrong.map((line) => `error: ${line}`), ...warnings.map((line) => `warning: ${line}`)];
  const output = database === undefined ? [] : [`database: ${stateOf(database)}`];
  if (wrong.length > 0)
    complaints.push(`the configuration has ${wrong.length} ${wrong.length === 1 ? 'error' : 'errors'}`);
  else output.push('the configuration is good: nothing was changed, and nothing was started');
  const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  return { output: textOf(output), complaints: textOf(complaints), exitCode: wrong.length > 0 ? 1 : 0 };
}

function stateOf({ pending, newer }: NonNullable<CheckedConfig['database']>): string {
  if (newer !== null) return 'belongs to a newer version, this version serves it';
  if (pending === null) return 'empty; a start makes its tables';
  return pending === 0
    ? 'has the tables of this version'
    : `a start applies ${pending} migrations; make a backup first`;
}
