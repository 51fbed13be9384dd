import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The database that stores everything. */
export type DatabaseConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'postgresql';
      /** It may hold a password, so only the store receives it, and no message repeats it. */
      readonly url: string;
      /** Whether others on the network can read, or answer, the traffic to the server. */
      readonly exposed: boolean;
    };

/**
 * Reads the database from a `file:` or `postgresql:` URL; without a URL it is SQLite in the data dir. The messages to
 * `refuse` never repeat the URL, because it may hold a password.
 */
export function readDatabase(
  url: string | undefined,
  dataDir: string,
  resolvePath: (path: string) => string,
  refuse: (message: string) => void,
): DatabaseConfig {
  if (url === undefined) return { kind: 'sqlite', file: join(dataDir, 'kubepass.db') };
  if (url.startsWith('file:')) return readFile(url, resolvePath, refuse);
  if (/^postgres(ql)?:/.test(url)) return readPostgresql(url, refuse);
  refuse('must be a file: URL (SQLite) or a postgresql: URL');
  return { kind: 'sqlite', file: '' };
}

function readFile(
  url: string,
  resolvePath: (path: string) => string,
  refuse: (message: string) => void,
): DatabaseConfig {
  const at = (file: string): DatabaseConfig => ({ kind: 'sqlite', file });
  const refused = (message: string) => {
    refuse(message);
    return at('');
  };
  if (/[?#]/.test(url)) return refused('must have neither query nor fragment');
  const path = url.slice('file:'.length);
  if (path === '' || path.endsWith('/') || path.includes(':memory:')) return refused('must name a file');
  if (!path.startsWith('//')) return at(resolvePath(path));
  try {
    return at(fileURLToPath(url));
  } catch {
    return refused('is not a file: URL of this machine');
  }
}

const fileParameters = ['sslrootcert', 'sslcert', 'sslkey'];

function readPostgresql(text: string, refuse: (message: string) => void): DatabaseConfig {
  const refused: DatabaseConfig = { kind: 'postgresql', url: '', exposed: false };
  // Forms that the URL parser would repair are refused.
  if (/[\s\\]/.test(text) || !URL.canParse(text)) {
    refuse('is not a URL: postgresql://user:password@host:port/database, each part percent-encoded where need be');
    return refused;
  }
  const url = new URL(text);
  const errors: string[] = [];
  const parameters = [...url.searchParams];
  const parameter = new Map(parameters);
  if (url.hash !== '') errors.push('must have no fragment');
  if (!isDecodable(text)) errors.push('is not validly percent-encoded');
  if (!/^\/[^/]+$/.test(url.pathname)) errors.push('must name one database: postgresql://user@host/database');
  if (url.hostname === '' && !parameter.has('host')) errors.push('must name a host');
  if (parameter.size !== parameters.length) errors.push('has a parameter twice');
  for (const [name, value] of parameter) {
    if (name === 'sslmode') {
      // Every mode between the two sends the password to a server that was not verified.
      if (value !== 'disable' && value !== 'verify-full') errors.push('sslmode must be verify-full or disable');
    } else if (name === 'host' || fileParameters.includes(name)) {
      if (!isAbsolute(value)) errors.push(`${name} must be an absolute path`);
    } else errors.push('takes the parameters sslmode, sslrootcert, sslcert, sslkey and host');
  }
  const verified = parameter.get('sslmode') === 'verify-full';
  if (!verified && fileParameters.some((name) => parameter.has(name)))
    errors.push('sslrootcert, sslcert and sslkey go with sslmode=verify-full');
  for (const error of new Set(errors)) refuse(error);
  if (errors.length > 0) return refused;
  const local = parameter.has('host') || /^(localhost|127(\.\d+){3}|\[::1\]|%2f.*)$/i.test(url.hostname);
  return { kind: 'postgresql', url: text, exposed: !local && !verified };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
