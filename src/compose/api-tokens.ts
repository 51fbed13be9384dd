import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { prepareDataDir, replaceSecretFile } from '../config/secrets.js';
import { makeAdminToken, makeBreakGlassToken, type AdminTokenContext } from '../identity/admin-tokens.js';
import type { ApiTokenWriter } from '../identity/api-tokens.js';
import type { ApiToken } from '../model/principal.js';
import type { Log } from '../context/context.js';
import type { Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { openStore } from '../backup/open-store.js';

/** Keeps tokens in the store: each change is one commit with its audit event. */
export function apiTokenWriter(writer: Writer): ApiTokenWriter {
  return {
    async create(token, secretSha256, event) {
      const operations = [{ op: 'insertApiToken' as const, token, secretSha256 }];
      const result = await writer.commit({ operations, events: [event] });
      if (result.committed) return 'created';
      if (result.conflict.kind === 'principalName') return 'name-taken';
      if (result.conflict.kind === 'blocked') return 'blocked';
      throw new Error(`API token ${token.id} could not be recorded`);
    },
    async revoke(id, at, event) {
      const operations = [{ op: 'revokeApiToken' as const, id, at }];
      return (await writer.commit({ operations, events: [event] })).committed;
    },
  };
}

/**
 * Makes an admin token where no live one exists, and tokens may be admins. If several processes start at once, one of
 * them makes it.
 */
export async function makeFirstAdminToken(config: Config, store: Store, clock: () => Date, log: Log): Promise<void> {
  if (!config.callers.apiTokens.admins) return;
  await store.alone(async () => {
    if ((await store.apiTokens.liveAdmins(clock())).length > 0) return;
    await makeAdminToken(adminTokenContext(config, store, clock()));
    log.info({ file: adminTokenFile(config) }, 'there was no live admin: a token was made');
  });
}

/** The command that makes such a token warns those who see its output; the log of the service has a warning too. */
export async function warnOfBreakGlass(store: Store, clock: () => Date, log: Log): Promise<void> {
  for (const { id, name, expiresAt } of await store.apiTokens.liveBreakGlass(clock()))
    log.warn({ tokenId: id, principal: name, expiresAt }, 'a break-glass token is valid');
}

/**
 * Makes one more admin token, beside those that exist, and answers the file that it is in. Where tokens are no admins
 * it is a break-glass token. The caller needs the right to write to the data dir; the audit log tells of it. With
 * SQLite, throws where the service is running.
 */
export async function recoverAdminToken(config: Config): Promise<{ readonly file: string; readonly token: ApiToken }> {
  await prepareDataDir(config.dataDir);
  const store = await openStore(config, { writerThread: false });
  const make = config.callers.apiTokens.admins ? makeAdminToken : makeBreakGlassToken;
  try {
    return { file: adminTokenFile(config), token: await make(adminTokenContext(config, store, new Date())) };
  } finally {
    await store.close();
  }
}

const adminTokenFile = ({ dataDir }: Config): string => join(dataDir, 'admin-token');

const adminTokenContext = (config: Config, store: Store, now: Date): AdminTokenContext => ({
  writer: apiTokenWriter(store.writer),
  keepSecret: (secret) => replaceSecretFile(adminTokenFile(config), `${secret}\n`),
  now,
  random: randomBytes,
});
