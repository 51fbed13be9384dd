import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keyAlgorithms, messageOf, revocationReasons } from '@kubepass/x509';
import { UsageError, usageProblem } from '@kubepass/inspect/command-line';
import { sentenceOf } from '@kubepass/inspect/command-line';
import { CommandLineError, PluginError, UnusableFileError } from './plugin-error.js';
import { readRegularFile } from './files.js';
import { loginCommand, readDuration, readServer, type Settings, type TokenOptions } from './settings.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const credentialOptions = {
  server: text,
  cluster: text,
  username: text,
  group: { type: 'string', multiple: true },
  namespace: text,
  'expires-in': text,
  'key-algorithm': text,
  'certificate-authority': text,
  'certificate-authority-data': text,
  reason: text,
  login: text,
  'token-file': text,
  'token-command': text,
} as const;
const loginOptions = {
  ...credentialOptions,
  issuer: text,
  audience: text,
  browser: flag,
  'device-code': flag,
  yes: flag,
  kubeconfig: text,
  context: text,
  use: flag,
} as const;
const selectionOptions = { context: text, all: flag, kubeconfig: text } as const;
const askingOptions = { ...selectionOptions, server: text } as const;

/** The options of each command that a person types. */
export const commandOptions = {
  login: loginOptions,
  status: { ...askingOptions, output: { type: 'string', short: 'o' } },
  logout: selectionOptions,
  revoke: { ...askingOptions, reason: text, comment: text },
} as const;

type CredentialOptions = Readonly<{
  [Name in keyof typeof credentialOptions]?: Name extends 'group' ? string[] : string;
}>;

/** `cluster` null: kubepass has one only. */
export type LoginSettings = Omit<Settings, 'cluster'> & { readonly cluster: string | null };

export interface LoginOptions {
  readonly settings: LoginSettings;
  readonly token: TokenOptions;
  /** The audience that a token of the provider must have; null: none that is the URL of another server. */
  readonly audience: string | null;
  /** Whether the person has said yes to the server and the provider already. */
  readonly yes: boolean;
  readonly issuer: string | null;
  readonly way: 'browser' | 'device' | null;
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly use: boolean;
}

/** The contexts that a command is about. */
export interface Selection {
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly all: boolean;
  /** With `all`: the kubepass that the token at hand is for. */
  readonly tokenServer: string | null;
}

/** The arguments that a kubeconfig has for kubectl. It may be of anybody, so nothing in it is read or run. */
export function readCredentialCommand(args: readonly string[]): Settings {
  const { settings, token } = readContextArguments(args);
  const refused = token.tokenFile !== null ? '--token-file' : token.tokenCommand !== null ? '--token-command' : null;
  if (refused !== null)
    throw new PluginError(
      `${refused} is for login alone, because a kubeconfig must not say what is read and run. If you know this one to be good, run: ${loginCommand({ ...settings, ...token })}`,
    );
  return settings;
}

/** The same, also of a kubeconfig that names a token: for whoever shows, forgets or replaces it. */
export function readContextArguments(args: readonly string[]): {
  readonly settings: Settings;
  readonly token: TokenOptions;
} {
  const values = parsed(args, credentialOptions);
  const settings = settingsOf(values);
  if (settings.cluster === null) throw new PluginError('get-credential needs --cluster');
  return { settings: { ...settings, cluster: settings.cluster }, token: tokenOptionsOf(values) };
}

export function readLoginCommand(args: readonly string[]): LoginOptions {
  const values = parsed(args, loginOptions);
  if (values.browser && values['device-code']) throw new PluginError('say --browser or --device-code, not both');
  return {
    settings: settingsOf(values),
    token: tokenOptionsOf(values),
    audience: values.audience ?? null,
    yes: values.yes ?? false,
    issuer: values.issuer ?? null,
    way: values.browser ? 'browser' : values['device-code'] ? 'device' : null,
    kubeconfig: values.kubeconfig ?? null,
    context: values.context ?? null,
    use: values.use ?? false,
  };
}

