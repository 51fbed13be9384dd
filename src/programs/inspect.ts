import { finish } from '@kubepass/inspect/command-line';
import { inspectFiles } from '@kubepass/inspect/offline';

/** `kubepass inspect FILE…`. `inspectFiles` says what the exit codes mean. */
export const run = (args: readonly string[]): Promise<void> =>
  finish(inspectFiles(args, { now: new Date(), stdout: process.stdout }, 'kubepass inspect'));
