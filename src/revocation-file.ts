import { replaceSecretFile } from './config/secrets.js';
import { fetchConfiguration, keepRevocationFile, readOptions, usage } from './revocation-file/keep-revocation-file.js';

/** `npm run revocation-file -- --cluster NAME --out FILE --watch`, on each control-plane node; see `usage`. */
const options = readOptions(process.argv.slice(2), process.cwd());
if ('problem' in options) {
  process.stderr.write(`revocation-file: ${options.problem}\n\n${usage}`);
  process.exitCode = 2;
} else {
  let wake = (): void => undefined;
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopped = true;
      wake();
    });
  process.exitCode = await keepRevocationFile(options, {
    fetch: () => fetchConfiguration(options.kubeconfig, options.cluster),
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
}
