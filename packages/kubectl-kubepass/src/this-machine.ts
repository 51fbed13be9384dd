import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import { codeOf } from '@kubepass/x509';
import { type Machine, oneLine, printable, printableInColours } from './machine.js';

/** The machine on which the plugin runs. */
export const thisMachine: Machine = {
  environment: process.env,
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  homeDirectory: homeDirectory(),
  userId: process.geteuid?.() ?? null,
  platform: process.platform,
  processId: process.pid,
  isRunning,
  standardOutput: () => process.stdout,
  confirm,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  say: (line) => void process.stderr.write(`${oneLine(line)}\n`),
  print: (text) => void process.stdout.write(printable(text)),
  printInColours: (text) => void process.stdout.write(printableInColours(text)),
};

function homeDirectory(): string | null {
  try {
    return homedir();
  } catch {
    return null;
  }
}

/** The end of the input, and Ctrl-C, are a no. */
async function confirm(question: string): Promise<boolean | null> {
  if (!isatty(0) || !isatty(2)) return null;
  const { createInterface } = await import('node:readline');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    terminal.once('close', () => resolve(false));
    terminal.question(`${printable(question)} [y/N] `, (answer) => {
      resolve(/^y(?:es)?$/i.test(answer.trim()));
      terminal.close();
    });
  });
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Only a process that is not there is gone: EPERM is somebody else's.
    return codeOf(error) === 'EPERM';
  }
}
