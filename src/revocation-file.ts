import { runProgram } from '@kubepass/inspect/command-line';
import { replaceSecretFile } from './config/secrets.js';
import { chosenOptions, fetchConfiguration, keepRevocationFile, options, usage } from './node-files/revocation-file.js';

const program = { name: 'revocation-file', usage, options, takesArguments: false } as const;

/** `npm run revocation-file -- --cluster NAME --out FILE --watch`, on each control-plane node; see `usage`. */
await runProgram(program, async ({ values }) => {
  const chosen = chosenOptions(values, process.cwd());
  let wake = (): void => undefined;
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopped = true;
      wake();
    });
  return keepRevocationFile(chosen, {
    fetch: () => fetchConfiguration(chosen.kubeconfig, chosen.cluster),
    replace: replaceSecretFile,
    say: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`revocation-file: ${line}\n`),
    isStopped: () => stopped,
    pause: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  });
});
