import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Machine } from './machine.js';
import { codeOf, errorMessage, PluginError } from './plugin-error.js';
import { readServer, type Settings, type TokenOptions } from './settings.js';

/** Where docs/kubectl-plugin.md has a pod mount the token of its service account for kubepass. */
export const podTokenFile = '/var/run/secrets/kubepass/token';

const commandMilliseconds = 8_000;

/** The sign-in of one login. `loose`: whether a token that names no server may go to this one. */
export interface TokenSource extends Pick<Settings, 'server'>, TokenOptions {
  readonly loose: boolean;
}

/**
 * The token that is at hand without a person: KUBEPASS_TOKEN, `--token-file`, `--token-command`, and in a pod the token of
 * its service account that is for kubepass. The one for the API server, which is in every pod, is never sent. The variable
 * and the pod name no server: KUBEPASS_SERVER says whom their tokens are for, and nobody else gets them. Null where there is
 * none.
 */
export function tokenAtHand(
  { server, tokenFile, tokenCommand, loose }: TokenSource,
  { environment }: Pick<Machine, 'environment'>,
  podFile = podTokenFile,
): string | null {
  const meant = serverOfTokens(environment);
  const mayBeLoose = loose && (meant === null || meant === server);
  const given = environment['KUBEPASS_TOKEN'] ?? '';
  if (mayBeLoose && given !== '') return mustBeToken(given, 'KUBEPASS_TOKEN');
  if (tokenFile !== null) return mustBeToken(readToken(tokenFile), tokenFile);
  if (tokenCommand !== null) return mustBeToken(runCommand(tokenCommand), 'the output of --token-command');
  if (!mayBeLoose) return null;
  try {
    return mustBeToken(readFileSync(podFile, 'utf8'), podFile);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(codeOf(error)))) return null;
    throw error;
  }
}

/** The server that KUBEPASS_TOKEN is for, and the token of the pod; null: whichever a person names. */
export function serverOfTokens({ KUBEPASS_SERVER: server = '' }: Machine['environment']): string | null {
  return server === '' ? null : readServer(server, 'KUBEPASS_SERVER');
}

/** Whether there is a token that names no server. */
export const hasLooseToken = ({ environment }: Pick<Machine, 'environment'>, podFile = podTokenFile): boolean =>
  (environment['KUBEPASS_TOKEN'] ?? '') !== '' || existsSync(podFile);

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PluginError(`the token file cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

/** Its standard error is the person's; its output goes nowhere else. */
function runCommand(command: string): string {
  const { status, stdout, error } = spawnSync(command, {
    shell: true,
    encoding: 'utf8',
    timeout: commandMilliseconds,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 65_536,
  });
  if (error) throw new PluginError(`--token-command did not work: ${error.message}`);
  if (status !== 0) throw new PluginError(`--token-command ended with ${String(status)}`);
  return stdout;
}

/** RFC 6750 section 2.1. The message never holds the token. */
function mustBeToken(text: string, where: string): string {
  const token = text.trim();
  if (!/^[A-Za-z0-9._~+/-]{1,8192}=*$/.test(token)) throw new PluginError(`${where} holds no bearer token`);
  return token;
}
