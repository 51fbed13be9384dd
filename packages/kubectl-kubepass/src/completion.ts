import { keyAlgorithms, revocationReasons } from '@kubepass/x509';
import { commandOptions } from './command-line.js';

/** cobra's directive for "no files" (`ShellCompDirectiveNoFileComp`) and for "files" (`ShellCompDirectiveDefault`). */
const noFiles = 4;
const files = 0;

// The option with data is for kubeconfigs.
const flags: ReadonlyMap<string, readonly string[]> = new Map([
  ...Object.entries(commandOptions).map(([command, options]) => {
    const names = Object.keys(options).filter((name) => name !== 'certificate-authority-data');
    return [command, [...names, 'help'].map((name) => `--${name}`)] as const;
  }),
  ['inspect', ['--severity', '--expires-within', '--format', '--password-file', '--help', '--version']],
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
const takesFile = ['--certificate-authority', '--token-file', '--kubeconfig', '--password-file'];

/**
 * Completes a command line for kubectl, which runs `kubectl_complete-kubepass` with the words behind `kubectl
 * kubepass`, the last of which is still being written. The last line of the answer is the directive of cobra.
 */
export function complete(words: readonly string[]): string {
  const [command = ''] = words;
  const last = words.at(-1) ?? '';
  if (words.length <= 1)
    return answer(command.startsWith('-') ? ['--help', '--version'] : [...flags.keys()], command, noFiles);
  const before = words.at(-2) ?? '';
  if (takesFile.includes(before)) return answer([], '', files);
  // At a login it is a sentence.
  if (command === 'login' && before === '--reason') return answer([], last, noFiles);
  if (Object.hasOwn(values, before)) return answer(values[before] ?? [], last, noFiles);
  if (last.startsWith('-')) return answer(flags.get(command) ?? [], last, noFiles);
  return answer([], last, command === 'inspect' ? files : noFiles);
}

const answer = (candidates: readonly string[], begin: string, directive: number): string =>
  [...candidates.filter((one) => one.startsWith(begin)), `:${directive}`].map((line) => `${line}\n`).join('');
