import { clientConfig, connect } from './connect.js';

/** The settings that make a server's commits durable, and the consequence where one is off. */
const wanted = {
  fsync: 'a power failure may lose certificates that were handed out, and destroy the database',
  full_page_writes: 'a power failure may destroy the database',
  synchronous_commit: 'kubepass turns it on for its own commits, and for nobody else’s',
} as const;

/** The server's settings that weaken the promise of a commit, as texts for the log; empty where all are on. */
export async function weakenedDurability(databaseUrl: string): Promise<readonly string[]> {
  const client = await connect(clientConfig(databaseUrl));
  try {
    const { rows } = await client.query<{ name: keyof typeof wanted; setting: string }>(
      'SELECT name, setting FROM pg_settings WHERE name = ANY($1) ORDER BY name',
      [Object.keys(wanted)],
    );
    return rows
      .filter(({ setting }) => setting === 'off')
      .map(({ name }) => `PostgreSQL runs with ${name}=off: ${wanted[name]}`);
  } finally {
    await client.end();
  }
}
