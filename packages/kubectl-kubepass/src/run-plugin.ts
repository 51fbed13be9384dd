import { usage, usageOf } from './usage.js';
import type { Machine } from './machine.js';
import { isOfSystem, sentenceOf } from '@kubepass/inspect/command-line';
import { CommandLineError, PluginError, UnusableFileError } from './plugin-error.js';
import { didYouMean, version } from '@kubepass/inspect/command-line';
import {
  readCredentialCommand,
  readLoginCommand,
  readLogoutCommand,
  readRevokeCommand,
  readStatusCommand,
} from './command-line.js';
import { execCredential, readExecInfo } from './exec-credential.js';

const commands = ['login', 'status', 'logout', 'revoke', 'inspect'];

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
    if (command === 'help' && rest[0] === 'inspect') return await inspect(['--help'], machine);
    switch (command) {
      case 'get-credential':
        await answerKubectl(rest, machine);
        return 0;
      case 'login': {
        const options = typed(readLoginCommand, rest);
        await (await import('./login.js')).login(options, machine);
        return 0;
      }
      case 'status': {
        const options = typed(readStatusCommand, rest);
        await (await import('./cached-credentials.js')).status(options, machine);
        return 0;
      }
      case 'logout': {
        const selection = typed(readLogoutCommand, rest);
        await (await import('./cached-credentials.js')).logout(selection, machine);
        return 0;
      }
      case 'revoke': {
        const options = typed(readRevokeCommand, rest);
        await (await import('./cached-credentials.js')).revoke(options, machine);
        return 0;
      }
      case 'inspect':
        return await inspect(rest, machine);
      case '--version':
        machine.print(`kubectl-kubepass ${version}\n`);
        return 0;
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        machine.print(usage);
        return command === undefined ? 2 : 0;
      default:
        throw new CommandLineError(
          `there is no command ${JSON.stringify(command)}${didYouMean(command, [...commands, 'help', '--version'])}`,
        );
    }
  } catch (error) {
    if (!(error instanceof PluginError || isOfSystem(error))) throw error;
    const sentence = sentenceOf(error);
    machine.say(sentence.startsWith('kubepass') ? sentence : `kubepass: ${sentence}`);
    if (error instanceof PluginError) for (const line of error.more) machine.say(line);
    if (!(error instanceof CommandLineError)) return 1;
    machine.say((usageOf(command ?? '') ?? usage).split('\n', 1)[0] ?? '');
    return 2;
  }
}

/** The options that a person has typed: what is wrong with them is a matter of the command line, but not of files. */
function typed<Options>(read: (args: readonly string[]) => Options, args: readonly string[]): Options {
  try {
    return read(args);
  } catch (error) {
    const isTyping = error instanceof PluginError && !(error instanceof UnusableFileError);
    throw isTyping ? new CommandLineError(error.message, { cause: error }) : error;
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
    { now: new Date(machine.now()), stdout: machine.standardOutput() },
    'kubectl kubepass inspect',
  );
  machine.printInColours(output);
  for (const line of complaints.split('\n')) if (line !== '') machine.say(line);
  return exitCode;
}
