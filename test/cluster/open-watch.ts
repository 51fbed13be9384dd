import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';

/** A watch on ConfigMaps that kubectl keeps open. */
export interface OpenWatch {
  /** The names that it has told of, those first that were there when it began. */
  names(): readonly string[];
  /** Whether kubectl has ended. */
  hasEnded(): boolean;
  close(): Promise<void>;
}

/**
 * Opens a watch on the ConfigMaps of a namespace with a kubeconfig. kubectl opens no second one when its watch ends.
 */
export function openWatch(kubectl: string, kubeconfig: string, namespace = 'default'): OpenWatch {
  const child = spawn(
    kubectl,
    [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, 'get', 'configmaps', '--watch', '--output=name'],
    // kubectl keeps its cache in the home directory.
    { stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env['PATH'], HOME: dirname(kubeconfig) } },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    names: () => output.split('\n').filter((line) => line !== ''),
    hasEnded,
    async close() {
      if (!hasEnded()) child.kill('SIGKILL');
      await ended;
    },
  };
}
