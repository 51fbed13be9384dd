import { runProgram } from '@kubepass/inspect/command-line';
import { chosenCommonOptions, ownProcess } from './node-files/keep-file.js';
import { keepRevocationFile, options, usage } from './node-files/revocation-file.js';

const program = { name: 'revocation-file', usage, options, takesArguments: false } as const;

/** `npm run revocation-file -- --cluster NAME --out FILE --watch`, on each control-plane node; see `usage`. */
await runProgram(program, ({ values }) =>
  keepRevocationFile(chosenCommonOptions(values, process.cwd()), ownProcess(program.name)),
);
