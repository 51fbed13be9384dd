import { spawn } from 'node:child_process';
import { fromSources, kubepass } from './from-sources.js';

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of our programs in a process of its own; `killAfter`: SIGKILL after so many milliseconds. */
export function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  killAfter?: number,
): Promise<Ran> {
  const child = spawn(process.execPath, [...fromSources, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString('utf8')));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString('utf8')));
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Runs `kubepass VERB`; `program`: that of another version. */
export const runVerb = (
  verb: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { killAfter, program = kubepass }: { readonly killAfter?: number; readonly program?: string } = {},
): Promise<Ran> => runProgram(program, [...verb.split(' '), ...args], environment, killAfter);
