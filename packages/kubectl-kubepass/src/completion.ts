import { keyAlgorithms, revocationReasons } from '@kubepass/x509';

/** cobra's directive for "no files" (`ShellCompDirectiveNoFileComp`) and for "files" (`ShellCompDirectiveDefault`). */
const noFiles = 4;
const files = 0;

const commands = ['login', 'status', 'logout', 'revoke', 'inspect'];

const selection = ['--context', '--all', '--kubeconfig'];
const flags: Readonly<Record<string, readonly string[]>> = {
  login: [
    '--server',
    '--cluster',
    '--username',
    '--group',
    '--namespace',
    '--expires-in',
    '--key-algorithm',
    '--certificate-authority',
    '--token-file',
    '--token-command',
    '--login',
    '--issuer',
    '--audience',
    '--browser',
    '--device-code',
    '--kubeconfig',
    '--context',
    '--use',
    '--yes',
  ],
  status: [...selection, '--server', '--output'],
  logout: selection,
  revoke: [...selection, '--server', '--reason', '--comment'],
  inspect: ['--severity', '--format', '--password-file'],
};

const values: Readonly<Record<string, readonly string[]>> = {
  '--key-algorithm': keyAlgorithms,
  '--reason': revocationReasons,
  '--output': ['json'],
  '-o': ['json'],
  '--severity': ['error', 'warning', 'info'],
  '--format': ['lines', 'report', 'json', 'sarif'],
  '--expires-in': ['1h', '8h', '1d'],
};
const takesFile = ['--certificate-authority', '--token-file', '--kubeconfig', '--password-file'];

/**
 * Completes a command line for kubectl, which runs `kubectl_complete-kubepass` with the words behind `kubectl kubepass`, the
 * last of which is still being written. The last line of the answer is the directive of cobra.
 */
export function complete(words: readonly string[]): string {
  const [command = ''] = words;
  const last = words.at(-1) ?? '';
  if (words.length <= 1) return answer(commands, command, noFiles);
  const before = words.at(-2) ?? '';
  if (takesFile.includes(before)) return answer([], '', files);
  if (Object.hasOwn(values, before)) return answer(values[before] ?? [], last, noFiles);
  if (last.startsWith('-')) return answer(Object.hasOwn(flags, command) ? (flags[command] ?? []) : [], last, noFiles);
  return answer([], last, command === 'inspect' ? files : noFiles);
}

const answer = (candidates: readonly string[], begin: string, directive: number): string =>
  [...candidates.filter((one) => one.startsWith(begin)), `:${directive}`].map((line) => `${line}\n`).join('');
