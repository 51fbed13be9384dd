import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fromSources } from '../helpers/from-sources.js';
import type { CrashPoint } from './crash-points.js';

export interface ChildService {
  readonly address: string;
  readonly process: ChildProcess;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  kill(): Promise<void>;
}

/**
 * Starts the service as a separate process on `dataDir`, and waits until it is ready and has recovered open requests.
 */
export async function startChild(
  dataDir: string,
  policiesDir: string,
  crash?: { readonly at: CrashPoint; readonly on: number },
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildService> {
  const child = fork(fileURLToPath(new URL('./service.ts', import.meta.url)), {
    execArgv: [...fromSources],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      KUBEPASS_DATA_DIR: dataDir,
      KUBEPASS_POLICIES_DIR: policiesDir,
      KUBEPASS_PORT: '0',
      // The load comes from one principal.
      KUBEPASS_BUDGETS: 'off',
      ...environment,
      ...(crash ? { CRASH_AT: crash.at, CRASH_ON: String(crash.on) } : {}),
    },
  });
  let complaints = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaints += text.toString();
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { address: string }).address));
    child.once('exit', (code, signal) => reject(new Error(`the service ended (${code ?? signal}): ${complaints}`)));
  });
  while ((await fetch(`${address}/readyz`)).status !== 200) await setTimeout(20);
  return {
    address,
    process: child,
    gone,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
