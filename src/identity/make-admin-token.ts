import { apiTokenEvent, makeApiToken, type ApiTokenWriter } from './api-tokens.js';

export interface AdminTokenContext {
  readonly writer: Pick<ApiTokenWriter, 'create'>;
  /** Keeps the secret where the operator finds it. */
  readonly keepSecret: (secret: string) => Promise<void>;
  readonly now: Date;
  readonly random: (octets: number) => Buffer;
}

/**
 * Makes an API token for principal `admin`, on nobody's behalf. The secret is kept first: after a crash in between it
 * is one that nothing knows, and the next start makes another.
 */
export async function makeAdminToken({ writer, keepSecret, now, random }: AdminTokenContext): Promise<void> {
  const { token, secret, secretSha256 } = makeApiToken({ name: 'admin', roles: ['admin'] }, [], { now, random });
  await keepSecret(secret);
  await writer.create(token, secretSha256, apiTokenEvent('ApiTokenCreated', token, now, null));
}
