// Tests packages/inspect/src/command-line/run-program.ts, packages/inspect/src/command-line/read-command-line.ts,
// packages/inspect/src/command-line/usage-error.ts
import { expect, it } from 'vitest';
import { answered, type Program, UsageError } from '../../src/command-line/index.js';

const options = { severity: { type: 'string' }, all: { type: 'boolean' } } as const;
const program: Program<typeof options> = {
  name: 'look',
  usage: 'usage: look [--severity S]\n            [--all] FILE\n\nLooks.\n',
  options,
  takesArguments: true,
};
const calling = 'usage: look [--severity S]\n            [--all] FILE\n';
const run = (...args: readonly string[]) =>
  answered(program, args, async ({ values, positionals }) => {
    if (positionals.length === 0) throw new UsageError('name a file');
    return { output: JSON.stringify([values.severity, values.all, positionals]), complaints: '', exitCode: 1 };
  });

it('passes options and arguments on, and what the program answers back', async () => {
  expect(await run('--severity', 'info', 'a', 'b')).toEqual({
    output: '["info",null,["a","b"]]',
    complaints: '',
    exitCode: 1,
  });
});

it.each(['--help', '-h'])('answers %s with its usage', async (asked) => {
  expect(await run('a', asked, '--unknown')).toEqual({ output: program.usage, complaints: '', exitCode: 0 });
});

it('takes no argument behind -- for a question', async () => {
  expect(await run('--', '--help')).toMatchObject({ output: '[null,null,["--help"]]' });
});

it.each([
  [['--sevrity', 'info'], `Unknown option '--sevrity'; did you mean "--severity"?`],
  [['--hlep'], `Unknown option '--hlep'; did you mean "--help"?`],
  [['--quite-another'], "Unknown option '--quite-another'"],
  [['-x'], "Unknown option '-x'"],
  [['--severity'], "Option '--severity <value>' argument missing"],
  [['--severity', '-x'], "Option '--severity' argument is ambiguous"],
  [['--all=1', 'a'], "Option '--all' does not take an argument"],
  [[], 'name a file'],
])('says why %j cannot be understood, and how to call it', async (args, problem) => {
  expect(await run(...args)).toEqual({ output: '', complaints: `look: ${problem}\n${calling}`, exitCode: 2 });
});

it('passes on every other error', async () => {
  await expect(
    answered(program, ['a'], async () => {
      throw new TypeError('of the program');
    }),
  ).rejects.toThrow('of the program');
});
