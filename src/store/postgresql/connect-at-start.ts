import pg from 'pg';
import { messageOf } from '@kubepass/x509';
import { StoreUnavailableError } from '../../model/errors.js';
import { clientConfig, connect } from './connect.js';

/**
 * Does `work` on a connection of its own, before the service serves. The end of the connection releases its locks. The
 * errors of connecting are for the operator: they name host, port, database, user and a remedy, and never the password.
 */
export async function connectedAtStart<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectAtStart(databaseUrl);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function connectAtStart(databaseUrl: string): Promise<pg.Client> {
  let config: pg.ClientConfig;
  try {
    config = clientConfig(databaseUrl);
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`a file that the parameters of the URL name cannot be read: ${why}`, { cause: error });
  }
  try {
    return await connect(config);
  } catch (error) {
    const { host, port, database, user } = new pg.Client(config);
    const { message, remedy } = explained(error);
    const text = `PostgreSQL on ${host}, port ${port}, database "${database ?? ''}", user "${user ?? ''}": ${message}; ${remedy}`;
    throw error instanceof StoreUnavailableError
      ? new StoreUnavailableError(text, { cause: error.cause })
      : new Error(text, { cause: error });
  }
}

/** SQLSTATEs (PostgreSQL, appendix A), codes of Node.js and texts of `pg`, each with what mends it. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'mend user and password in the URL (percent-encoded where need be) or PGPASSWORD, or pg_hba.conf'],
  [/client password must be a string/, 'give the password in the URL, in PGPASSWORD or in the password file'],
  [/^3D000$/, 'make the database as docs/postgresql.md says, or mend its name in the URL'],
  [/^42501$/, 'grant the role the right to connect, as deploy/postgresql/roles.sql does'],
  [/^53300$/, 'raise max_connections, or stop what holds the connections'],
  [/^57P0/, 'wait until it has started'],
  [/^(?:ECONNREFUSED|ENOENT)$/, 'start PostgreSQL there, or mend host and port in the URL'],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, 'mend the host in the URL: it has no address'],
  [/does not support SSL/, 'turn on TLS there, or say sslmode=disable where nobody else reaches the network'],
  [/^(?:CERT_|DEPTH_|SELF_|UNABLE_|ERR_TLS)/, 'name the CA of its certificate with sslrootcert, and its host as there'],
  [/timeout|^E/i, 'see whether a firewall lets kubepass reach it, or mend host and port in the URL'],
];

function explained(error: unknown): { readonly message: string; readonly remedy: string } {
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  const { code = '', message = String(cause) } = (cause ?? {}) as { readonly code?: string; readonly message?: string };
  const found = remedies.find(([sign]) => sign.test(code) || sign.test(message));
  return { message: message || code, remedy: found?.[1] ?? 'see the log of PostgreSQL' };
}
