import { usage, usageOf } from './usage.js';
import type { Machine } from './machine.js';
import { isOfSystem, PluginError } from './plugin-error.js';
import {
  readCredentialCommand,
  readLoginCommand,
  readLogoutCommand,
  readRevokeCommand,
  readStatusCommand,
} from './command-line.js';
import { execCredential, readExecInfo } from './exec-credential.js';

/**
 * Runs a command of the plugin, and answers its exit code. Each command is loaded when it is asked for: kubectl calls
 * `get-credential` before most of its own calls, and waits for it.
 */
export async function runPlugin(args: readonly string[], machine: Machine): Promise<number> {
  const [command, ...rest] = args;
  const help = helpFor(command, rest);
  if (help !== null) {
    machine.print(help);
    return 0;
  }
  try {
    switch (command) {
      case 'get-credential':
        await answerKubectl(rest, machine);
        return 0;
      case 'login':
        await (await import('./login.js')).login(readLoginCommand(rest), machine);
        return 0;
      case 'status':
        await (await import('./cached-credentials.js')).status(readStatusCommand(rest), machine);
        return 0;
      case 'logout':
        await (await import('./cached-credentials.js')).logout(readLogoutCommand(rest), machine);
        return 0;
      case 'revoke':
        await (await import('./cached-credentials.js')).revoke(readRevokeCommand(rest), machine);
        return 0;
      case 'inspect':
        return await inspect(rest, machine);
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        machine.print(usage);
        return command === undefined ? 1 : 0;
      default:
        throw new PluginError(`there is no command ${JSON.stringify(command)}; see: kubectl kubepass --help`);
    }
  } catch (error) {
    if (!(error instanceof PluginError || isOfSystem(error))) throw error;
    machine.say(error.message.startsWith('kubepass') ? error.message : `kubepass: ${error.message}`);
    return 1;
  }
}

/** `login --help`, `login -h` and `help login`. No option takes `-h` as its value. */
function helpFor(command: string | undefined, rest: readonly string[]): string | null {
  if (command === 'help') return usageOf(rest[0] ?? '');
  return command !== undefined && rest.some((arg) => arg === '--help' || arg === '-h') ? usageOf(command) : null;
}

async function answerKubectl(args: readonly string[], machine: Machine): Promise<void> {
  const { getCredential } = await import('./get-credential.js');
  const info = readExecInfo(machine.environment['KUBERNETES_EXEC_INFO']);
  const credential = await getCredential(readCredentialCommand(args), machine, info.interactive);
  machine.print(execCredential(credential, machine.now(), info.apiVersion));
}

async function inspect(args: readonly string[], machine: Machine): Promise<number> {
  const { inspectFiles } = await import('@kubepass/inspect/offline');
  const { output, complaints, exitCode } = await inspectFiles(
    args,
    { now: new Date(machine.now()), isTerminal: machine.isTerminal },
    'kubectl kubepass inspect',
  );
  machine.print(output);
  for (const line of complaints.split('\n')) if (line !== '') machine.say(line);
  return exitCode;
}
