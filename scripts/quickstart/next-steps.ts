import { relative } from 'node:path';
import type { Config } from '../../src/config/config.js';

/** The file of a data dir that holds a token of the principal `quickstart`. */
export const REQUESTER_TOKEN_FILE = 'quickstart-token';

/**
 * Lines to paste into another terminal. They show where the tokens are, but never a token. The requester asks, not the
 * admin. An answer becomes a kubeconfig only if it is one: a refusal is printed instead. `consoleLink` signs a browser
 * in to the console, and is shown once.
 */
export function nextSteps(
  config: Pick<Config, 'clusters' | 'configFile' | 'console' | 'dataDir' | 'tls'>,
  origin: string,
  consoleLink: string | null,
): string {
  const [first, second] = config.clusters;
  // The shipped policies permit these names to the principal "quickstart": any name on cluster demo, its own elsewhere.
  const ask = {
    ...(config.configFile === null
      ? { username: 'jane', groups: ['dev', 'viewers'] }
      : { username: 'quickstart-jane' }),
    ...(first === undefined || second === undefined ? {} : { cluster: first.name }),
  };
  const named = Object.entries({ cluster: first?.name, username: ask.username })
    .map(([name, value]) => ` --${name} ${value ?? ''}`)
    .join('');
  const curl = `curl -sS${config.tls === null ? '' : 'k'} --fail-with-body`;
  const token = (file: string) => `"Authorization: Bearer $(cat ${inShell(shown(`${config.dataDir}/${file}`))})"`;
  const ofConsole =
    `Console: ${origin}/console/ (sign in with the API token in ${shown(`${config.dataDir}/admin-token`)})\n` +
    (consoleLink === null ? '' : `Already signed in, once and within a minute: ${consoleLink}\n`);
  return `
Next, from another terminal in this directory, as a requester:
  (umask 077
  ${curl} ${origin}/v1/kubeconfigs \\
    -H ${token(REQUESTER_TOKEN_FILE)} \\
    -H 'Content-Type: application/json' -H 'Accept: application/yaml' \\
    -d '${JSON.stringify(ask)}' -o answer \\
    && grep -q '^kind: Config' answer && mv answer jane.kubeconfig || cat answer)
and the record of what was issued, as the admin:
  ${curl} '${origin}/v1/audit-events?type=CertificateIssued' -H ${token('admin-token')}
${config.console ? ofConsole : ''}Swagger UI: ${origin}/docs
A kubeconfig that renews itself, by the kubectl plugin (docs/kubectl-plugin.md):
  KUBEPASS_TOKEN="$(cat ${inShell(shown(`${config.dataDir}/${REQUESTER_TOKEN_FILE}`))})" kubectl kubepass login --server ${origin}${named}
`;
}

/** The path as a user would type it from here. */
export function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

function inShell(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
