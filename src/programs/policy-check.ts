import { join } from 'node:path';
import { print, runProgram, UsageError } from '@kubepass/inspect/command-line';
import { checkPolicies, reportErrors } from '../policy/check-policies.js';
import { readPolicyFiles } from '../policy/load-policy-set.js';

const usage = `usage: kubepass policy check DIRECTORY

Loads the policies in the directory and runs the tests beside them. Exit code: 0 on success, 1 on an error.
`;

const program = { name: 'kubepass policy check', usage, options: {}, takesArguments: true } as const;

/** `kubepass policy check DIRECTORY`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ positionals }) => {
    const [directory, ...rest] = positionals;
    if (directory === undefined || rest.length > 0) throw new UsageError('name one directory');
    const files = await readPolicyFiles(directory);
    const nothing = `${directory}: no file here is named *.yaml or *.yml`;
    const errors = !files.ok ? files.errors : files.texts.length === 0 ? [nothing] : [];
    // With the directory, an error names its file as a terminal or the CI of a repository can open it.
    const texts = files.ok ? files.texts.map(({ path, text }) => ({ path: join(directory, path), text })) : [];
    const report = errors.length === 0 ? checkPolicies(texts) : reportErrors(errors);
    print(`${report.text}\n`);
    return report.ok ? 0 : 1;
  });