function selectionOf({
  kubeconfig = null,
  context = null,
  all = false,
  server,
}: Readonly<{ kubeconfig?: string | null; context?: string | null; all?: boolean; server?: string }>): Selection {
  if (all && context !== null) throw new PluginError('say --context or --all, not both');
  if (server !== undefined && !all) throw new PluginError('--server is for --all: a context names its own');
  return { kubeconfig, context, all, tokenServer: server === undefined ? null : readServer(server) };
}

export const readLogoutCommand = (args: readonly string[]): Selection => selectionOf(parsed(args, selectionOptions));

export interface StatusOptions {
  readonly selection: Selection;
  readonly json: boolean;
}

export function readStatusCommand(args: readonly string[]): StatusOptions {
  const values = parsed(args, commandOptions.status);
  if (values.output !== undefined && values.output !== 'json') throw new PluginError('-o takes json alone');
  return { selection: selectionOf(values), json: values.output === 'json' };
}

export interface RevokeOptions {
  readonly selection: Selection;
  readonly reason: string;
  readonly comment: string | null;
}

export function readRevokeCommand(args: readonly string[]): RevokeOptions {
  const values = parsed(args, commandOptions.revoke);
  const { reason = 'unspecified' } = values;
  if (!revocationReasons.some((one) => one === reason))
    throw new PluginError(`--reason must be one of ${revocationReasons.join(', ')}`);
  return { selection: selectionOf(values), reason, comment: values.comment ?? null };
}

function parsed<Options extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>>(
  args: readonly string[],
  options: Options,
) {
  try {
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false, strict: true });
    // Mostly a variable of a script that is not set: nobody means a context or a file without a name.
    const empty = Object.entries(values).find(([, value]) => [value].flat().includes(''));
    if (empty !== undefined) throw new UsageError(`--${empty[0]} must not be empty`);
    return values;
  } catch (error) {
    const known = [...Object.keys(options), 'help'].filter((name) => name !== 'certificate-authority-data');
    throw new CommandLineError(usageProblem(error, known) ?? messageOf(error), { cause: error });
  }
}

function settingsOf(values: CredentialOptions): LoginSettings {
  if (values.server === undefined) throw new PluginError('--server is missing: the URL of kubepass');
  const algorithm = keyAlgorithms.find((one) => one === (values['key-algorithm'] ?? 'ECDSA-P256'));
  if (algorithm === undefined) throw new PluginError(`--key-algorithm must be one of ${keyAlgorithms.join(', ')}`);
  return {
    server: readServer(values.server),
    cluster: values.cluster ?? null,
    username: values.username ?? null,
    groups: values.group ?? [],
    namespace: values.namespace ?? null,
    expirationSeconds: values['expires-in'] === undefined ? null : readDuration(values['expires-in']),
    keyAlgorithm: algorithm,
    reason: values.reason ?? null,
    certificateAuthority: authorityOf(values),
    login: values.login ?? null,
  };
}

function tokenOptionsOf({ 'token-file': file, 'token-command': command }: CredentialOptions): TokenOptions {
  if (file !== undefined && command !== undefined)
    throw new PluginError('say --token-file or --token-command, not both');
  // The login names it, and kubectl runs in any folder.
  return { tokenFile: file === undefined ? null : resolve(file), tokenCommand: command ?? null };
}

function authorityOf(values: CredentialOptions): string | null {
  const { 'certificate-authority': file, 'certificate-authority-data': data } = values;
  if (file === undefined && data === undefined) return null;
  let pem: string;
  try {
    pem = file === undefined ? Buffer.from(data ?? '', 'base64').toString('utf8') : readRegularFile(file);
  } catch (error) {
    throw new UnusableFileError(`--certificate-authority cannot be read: ${sentenceOf(error)}`, { cause: error });
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new UnusableFileError('the CA of kubepass holds no certificate in PEM');
  return pem;
}
