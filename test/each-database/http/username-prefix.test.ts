// Tests src/store/lists/list-filter.ts, src/requests/request-routes.ts
import { beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { as } from '../../http/support/call.js';
import { type SharedService, sharedService } from '../../http/support/service.js';

let service: SharedService;
/**
 * As long as names can be, of characters that are longest in a cursor: nobody gets a certificate for such a name, but
 * CSRs may have it, and the denial is on record.
 */
const longest = ['a', 'b', 'c'].map((last) => `${'\u0001'.repeat(63)}${last}`);

beforeAll(async () => {
  service = await sharedService();
  const ask = (username: string) =>
    service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username, groups: ['team-a'] });
  for (const username of ['svc-b', 'jane', 'svc-a', 'svc', 'SVC-x']) await ask(username).expect(201);
  for (const username of longest) {
    const { pem } = await csrFor(username, ['team-a']);
    await service.as('alice')('post', '/v1/certificate-requests').send({ csr: pem }).expect(403);
  }
});

const list = async (query: string) =>
  as.requests(await service.as('bob')('get', `/v1/certificate-requests?${query}`).expect(200));

describe('usernamePrefix', () => {
  it('lists the usernames that begin with it, in their order', async () => {
    const names = async (query: string) => (await list(query)).items.map(({ username }) => username);
    expect(await names('usernamePrefix=svc')).toEqual(['svc', 'svc-a', 'svc-b']);
    expect(await names('usernamePrefix=svc-')).toEqual(['svc-a', 'svc-b']);
    expect(await names('usernamePrefix=SVC')).toEqual(['SVC-x']);
    expect(await names('usernamePrefix=%25')).toEqual([]);
    expect(await names('usernamePrefix=svc&requester=bob')).toEqual([]);
  });

  it('has cursors for every username that can be asked for', async () => {
    const seen: string[] = [];
    let query = `usernamePrefix=${'%01'.repeat(60)}&limit=1`;
    for (;;) {
      const { items, nextCursor } = await list(query);
      seen.push(...items.map(({ username }) => username));
      if (nextCursor === null) break;
      query = `usernamePrefix=${'%01'.repeat(60)}&limit=1&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(longest);
  });

  it('is neither empty nor longer than a name', async () => {
    for (const prefix of ['', 'a'.repeat(65)])
      await service.as('bob')('get', `/v1/certificate-requests?usernamePrefix=${prefix}`).expect(400);
  });
});
