#!/usr/bin/env node
import { answerFromCache } from './exec-credential.js';
import { thisMachine as machine } from './this-machine.js';

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
