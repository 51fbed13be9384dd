import { join } from 'node:path';
import { replaceSecretFile } from './config/secrets.js';
import { apiTokenEvent, makeApiToken } from './identity/api-tokens.js';
import type { Store } from './store/store.js';

export const adminTokenFile = (dataDir: string): string => join(dataDir, 'admin-token');

/**
 * Makes an API token for principal `admin` and writes it to the data dir (0600). The file comes first: after a crash
 * in between it holds a token that nothing knows, and the next start makes another.
 */
export async function makeAdminToken(
  store: Store,
  dataDir: string,
  now: Date,
  random: (octets: number) => Buffer,
): Promise<void> {
  const { token, secret, secretSha256 } = makeApiToken({ name: 'admin', roles: ['admin'] }, [], { now, random });
  await replaceSecretFile(adminTokenFile(dataDir), `${secret}\n`);
  const { committed } = await store.writer.commit({
    operations: [{ op: 'insertApiToken', token, secretSha256 }],
    events: [apiTokenEvent('ApiTokenCreated', token, now, null)],
  });
  if (!committed) throw new Error('the admin token could not be recorded');
}
