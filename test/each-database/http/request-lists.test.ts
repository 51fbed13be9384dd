// Tests src/requests/read-requests.ts, src/store/tables/request-table.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPolicy } from '../../helpers/policies.js';
import { as } from '../../http/support/call.js';
import { policies, startService, type Person, type TestService } from '../../http/support/service.js';

const byTwo = aPolicy('by-two', { groups: ['two-*'] }, { approval: { mode: 'manual', stages: [{ count: 2 }] } });

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies: policies + byTwo });
});
afterAll(() => service.close());

const path = '/v1/certificate-requests';

async function ask(who: Person, more: object = {}): Promise<string> {
  const body = { username: 'somebody', groups: ['ops-eu'], ...more };
  return as.request(await service.as(who)('post', path).send(body)).id;
}
const decide = (who: Person, decision: 'approve' | 'deny' | 'cancel', id: string) =>
  service.as(who)('post', `${path}/${id}/${decision}`).send({});
const listed = async (who: Person, query: string) =>
  as.requests(await service.as(who)('get', `${path}?${query}`).expect(200)).items.map(({ id }) => id);

describe('GET /v1/certificate-requests', () => {
  it('?mine=true has what the caller asked for or collects, whatever else they may read', async () => {
    const own = await ask('carol', { username: 'mine-1' });
    const collected = await ask('alice', { username: 'mine-1', collector: 'carol' });
    const other = await ask('alice', { username: 'mine-1' });
    expect(await listed('carol', 'username=mine-1')).toEqual([other, collected, own]);
    expect(await listed('carol', 'username=mine-1&mine=true')).toEqual([collected, own]);
    expect(await listed('alice', 'username=mine-1&mine=true')).toEqual([other, collected]);
    expect(await listed('carol', 'username=mine-1&mine=true&state=pending')).toEqual([collected, own]);
    expect(await listed('carol', 'mine=true&awaiting=me')).toEqual([]);
    expect(await listed('audrey', 'mine=true')).toEqual([]);
    await service.as('carol')('get', `${path}?mine=false`).expect(400);
  });

  it('?decided=me has what the caller approved or denied, the newest decision first, page by page', async () => {
    const [approved, denied, first, both, cancelled] = [
      await ask('alice'),
      await ask('alice'),
      await ask('alice', { groups: ['two-a'] }),
      await ask('alice', { groups: ['two-a'] }),
      await ask('alice'),
    ];
    await decide('bob', 'deny', denied).expect(200);
    await decide('bob', 'approve', both).expect(200);
    await decide('carol', 'approve', both).expect(200);
    await decide('bob', 'approve', approved).expect(200);
    await decide('bob', 'approve', first).expect(200);
    await decide('alice', 'cancel', cancelled).expect(200);
    await decide('alice', 'approve', cancelled).expect(403);
    expect(await listed('bob', 'decided=me')).toEqual([first, approved, both, denied]);
    expect(await listed('carol', 'decided=me')).toEqual([both]);
    expect(await listed('alice', 'decided=me')).toEqual([]);
    expect(await listed('bob', 'decided=me&awaiting=me')).toEqual([]);
    expect(await listed('bob', 'decided=me&state=denied&state=pending')).toEqual([first, denied]);

    const answer = await service.as('bob')('get', `${path}?decided=me&limit=3`).expect(200);
    const { items, nextCursor } = as.requests(answer);
    expect(items.map(({ id }) => id)).toEqual([first, approved, both]);
    expect(answer.headers['link']).toContain('decided=me&limit=3&cursor=');
    expect(await listed('bob', `decided=me&cursor=${nextCursor ?? ''}`)).toEqual([denied]);
    await service
      .as('bob')('get', `${path}?cursor=${nextCursor ?? ''}`)
      .expect(400);

    // An approver who denies decides on the request once more.
    await decide('bob', 'deny', first).expect(200);
    expect(await listed('bob', 'decided=me')).toEqual([first, approved, both, denied]);
  });

  it('?decided=me has nothing that policy denied when the caller wanted to approve it', async () => {
    const own = await startService();
    const asked = { username: 'somebody', groups: ['ops-eu'] };
    const { id } = as.request(await own.as('alice')('post', path).send(asked));
    await own.execute(`UPDATE "RequestRecord" SET "groups" = '["blocked"]'`);
    await own.as('bob')('post', `${path}/${id}/approve`).send({}).expect(403);
    expect(as.requests(await own.as('bob')('get', `${path}?decided=me`)).items).toEqual([]);
    await own.close();
  });

  it('?state= may be repeated', async () => {
    const [pending, denied, approved] = [
      await ask('alice', { username: 'states' }),
      await ask('alice', { username: 'states', groups: ['blocked'] }),
      await ask('alice', { username: 'states' }),
    ];
    await decide('bob', 'approve', approved).expect(200);
    const { items } = as.requests(await service.as('alice')('get', `${path}?username=states`));
    const [, deniedId = denied] = items.map(({ id }) => id);
    expect(await listed('alice', 'username=states&state=pending&state=approved')).toEqual([approved, pending]);
    expect(await listed('alice', 'username=states&state=denied')).toEqual([deniedId]);
    expect(await listed('bob', 'username=states&awaiting=me&state=approved&state=pending')).toEqual([pending]);
    expect(await listed('bob', 'username=states&awaiting=me&state=approved')).toEqual([]);
    await service.as('bob')('get', `${path}?state=pending&state=nothing`).expect(400);
  });

  it('has certificates without their PEM, which the request itself has', async () => {
    const ask = { username: 'with-pem', groups: ['team-a'] };
    await service.as('alice')('post', '/v1/kubeconfigs').send(ask).expect(201);
    const { items } = as.requests(await service.as('alice')('get', `${path}?username=with-pem`).expect(200));
    const [item] = items;
    expect(item?.certificate).toMatchObject({ username: 'with-pem', status: 'valid' });
    expect(item?.certificate).not.toHaveProperty('pem');
    const one = as.request(await service.as('alice')('get', `${path}/${item?.id ?? ''}`));
    expect(one.certificate?.pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });
});

describe('GET /v1/certificates?mine=true', () => {
  it('has what the caller asked for or collects, as pages and as exports', async () => {
    const certified = (who: Person, username: string) =>
      service
        .as(who)('post', '/v1/kubeconfigs')
        .send({ username, groups: ['team-a'] })
        .expect(201);
    await certified('root', 'of-root');
    await certified('alice', 'of-alice');
    const usernames = async (query: string) =>
      as
        .certificates(await service.as('root')('get', `/v1/certificates?${query}`).expect(200))
        .items.map(({ username }) => username);
    expect(await usernames('status=valid')).toContain('of-alice');
    expect(await usernames('mine=true')).toEqual(['of-root']);
    expect(await usernames('mine=true&status=valid&requester=root')).toEqual(['of-root']);
    expect(await usernames('mine=true&requester=alice')).toEqual([]);
    const { text } = await service
      .as('root')('get', '/v1/certificates?mine=true')
      .set('accept', 'text/csv')
      .expect(200);
    expect(text.trim().split('\r\n')).toHaveLength(2);
  });
});
