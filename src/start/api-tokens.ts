import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { prepareDataDir, readSecretLine, replaceSecretFile } from '../config/secrets.js';
import { makeFirstAdminToken, makeTokenOnHost, type AdminTokenContext } from '../callers/admin-tokens.js';
import type { ApiTokenWriter } from '../callers/api-tokens.js';
import { isApiTokenSecret } from '../callers/secrets.js';
import type { ApiToken } from '../model/principal.js';
import type { Log } from '../context/context.js';
import { announce } from '../context/request-steps.js';
import type { Write, Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { insertApiToken, revokeApiToken } from '../store/tables/api-token-table.js';
import { openStore } from '../backup/open-store.js';
import { eventPayload } from '../webhooks/event-payload.js';
import { deliveriesOf } from '../webhooks/webhook.js';

/**
 * Keeps tokens in the store: each change is one commit with its audit event. `besides`: what goes with a new token.
 */
export function apiTokenWriter(
  writer: Writer,
  besides: (token: ApiToken) => readonly Write[] = () => [],
): ApiTokenWriter {
  return {
    async create(token, secretSha256, event) {
      const operations = [insertApiToken({ token, secretSha256 }), ...besides(token)];
      const result = await writer.commit({ operations, events: [event] });
      if (result.committed) return 'created';
      if (result.conflict.kind === 'principalName') return 'name-taken';
      if (result.conflict.kind === 'blocked') return 'blocked';
      throw new Error(`API token ${token.id} could not be recorded`);
    },
    async revoke(id, at, event) {
      const operations = [revokeApiToken({ id, at })];
      return (await writer.commit({ operations, events: [event] })).committed;
    },
  };
}

/** The API token in a file. Throws where it holds none. */
export const readApiToken = (file: string, remarks: Pick<Log, 'warn'>): Promise<string> =>
  readSecretLine(file, remarks, isApiTokenSecret, 'API token, which is kubepass_ and 43 characters of base64url');

/** Where tokens may be admins. If several processes start at once, one of them makes the token. */
export async function openFirstAdmin(config: Config, store: Store, clock: () => Date, log: Log): Promise<void> {
  const { callers, firstAdminTokenFile: named } = config;
  if (!callers.apiTokens.admins) return;
  const given =
    named === null ? { file: adminTokenFile(config) } : { file: named, secret: await readApiToken(named, log) };
  const { apiTokens: tokens } = store;
  await store.alone(() => makeFirstAdminToken({ ...adminTokenContext(config, store, clock()), ...given, tokens, log }));
}

/**
 * Makes one more admin token, beside those that exist, and answers the file that it is in. Where tokens are no admins
 * it is a break-glass token. The caller needs the right to write to the data dir; the audit log and webhooks tell of
 * it. With SQLite, throws where the service is running.
 */
export async function recoverAdminToken(config: Config): Promise<{ readonly file: string; readonly token: ApiToken }> {
  await prepareDataDir(config.dataDir);
  const store = await openStore(config, { writerThread: false });
  const at = new Date();
  const telling = { deliveriesOf: deliveriesOf(config.webhooks, randomBytes, eventPayload) };
  const besides = (token: ApiToken) => announce(telling, { event: 'break_glass_token.made', at, token });
  const context = { ...adminTokenContext(config, store, at), writer: apiTokenWriter(store.writer, besides) };
  try {
    const token = await makeTokenOnHost(context, !config.callers.apiTokens.admins);
    return { file: adminTokenFile(config), token };
  } finally {
    await store.close();
  }
}

export const adminTokenFile = ({ dataDir }: Config): string => join(dataDir, 'admin-token');

const adminTokenContext = (config: Config, store: Store, now: Date): AdminTokenContext => ({
  writer: apiTokenWriter(store.writer),
  keepSecret: (secret) => replaceSecretFile(adminTokenFile(config), `${secret}\n`),
  now,
  random: randomBytes,
});
