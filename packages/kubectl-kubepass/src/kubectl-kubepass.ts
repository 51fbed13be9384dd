#!/usr/bin/env node
import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import { codeOf } from '@kubepass/x509';
import { answerFromCache } from './exec-credential.js';
import { type Machine, oneLine, printable, printableInColours } from './machine.js';

const machine: Machine = {
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

/** `kubectl kubepass …`: kubectl finds `kubectl-kubepass` on the PATH. It is one file, for Node 20 and newer. */
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  machine.say(`kubepass: this plugin needs Node.js 20 or newer, and this is ${process.versions.node}`);
  process.exitCode = 1;
} else void run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<void> {
  try {
    const answer = answerFromCache(args, machine);
    if (answer !== null) {
      machine.print(answer);
      return;
    }
    const { runPlugin } = await import('./run-plugin.js');
    process.exitCode = await runPlugin(args, machine);
  } catch (error) {
    machine.say(
      `kubepass: this should not have happened: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    process.exitCode = 1;
  }
}

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
