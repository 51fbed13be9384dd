import { usage, usageOf } from './usage.js';
import type { Machine } from './machine.js';
import { isOfSystem, PluginError } from './plugin-error.js';

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
      case 'login': {
        const [{ login }, { readLoginCommand }] = await Promise.all([
          import('./login.js'),
          import('./command-line.js'),
        ]);
        await login(readLoginCommand(rest), machine);
        return 0;
      }
      case 'status':
      case 'logout':
      case 'revoke':
        await aboutCached(command, rest, machine);
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
  const [{ readCredentialCommand }, { getCredential }, { execCredential, readExecInfo }] = await Promise.all([
    import('./command-line.js'),
    import('./get-credential.js'),
    import('./exec-credential.js'),
  ]);
  const info = readExecInfo(machine.environment['KUBERNETES_EXEC_INFO']);
  const credential = await getCredential(readCredentialCommand(args), machine, info.interactive);
  machine.print(execCredential(credential, machine.now(), info.apiVersion));
}

async function aboutCached(
  command: 'status' | 'logout' | 'revoke',
  args: readonly string[],
  machine: Machine,
): Promise<void> {
  const read = await import('./command-line.js');
  const { status, logout, revoke } = await import('./cached-credentials.js');
  if (command === 'status') await status(read.readStatusCommand(args), machine);
  else if (command === 'logout') await logout(read.readLogoutCommand(args), machine);
  else await revoke(read.readRevokeCommand(args), machine);
}

async function inspect(args: readonly string[], machine: Machine): Promise<number> {
  const { inspectFiles } = await import('@kubepass/inspect/offline');
  const { output, complaints, exitCode } = await inspectFiles(args, new Date(machine.now()));
  machine.print(output);
  for (const line of complaints.split('\n')) if (line !== '') machine.say(line);
  return exitCode;
}
