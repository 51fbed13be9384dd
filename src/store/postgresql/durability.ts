import { clientConfig, connect } from './connect.js';

/** What stands behind a server's word that a commit is on disk, and what it means where it is off. */
const wanted = {
  fsync: 'a power failure may lose certificates that were handed out, and destroy the database',
  full_page_writes: 'a power failure may destroy the database',
  synchronous_commit: 'kubepass turns it on for its own commits, and for nobody else’s',
} as const;

/** Which of the server's settings weaken what a commit promises, in words for the log; none where all are on. */
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
