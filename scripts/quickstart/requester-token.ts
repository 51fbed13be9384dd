import { readFile } from 'node:fs/promises';
import type { ApiClient } from './api-client.js';
import { mustBe } from './obtain-kubeconfig.js';
import { ServiceError } from './service-process.js';

/** A token of the principal `quickstart`, which may ask for certificates and nothing else. */
export interface RequesterToken {
  readonly token: string;
  revoke(): Promise<void>;
}

/** The time until the token ends by itself. Each start of the quickstart makes a new one. */
const DAY_SECONDS = 86_400;

/**
 * Makes the token, with the admin's. Nobody should ask as the admin: an approver does not decide on a request of the
 * principal who made their token. Throws `ServiceError` if the admin's token is not valid.
 */
export async function makeRequesterToken(client: ApiClient, admin: string): Promise<RequesterToken> {
  const created = await client.send('POST', '/v1/api-tokens', {
    token: admin,
    json: { name: 'quickstart', roles: ['requester'], expiresInSeconds: DAY_SECONDS },
  });
  mustBe(created, 201, 'making an API token for the principal "quickstart"');
  const { id, token } = JSON.parse(created.body) as { id: string; token: string };
  return {
    token,
    revoke: async () => {
      await client.send('DELETE', `/v1/api-tokens/${id}`, { token: admin });
    },
  };
}

/** The token of the data dir's admin. Throws `ServiceError` if it cannot be read. */
export async function readAdminToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new ServiceError(`there is no admin token in ${file}; "npm run kubepass -- admin-token" makes a new one`, {
      cause: error,
    });
  }
}
