import { runProgram } from '@kubepass/inspect/command-line';
import { chosenCommonOptions, ownProcess } from './node-files/keep-file.js';
import { keepRevocationFile, options, usage } from './node-files/revocation-file.js';

const program = { name: 'kubepass revocation-file', usage, options, takesArguments: false } as const;

/** `kubepass revocation-file --cluster NAME --out FILE --watch`, on each control-plane node; see `usage`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, ({ values }) =>
    keepRevocationFile(chosenCommonOptions(values, process.cwd()), ownProcess(program.name)),
  );
