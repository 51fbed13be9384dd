// Tests src/callers/sessions.ts, src/context/standing.ts
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Composition } from '../../src/start/compose.js';
import { composeOn } from '../helpers/composed-service.js';
import { freshDatabase, type TestDatabase } from '../helpers/postgresql/databases.js';
import { principal } from '../helpers/principals.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { aSession, sha256 } from '../unit/store/records.js';
import { blockIdentity } from '../../src/access/block-identity.js';
import { insertSession } from '../../src/store/tables/session-table.js';

const directory = temporaryDirectory();
const root = principal('root', ['admin']);
let database: TestDatabase;
let replicas: readonly [Composition, Composition];

beforeAll(async () => {
  database = await freshDatabase(inject('databases'));
  // Nobody signs in here, so nobody answers at the issuer.
  const settings = `
publicAddress: { url: "https://kubepass.example" }
tls: { terminated: true }
callers:
  oidc: [{ name: corp, issuer: "http://127.0.0.1:9", audiences: [kubepass], login: { clientId: login } }]
`;
  const environment = await postgresqlEnvironment(join(directory.path, 'data'), database.url, settings);
  const replica = () => composeOn(mkdtempSync(join(directory.path, 'replica-')), environment);
  replicas = [await replica(), await replica()];
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.drop();
  directory.remove();
});

/** Signs somebody in at the first replica, and answers the session with its secret once both know it. */
async function signedIn(name: string) {
  const now = new Date();
  const session = aSession({ name, createdAt: now, usedAt: now, expiresAt: new Date(now.getTime() + 43_200_000) });
  const secret = randomBytes(32).toString('base64url');
  const operations = [insertSession({ session, secretSha256: sha256(secret) })];
  await replicas[0].store.writer.commit({ operations, events: [] });
  for (const replica of replicas) expect(await outcomeAt(replica, secret)).toBe('authenticated');
  return { id: session.id, secret };
}

const outcomeAt = async ({ context }: Composition, secret: string) =>
  (await context.authenticator.authenticate({ kind: 'session', secret })).outcome;

/** Until the second replica, which is asked all the time, lets nobody in any more, in milliseconds. */
async function untilOut(secret: string): Promise<number> {
  const began = performance.now();
  while ((await outcomeAt(replicas[1], secret)) === 'authenticated')
    await new Promise((resolve) => setTimeout(resolve, 50));
  return performance.now() - began;
}

it('ends at once where it is ended, and within five seconds on every other replica', async () => {
  const { id, secret } = await signedIn('jane');
  expect(await replicas[0].context.sessions.end(root, id)).toMatchObject({ ok: true });
  expect(await outcomeAt(replicas[0], secret)).toBe('refused');
  expect(await untilOut(secret)).toBeLessThan(5_500);
});

it('ends so with the API token with which it began', async () => {
  const [first, second] = replicas;
  const { apiTokens, sessions } = first.context;
  const made = await apiTokens.create(root, { name: 'hr', roles: ['requester'] });
  if (!made.ok) throw new Error('the token was not made');
  const { token } = made.value;
  const begun = await sessions.beginWithToken(principal('hr', ['requester'], { credentialId: token.id }));
  if (!begun.ok) throw new Error('the session did not begin');
  const { secret } = begun.value;
  for (const replica of replicas) expect(await outcomeAt(replica, secret)).toBe('authenticated');
  expect(await apiTokens.revoke(root, token.id)).toMatchObject({ ok: true });
  expect(await outcomeAt(first, secret)).toBe('refused');
  expect(await untilOut(secret)).toBeLessThan(5_500);
  // The row says it as well, so that every list leaves it out.
  const page = { limit: 10, cursor: null };
  expect((await second.context.sessions.list(root, page)).items.map(({ tokenId }) => tokenId)).not.toContain(token.id);
});

it('ends so with a block of the identity, too', async () => {
  const { secret } = await signedIn('bob');
  expect(await blockIdentity(replicas[0].context, root, 'Bob', { reason: 'cessationOfOperation' })).toMatchObject({
    ok: true,
  });
  expect(await outcomeAt(replicas[0], secret)).toBe('refused');
  expect(await untilOut(secret)).toBeLessThan(5_500);
});
