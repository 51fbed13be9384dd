import { readFileSync } from 'node:fs';
import pg from 'pg';
import { isUnreachable, unreachable } from './errors.js';

/** How long connecting may take, in milliseconds. */
const connectMilliseconds = 5_000;

/**
 * The configuration of `pg` for the URL. The URL's own parameters are `host` (the directory of a Unix socket),
 * `sslmode` (`verify-full` or `disable`, the default), `sslrootcert`, `sslcert` and `sslkey` (PEM files, which are read
 * here).
 */
export function clientConfig(databaseUrl: string, settings: Readonly<Record<string, string>> = {}): pg.ClientConfig {
  const url = new URL(databaseUrl);
  const parameter = (name: string) => url.searchParams.get(name) ?? undefined;
  const file = (name: string) => {
    const path = parameter(name);
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  };
  return {
    host: parameter('host') ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    ...(url.port !== '' && { port: Number(url.port) }),
    ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
    // Without a password in the URL, pg takes it from PGPASSWORD or the password file.
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl:
      parameter('sslmode') === 'verify-full'
        ? { rejectUnauthorized: true, ca: file('sslrootcert'), cert: file('sslcert'), key: file('sslkey') }
        : false,
    application_name: 'kubepass',
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
    // The migrations create everything in `public`, and objects of other schemas must not hide it.
    options: Object.entries({ search_path: 'public', ...settings })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  };
}

/**
 * Opens a connection. Throws `StoreUnavailableError` where the server cannot be reached, else the error of PostgreSQL.
 */
export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  // An idle connection has no other listener, and an error event without a listener ends the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end();
    throw isUnreachable(error) ? unreachable(error) : error;
  }
}

/**
 * Advisory locks. All programs on a database share one set of them, so kubepass takes numbers that spell its name.
 * A transaction that continues the audit chain holds this one: `kubepass` in ASCII.
 */
export const chainLock = 0x6b75626570617373n.toString();

/** The lock of a process that does at start what two must not do at once. */
export const startLock = (0x6b75626570617373n + 1n).toString();

/** The lock of Prisma's own migrate command. */
export const migrationLock = '72707369';
