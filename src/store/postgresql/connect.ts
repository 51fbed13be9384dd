import { readFileSync } from 'node:fs';
import pg from 'pg';
import { isUnreachable, unreachable } from './errors.js';

/** How long a connection may take to be made, in milliseconds. */
export const connectMilliseconds = 5_000;

/**
 * What `pg` needs to connect as the URL says. The URL's own parameters are `host` (the directory of a Unix socket),
 * `sslmode` (`verify-full` or `disable`, the default), `sslrootcert`, `sslcert` and `sslkey` (PEM files, read here).
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
    // Without one, the password is that of PGPASSWORD or of the password file.
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl:
      parameter('sslmode') === 'verify-full'
        ? { rejectUnauthorized: true, ca: file('sslrootcert'), cert: file('sslcert'), key: file('sslkey') }
        : false,
    application_name: 'kubepass',
    connectionTimeoutMillis: connectMilliseconds,
    keepAlive: true,
    // What the migrations made is in `public`, and nothing of another schema stands in for it.
    options: Object.entries({ search_path: 'public', ...settings })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  };
}

/** A connection of its own. Throws `StoreUnavailableError` where none can be made now, else what PostgreSQL said. */
export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  // Where nothing is under way nobody else would hear of it, and an error that nobody hears ends the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end();
    throw isUnreachable(error) ? unreachable(error) : error;
  }
}
