import { createHash } from 'node:crypto';
import type { KeyAlgorithm } from '@kubepass/x509';
import { PluginError } from './plugin-error.js';

/** A credential to get: where, and for whom. */
export interface Settings {
  /** The URL of kubepass without a slash at its end. */
  readonly server: string;
  readonly cluster: string;
  /** Null: the name of the principal. */
  readonly username: string | null;
  readonly groups: readonly string[];
  readonly namespace: string | null;
  /** Null: as policy says. */
  readonly expirationSeconds: number | null;
  readonly keyAlgorithm: KeyAlgorithm;
  /** Why access is needed, for the people and policies that decide; null: it is not said. Each ask repeats it. */
  readonly reason: string | null;
  /** PEM of the CA of kubepass itself; null: the CAs that Node.js trusts. */
  readonly certificateAuthority: string | null;
  /** The name of the login at this kubepass, where a person has several; null: the login without a name. */
  readonly login: string | null;
}

/**
 * How a login gets its token without a person. A kubeconfig cannot set this, because it could name any file and
 * program.
 */
export interface TokenOptions {
  readonly tokenFile: string | null;
  readonly tokenCommand: string | null;
}

/** Names the place of a credential in the cache: equal for those who may share one, however they sign in. */
export function settingsKey(settings: Settings): string {
  const { server, cluster, username, groups, namespace, expirationSeconds, keyAlgorithm } = settings;
  const parts = [server, cluster, username, [...groups].sort(), namespace, expirationSeconds, keyAlgorithm];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The arguments of `get-credential` for these settings, as a kubeconfig has them. There is no secret among them. */
export function credentialArguments(settings: Settings): readonly string[] {
  const { server, cluster, username, groups, namespace, expirationSeconds, keyAlgorithm } = settings;
  const option = (name: string, value: string | null) => (value === null ? [] : [`--${name}`, value]);
  return [
    'get-credential',
    ...option('server', server),
    ...option('cluster', cluster),
    ...option('username', username),
    ...groups.flatMap((group) => option('group', group)),
    ...option('namespace', namespace),
    ...option('expires-in', expirationSeconds === null ? null : `${expirationSeconds}s`),
    ...option('key-algorithm', keyAlgorithm === 'ECDSA-P256' ? null : keyAlgorithm),
    ...option('reason', settings.reason),
    ...option('login', settings.login),
    ...option(
      'certificate-authority-data',
      settings.certificateAuthority && Buffer.from(settings.certificateAuthority, 'utf8').toString('base64'),
    ),
  ];
}

/** How a login of these settings signs in, and the file of the CA where no login has that yet. */
export type LoginHint = Settings & Partial<TokenOptions> & { readonly authorityFile?: string };

/**
 * The command that gets these settings a credential by hand, as one pastes it into a POSIX shell. It leaves out the CA
 * itself, which the login knows.
 */
export const loginCommand = (settings: LoginHint): string => {
  const { tokenFile = null, tokenCommand = null, authorityFile = null } = settings;
  const files = {
    '--certificate-authority': authorityFile,
    '--token-file': tokenFile,
    '--token-command': tokenCommand,
  };
  const args = [
    ...credentialArguments({ ...settings, certificateAuthority: null }).slice(1),
    ...Object.entries(files).flatMap(([name, value]) => (value === null ? [] : [name, value])),
  ];
  return ['kubectl kubepass login', ...args.map(shellWord)].join(' ');
};

/** A word of a command line of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Whether nobody reads on the way: https, or http to this machine itself. */
export function isSecure({ protocol, hostname }: URL): boolean {
  if (protocol !== 'http:') return protocol === 'https:';
  return ['localhost', '[::1]'].includes(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** The one form of the URL of kubepass. Plain http is for this machine alone: a token would be read on the way. */
export function readServer(text: string, name = '--server'): string {
  if (!URL.canParse(text)) throw new PluginError(`${name} ${JSON.stringify(text)} is no URL`);
  const url = new URL(text);
  if (!isSecure(url)) throw new PluginError(`${name} must be an https URL: plain http is for a loopback address alone`);
  if (url.username !== '' || url.password !== '') throw new PluginError(`${name} must not hold credentials`);
  if (url.search !== '' || url.hash !== '') throw new PluginError(`${name} must have neither query nor fragment`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

const units: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** `8h`, `90m`, `1h30m`, `1d`, `3600s` or plain seconds. */
export function readDuration(text: string): number {
  const parts = [...text.matchAll(/(\d{1,10})([dhms])/g)];
  const seconds = /^\d{1,10}$/.test(text)
    ? Number(text)
    : /^(?:\d{1,10}[dhms])+$/.test(text)
      ? parts.reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0)
      : Number.NaN;
  if (!(seconds >= 600 && seconds < 2 ** 31))
    throw new PluginError(`--expires-in ${JSON.stringify(text)} must be at least 10m, written as 8h, 90m or 1d`);
  return seconds;
}
