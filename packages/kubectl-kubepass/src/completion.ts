import { keyAlgorithms, revocationReasons } from '@kubepass/x509';
import { commandOptions, readContextArguments } from './command-line.js';
import { selectedContexts, type SelectedContext } from './contexts.js';
import type { Machine } from './machine.js';
import { isOfSystem } from '@kubepass/inspect/command-line';
import { PluginError } from './plugin-error.js';
import { serviceAtLogin, signIn } from './sign-in.js';

/** A person waits for the candidates. */
const askMilliseconds = 2_000;

/** cobra's directive for "no files" (`ShellCompDirectiveNoFileComp`) and for "files" (`ShellCompDirectiveDefault`). */
const noFiles = 4;
const files = 0;

// The option with data is for kubeconfigs.
const flags: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(commandOptions).map(([command, options]) => {
    const names = Object.keys(options).filter((name) => name !== 'certificate-authority-data');
    return [command, [...names, 'help'].map((name) => `--${name}`)] as const;
  }),
  [
    'inspect',
    ['--severity', '--expires-within', '--format', '--password-file', '--host', '--ca', '--help', '--version'],
  ],
]);

const values: Readonly<Record<string, readonly string[]>> = {
  '--key-algorithm': keyAlgorithms,
  '--reason': revocationReasons,
  '--output': ['json'],
  '-o': ['json'],
  '--severity': ['error', 'warning', 'info'],
  '--format': ['overview', 'report', 'lines', 'json', 'sarif'],
  '--expires-in': ['1h', '8h', '1d'],
  '--expires-within': ['7d', '30d', '90d'],
};
const takesFile = ['--certificate-authority', '--token-file', '--kubeconfig', '--password-file', '--ca'];

/**
 * Completes a command line for kubectl, which runs `kubectl_complete-kubepass` with the words behind `kubectl
 * kubepass`, the last of which is still being written. The last line of the answer is the directive of cobra.
 */
export async function complete(words: readonly string[], machine: Machine): Promise<string> {
  const [command = ''] = words;
  const last = words.at(-1) ?? '';
  if (words.length <= 1)
    return answer(command.startsWith('-') ? ['--help', '--version'] : [...flags.keys()], command, noFiles);
  const before = words.at(-2) ?? '';
  if (takesFile.includes(before)) return answer([], '', files);
  // At a login it is a sentence.
  if (command === 'login' && before === '--reason') return answer([], last, noFiles);
  if (Object.hasOwn(values, before)) return answer(values[before] ?? [], last, noFiles);
  if (before === '--context')
    return answer(
      contextsOf(words, machine).map(({ context }) => context),
      last,
      noFiles,
    );
  if (before === '--cluster') return answer(await clustersOf(words, machine), last, noFiles);
  if (last.startsWith('-')) return answer(flags.get(command) ?? [], last, noFiles);
  return answer([], last, command === 'inspect' ? files : noFiles);
}

/** The contexts of kubepass in the kubeconfig; none where it cannot be read. */
function contextsOf(words: readonly string[], machine: Machine): readonly SelectedContext[] {
  try {
    return selectedContexts(
      { kubeconfig: valueOf('--kubeconfig', words), context: null, all: true, tokenServer: null },
      machine,
    );
  } catch (error) {
    if (error instanceof PluginError || isOfSystem(error)) return [];
    throw error;
  }
}

/** The clusters of the login at `--server` where a token is at hand, and those of the contexts. */
async function clustersOf(words: readonly string[], machine: Machine): Promise<readonly string[]> {
  const contexts = contextsOf(words, machine).map(({ settings }) => settings);
  const ofContexts = contexts.map(({ cluster }) => cluster);
  const server = valueOf('--server', words);
  if (server === null) return [...new Set(ofContexts)];
  try {
    const { settings } = readContextArguments(['--server', server, '--cluster', '-']);
    const service = serviceAtLogin(settings, machine, askMilliseconds);
    const who = await signIn(service, machine, { interactive: false });
    if (who !== null) return await service.client.clusterNames(who.authorization);
  } catch (error) {
    if (!(error instanceof PluginError || isOfSystem(error))) throw error;
  }
  return [...new Set(contexts.flatMap((one) => (one.server === server ? [one.cluster] : [])))];
}

/** The word behind an option, or behind its `=`; null where there is none. */
function valueOf(option: string, words: readonly string[]): string | null {
  const at = words.findLastIndex((word) => word === option || word.startsWith(`${option}=`));
  const word = words[at];
  if (word === undefined) return null;
  return (word === option ? words[at + 1] : word.slice(option.length + 1)) || null;
}

const answer = (candidates: readonly string[], begin: string, directive: number): string =>
  [...candidates.filter((one) => one.startsWith(begin)), `:${directive}`].map((line) => `${line}\n`).join('');
