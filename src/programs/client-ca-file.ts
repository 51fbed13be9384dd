import { runProgram } from '@kubepass/inspect/command-line';
import { chosenOptions, keepClientCaFile, options, usage } from './node-files/client-ca-file.js';
import { ownProcess } from './node-files/keep-file.js';

const program = { name: 'kubepass client-ca-file', usage, options, takesArguments: false } as const;

/** `kubepass client-ca-file --cluster NAME --base FILE --out FILE --watch`, on each control-plane node. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, ({ values }) =>
    keepClientCaFile(chosenOptions(values, process.cwd()), ownProcess(program.name)),
  );
