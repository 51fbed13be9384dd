import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { codeOf } from '@kubepass/x509';
import type { Machine } from './machine.js';
import { sentenceOf } from '@kubepass/inspect/command-line';
import { PluginError } from './plugin-error.js';
import { readServer, type Settings, type TokenOptions } from './settings.js';
import type { Login } from './credential-cache.js';
import type { OfferedIssuer } from './service-client.js';

/** Where docs/kubectl-plugin.md has a pod mount the token of its service account for kubepass. */
const podTokenFile = '/var/run/secrets/kubepass/token';

const commandMilliseconds = 8_000;

/** The sign-in of one login. `loose`: whether a token that names no server may go to this one. */
interface TokenSource extends Pick<Settings, 'server'>, TokenOptions {
  readonly loose: boolean;
}

/**
 * The token that is at hand without a person: KUBEPASS_TOKEN, `--token-file`, `--token-command`, and in a pod the token
 * of its service account that is for kubepass. The one for the API server, which is in every pod, is never sent. The
 * variable and the pod name no server: KUBEPASS_SERVER says whom their tokens are for, and nobody else gets them. Null
 * where there is none.
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
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error) ?? '')) return null;
    throw error;
  }
}

/** The server that KUBEPASS_TOKEN is for, and the token of the pod; null: whichever a person names. */
export function serverOfTokens({ KUBEPASS_SERVER: server = '' }: Machine['environment']): string | null {
  return server === '' ? null : readServer(server, 'KUBEPASS_SERVER');
}

/** The token that kubectl would sign in with at this server, in words; null where there is none. */
export function tokenInWords(
  { server, tokenFile, tokenCommand }: Omit<TokenSource, 'loose'>,
  { environment }: Pick<Machine, 'environment'>,
  podFile = podTokenFile,
): string | null {
  const meant = serverOfTokens(environment);
  const mayBeLoose = meant === null || meant === server;
  if (mayBeLoose && (environment['KUBEPASS_TOKEN'] ?? '') !== '') return 'the token in KUBEPASS_TOKEN';
  if (tokenFile !== null) return `the token in ${tokenFile}`;
  if (tokenCommand !== null) return 'the token of --token-command';
  return mayBeLoose && existsSync(podFile) ? `the token in ${podFile}` : null;
}

/** The token that is at hand and does not go to this server, in words; null where there is none. */
export function withheldToken(
  server: string,
  { environment }: Pick<Machine, 'environment'>,
  podFile = podTokenFile,
): string | null {
  const meant = serverOfTokens(environment);
  if (meant === null || meant === server) return null;
  const which =
    (environment['KUBEPASS_TOKEN'] ?? '') !== ''
      ? 'KUBEPASS_TOKEN'
      : existsSync(podFile)
        ? `the token in ${podFile}`
        : null;
  return which && `${which} is not sent to ${server}, because KUBEPASS_SERVER says that it is for ${meant}`;
}

/** Whether there is a token that names no server. */
export const hasLooseToken = ({ environment }: Pick<Machine, 'environment'>, podFile = podTokenFile): boolean =>
  (environment['KUBEPASS_TOKEN'] ?? '') !== '' || existsSync(podFile);

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PluginError(`the token file cannot be read: ${sentenceOf(error)}`, { cause: error });
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

/**
 * The tokens that may be sent to this server. A server can repeat what another server says about sign-ins, and use the
 * tokens there: so a token with the URL of another server in `aud` (RFC 7519 section 4.1.3) ends the sign-in.
 * `audience`: the audience that a token must have; null: one of `audiences`, if the server says which it takes. Throws
 * where no token is left.
 */
export function tokensFor(
  { issuer, audiences }: Pick<OfferedIssuer, 'issuer' | 'audiences'>,
  { server, audience }: Pick<Login, 'server' | 'audience'>,
  tokens: readonly string[],
): readonly string[] {
  const read = tokens.map((token) => ({ token, named: [claimsOf(token)['aud']].flat().map(String) }));
  // Some providers name themselves besides.
  const isPlace = (one: string) => isUrl(one) && new URL(one).origin !== new URL(issuer).origin;
  const isElsewhere = ({ named }: { readonly named: readonly string[] }) =>
    named.some(isPlace) && !named.some((one) => isSame(one, server));
  const wanted = audience === null ? audiences : [audience];
  const isWanted = (one: string) => wanted.length === 0 || wanted.some((other) => isSame(one, other));
  const left = read.filter(({ named }) => named.some(isWanted));
  if (left.length > 0 && (audience !== null || !read.some(isElsewhere))) return left.map(({ token }) => token);
  const [named, takes] = [read.flatMap((one) => one.named), wanted].map((list) => [...new Set(list)].join(', '));
  throw new PluginError(
    `the token of the identity provider is for ${named}, so it is not sent to ${server}, which takes those for ${takes || 'itself'}. Ask whoever administers kubepass; login --audience names another audience`,
  );
}

/** With a slash at its end or without, it is the same place. */
const isSame = (one: string, other: string): boolean => one.replace(/\/+$/, '') === other.replace(/\/+$/, '');

const isUrl = (text: string): boolean => /^https?:/i.test(text) && URL.canParse(text);

/** The claims of a JWT, which nobody has verified; none where it is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
