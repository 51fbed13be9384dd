import { parseArgs, type ParseArgsConfig } from 'node:util';

export type CommandOptions = NonNullable<ParseArgsConfig['options']>;

/** A program, for whoever calls it. */
export interface Program<Options extends CommandOptions> {
  readonly name: string;
  /** The lines up to the first empty one say how to call it; the others say more. Ends with a line feed. */
  readonly usage: string;
  readonly options: Options;
  /** Whether it takes arguments besides options. */
  readonly takesArguments: boolean;
}

/**
 * The options and arguments of a command line; `asked`: a person asks for help or for the version. Throws the errors of
 * `parseArgs`.
 */
export function readCommandLine<Options extends CommandOptions>(
  { options, takesArguments }: Pick<Program<Options>, 'options' | 'takesArguments'>,
  args: readonly string[],
) {
  // No option takes one of these as its value, because values with a dash are written `--option=value`.
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const asked = own.some((arg) => arg === '--help' || arg === '-h')
    ? ('help' as const)
    : own.includes('--version')
      ? ('version' as const)
      : null;
  if (asked !== null) return { asked };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: takesArguments });
  return { asked, values, positionals };
}
