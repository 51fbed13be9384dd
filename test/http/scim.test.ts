// Tests src/directory/scim/scim-routes.ts, src/directory/scim/messages.ts, src/directory/scim/render.ts,
// src/directory/read-directory.ts, src/directory/claim-names.ts
import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { type Method, type TestService, startService } from './support/service.js';

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';

let service: TestService;
let token: string;
beforeAll(async () => {
  service = await startService();
  const made = makeApiToken({ name: 'connector', roles: ['directory'] }, ['root'], {
    now: new Date(),
    random: randomBytes,
  });
  await service.store.writer.commit({
    operations: [insertApiToken({ token: made.token, secretSha256: made.secretSha256 })],
    events: [],
  });
  token = made.secret;
});
afterAll(() => service.close());

const scim = (method: Method, path: string, bearer = token) =>
  request(service.address)[method](`/scim/v2${path}`).set('authorization', `Bearer ${bearer}`);
const json = 'application/scim+json';
const body = (method: Method, path: string, content: object) =>
  scim(method, path).set('content-type', json).send(JSON.stringify(content));

interface Resource {
  readonly id: string;
  readonly meta: { readonly version: string; readonly location: string };
  readonly [attribute: string]: unknown;
}
interface List {
  readonly totalResults: number;
  readonly itemsPerPage: number;
  readonly startIndex: number;
  readonly Resources: readonly Resource[];
}
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast by another name, in one place
const parsed = <T>(answer: { readonly text: string }): T => JSON.parse(answer.text) as T;

const user = (userName: string, more: object = {}) => ({ schemas: [userSchema], userName, active: true, ...more });
const created = async (userName: string, more: object = {}): Promise<Resource> =>
  parsed(await body('post', '/Users', user(userName, more)).expect(201));
const group = async (displayName: string, members: readonly string[] = []): Promise<Resource> =>
  parsed(
    await body('post', '/Groups', {
      schemas: [groupSchema],
      displayName,
      members: members.map((value) => ({ value })),
    }).expect(201),
  );
const patch = (path: string, ...Operations: readonly object[]) =>
  body('patch', path, { schemas: [patchSchema], Operations });
const membersOf = async (id: string): Promise<readonly string[]> => {
  const { members = [] } = parsed<{ readonly members?: readonly { readonly value: string }[] }>(
    await scim('get', `/Groups/${id}`).expect(200),
  );
  return members.map(({ value }) => value);
};

describe('the role directory', () => {
  it('reaches SCIM and whoami, and nothing else', async () => {
    await scim('get', '/Users').expect(200);
    await service.withToken(token)('get', '/v1/whoami').expect(200);
    for (const path of ['/v1/certificates', '/v1/policies', '/v1/identities', '/v1/directory-users', '/v1/api-tokens'])
      await service.withToken(token)('get', path).expect(403);
    await service.withToken(token)('post', '/v1/certificate-requests').send({ username: 'connector' }).expect(403);
    await service.withToken(token)('post', '/v1/policies/evaluate').send({ username: 'x' }).expect(403);
  });

  it('is needed for SCIM, whatever else the caller is', async () => {
    for (const person of ['root', 'audrey', 'petra', 'hr-system'] as const) {
      const answer = await scim('get', '/Users', service.tokenOf(person)).expect(403);
      expect(parsed(answer)).toMatchObject({ schemas: [errorSchema], status: '403' });
      expect(answer.headers['content-type']).toContain(json);
    }
    const answer = await request(service.address).get('/scim/v2/Users').expect(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    expect(parsed(answer)).toMatchObject({ schemas: [errorSchema], status: '401' });
  });

  it('goes with no other role', async () => {
    const ask = { name: 'both', roles: ['directory', 'requester'] };
    await service.as('root')('post', '/v1/api-tokens').send(ask).expect(400);
    await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: 'idp', roles: ['directory'] })
      .expect(201);
  });
});

describe('a user', () => {
  it('is made, read, replaced and deleted', async () => {
    const made = await created('Ann@corp.example', { externalId: 'ann', password: 'hunter2-secret', nickName: 'A' });
    expect(made).toMatchObject({ userName: 'Ann@corp.example', externalId: 'ann', active: true });
    expect(made).not.toHaveProperty('password');
    expect(made).not.toHaveProperty('nickName');
    expect(made.meta.location).toBe(`${service.address}/scim/v2/Users/${made.id}`);
    const replaced = await body('put', `/Users/${made.id}`, user('ann@corp.example', { displayName: 'Ann' })).expect(
      200,
    );
    expect(parsed(replaced)).toMatchObject({ id: made.id, userName: 'ann@corp.example', displayName: 'Ann' });
    expect(parsed(replaced)).not.toHaveProperty('externalId');
    await scim('delete', `/Users/${made.id}`).expect(204);
    await scim('get', `/Users/${made.id}`).expect(404);
    await scim('delete', `/Users/${made.id}`).expect(404);
    expect(service.log()).not.toContain('hunter2-secret');
  });

  it('has a name that no other has, whatever its case', async () => {
    await created('Bea@corp.example');
    const answer = await body('post', '/Users', user('bea@CORP.example')).expect(409);
    expect(parsed(answer)).toMatchObject({ schemas: [errorSchema], status: '409', scimType: 'uniqueness' });
    const found = await scim('get', `/Users?filter=${encodeURIComponent('userName eq "BEA@corp.example"')}`).expect(
      200,
    );
    expect(parsed(found)).toMatchObject({ totalResults: 1, Resources: [{ userName: 'Bea@corp.example' }] });
  });

  it('keeps its id, and ends in the same state in both dialects', async () => {
    const [one, other] = [await created('cid1'), await created('cid2')];
    const old = await patch(`/Users/${one.id}`, { op: 'Replace', path: 'active', value: 'False' }).expect(200);
    const newer = await patch(`/Users/${other.id}`, { op: 'replace', value: { active: false, id: one.id } }).expect(
      200,
    );
    expect(parsed(old)).toMatchObject({ id: one.id, active: false });
    expect(parsed(newer)).toMatchObject({ id: other.id, active: false });
    await patch(`/Users/${one.id}`, { op: 'replace', path: 'id', value: other.id }).expect(400);
  });

  it('does not return by a PUT that does not say whether they are active', async () => {
    const { id } = await created('silent', { externalId: 's', active: false });
    const quiet = { schemas: [userSchema], userName: 'silent', externalId: 's', displayName: 'S' };
    expect(parsed(await body('put', `/Users/${id}`, quiet).expect(200))).toMatchObject({
      ...{ active: false, displayName: 'S' },
    });
    for (const name of ['ACTIVE', `${userSchema}:active`]) {
      expect(parsed(await body('put', `/Users/${id}`, { ...quiet, [name]: 'True' }).expect(200))).toMatchObject({
        active: true,
      });
      await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false }).expect(200);
    }
    await body('put', `/Users/${id}`, { ...quiet, active: null }).expect(400);
  });

  it.each(['Users', 'Groups'])('is changed as one of the versions that If-Match lists: %s', async (kind) => {
    const made = kind === 'Users' ? await created('listed') : await group('listed');
    const change = (displayName: string, tags: string) =>
      patch(`/${kind}/${made.id}`, { op: 'replace', path: 'displayName', value: displayName }).set('if-match', tags);
    const { version } = made.meta;
    await change('listed 1', `W/"9", W/"8"`).expect(412);
    await change('listed 2', `"strange", W/"9", ${version}`).expect(kind === 'Users' ? 200 : 204);
    await change('listed 3', `W/"9", ${version}`).expect(412);
    await change('listed 4', `${version},W/"2"`).expect(kind === 'Users' ? 200 : 204);
    await scim('delete', `/${kind}/${made.id}`).set('if-match', `${version}, W/"2"`).expect(412);
    await scim('delete', `/${kind}/${made.id}`).set('if-match', `${version}, W/"3"`).expect(204);
  });

  it('is changed only as the version that If-Match names, and read only where it changed', async () => {
    const made = await created('dan');
    await patch(`/Users/${made.id}`, { op: 'add', path: 'displayName', value: 'Dan' })
      .set('if-match', 'W/"7"')
      .expect(412);
    const { headers } = await patch(`/Users/${made.id}`, { op: 'add', path: 'displayName', value: 'Dan' })
      .set('if-match', made.meta.version)
      .expect(200);
    await scim('get', `/Users/${made.id}`).set('if-none-match', String(headers['etag'])).expect(304);
    await scim('get', `/Users/${made.id}`).set('if-none-match', made.meta.version).expect(200);
  });

  it('shows the attributes that are asked for', async () => {
    const made = await created('eve', { displayName: 'Eve', name: { givenName: 'Eve', familyName: 'E' } });
    const some = await scim('get', `/Users/${made.id}?attributes=userName,name.givenName`).expect(200);
    expect(parsed(some)).toEqual({ schemas: [userSchema], id: made.id, userName: 'eve', name: { givenName: 'Eve' } });
    const others = await scim('get', `/Users/${made.id}?excludedAttributes=name,id`).expect(200);
    expect(parsed(others)).toHaveProperty('id');
    expect(parsed(others)).not.toHaveProperty('name');
  });
});

describe('a list', () => {
  it('has pages by position', async () => {
    const names = ['page-1', 'page-2', 'page-3'];
    for (const name of names) await created(name);
    const { totalResults } = parsed<List>(await scim('get', '/Users?count=0').expect(200));
    const last = parsed<List>(await scim('get', `/Users?startIndex=${totalResults}&count=2`).expect(200));
    expect(last).toMatchObject({ totalResults, itemsPerPage: 1, Resources: [{ userName: 'page-3' }] });
    await scim('get', '/Users?startIndex=0&count=-1').expect(200);
    expect(parsed<List>(await scim('get', '/Users?startIndex=100000').expect(200)).Resources).toEqual([]);
    await scim('get', '/Users?count=many').expect(400);
    await scim('get', '/Users?count=1&count=2').expect(400);
  });

  it('takes a hundred attributes to show, and no more', async () => {
    const made = await created('projected');
    const ask = (name: 'attributes' | 'excludedAttributes', count: number) => ({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      [name]: Array.from({ length: count }, (_, i) => (i === 0 ? 'name.givenName' : `x${i}`)),
      filter: 'userName eq "projected"',
    });
    const answer = await body('post', '/Users/.search', ask('attributes', 100)).expect(200);
    expect(parsed<List>(answer).Resources).toEqual([{ schemas: [userSchema], id: made.id }]);
    for (const name of ['attributes', 'excludedAttributes'] as const)
      for (const count of [101, 300_000]) await body('post', '/Users/.search', ask(name, count)).expect(400);
    const long = { ...ask('attributes', 1), attributes: ['x'.repeat(1_000_000)] };
    await body('post', '/Users/.search', long).expect(400);
  });

  it('is searched by POST, apart and together', async () => {
    await created('sought', { displayName: 'Sought' });
    await group('Sought');
    const search = (path: string, more: object) =>
      body('post', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], ...more }).expect(200);
    const filter = 'displayName eq "sought"';
    expect(parsed<List>(await search('/Users/.search', { filter }))).toMatchObject({ totalResults: 1 });
    expect(parsed<List>(await search('/Groups/.search', { filter, attributes: ['displayName'] })).Resources).toEqual([
      { schemas: [groupSchema], id: expect.any(String) as string, displayName: 'Sought' },
    ]);
    expect(parsed<List>(await search('/.search', { filter, startIndex: 2 }))).toMatchObject({
      totalResults: 2,
      Resources: [{ schemas: [groupSchema] }],
    });
  });

  it('is filtered by email and whether people are active', async () => {
    await created('fay', { emails: [{ value: 'Fay@corp.example', type: 'work' }], active: false });
    const by = async (filter: string) =>
      parsed<List>(await scim('get', `/Users?filter=${encodeURIComponent(filter)}`).expect(200)).Resources.map(
        ({ userName }) => userName,
      );
    expect(await by('emails[type eq "work"].value eq "fay@corp.example"')).toEqual(['fay']);
    expect(await by('emails.value eq "fay@corp.example" and active eq true')).toEqual([]);
    const refused = await scim('get', `/Users?filter=${encodeURIComponent('userName sw "f"')}`).expect(400);
    expect(parsed(refused)).toMatchObject({ scimType: 'invalidFilter' });
    // Entra looks up so whether the manager that it knows is there already.
    expect(await by('userName eq "fay" and manager eq "26118915"')).toEqual([]);
    expect(await by('userName eq "fay\\u0000"')).toEqual([]);
  });
});

describe('whatever is no name and no text', () => {
  const nested = '@nested';
  const lists = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] };
  it.each([
    ['an object as op', 'patch', { Operations: [{ op: { toString: 1 }, path: 'active', value: true }] }],
    ['nested lists as op', 'patch', { Operations: [{ op: nested, path: 'active', value: true }] }],
    ['half of a character', 'patch', { Operations: [{ op: 'replace', path: 'displayName', value: '\ud800' }] }],
    [
      'half of one in a path',
      'patch',
      { Operations: [{ op: 'add', path: 'emails[type eq "\\ud800"].value', value: 'x' }] },
    ],
    ['an object as attribute', 'post', { ...search, attributes: [{ toString: 1 }] }],
    ['nested lists as attribute', 'post', { ...search, attributes: [nested] }],
    ['half of one in a filter', 'post', { ...search, filter: 'userName eq "\\ud800"' }],
    ['half of one in a filter as it is', 'post', { ...search, filter: 'userName eq "\ud800"' }],
  ] as const)('is refused: %s', async (_, method, content) => {
    const id = method === 'patch' ? (await created(`hostile-${randomBytes(4).toString('hex')}`)).id : '.search';
    const written = JSON.stringify({ schemas: [patchSchema], ...content }).replace(`"${nested}"`, lists);
    const refused = await scim(method, `/Users/${id}`).set('content-type', json).send(written).expect(400);
    expect(parsed(refused)).toMatchObject({ schemas: [errorSchema], status: '400' });
  });
});

describe('a group', () => {
  it('gets and loses members in the ways of Entra and Okta', async () => {
    const [a, b, c] = [(await created('m-a')).id, (await created('m-b')).id, (await created('m-c')).id];
    const { id } = await group('payments', [a]);
    await patch(`/Groups/${id}`, {
      op: 'Add',
      path: 'members',
      value: [{ $ref: null, value: b }, { value: c }],
    }).expect(204);
    expect(await membersOf(id)).toEqual([a, b, c]);
    await patch(`/Groups/${id}`, { op: 'Remove', path: 'members', value: [{ $ref: null, value: b }] }).expect(204);
    await patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${c}"]` }).expect(204);
    expect(await membersOf(id)).toEqual([a]);
    await patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: [{ value: b }] }).expect(204);
    expect(await membersOf(id)).toEqual([b]);
    await patch(`/Groups/${id}`, { op: 'replace', value: { id: 'x', displayName: 'payments-2' } }).expect(204);
    const answer = await scim('get', `/Groups/${id}?excludedAttributes=members`).expect(200);
    expect(parsed(answer)).toMatchObject({ id, displayName: 'payments-2' });
    expect(parsed(answer)).not.toHaveProperty('members');
    await scim('delete', `/Users/${b}`).expect(204);
    expect(await membersOf(id)).toEqual([]);
    await scim('delete', `/Groups/${id}`).expect(204);
    await patch(`/Groups/${id}`, { op: 'remove', path: 'members' }).expect(404);
  });

  it('has another version where a member is deleted, and takes a member once', async () => {
    const member = await created('m-once');
    const { id } = await group('versions', [member.id]);
    const add = { op: 'Add', path: 'members', value: [{ value: member.id }, { value: member.id }] };
    await patch(`/Groups/${id}`, add, add).expect(204);
    expect(await membersOf(id)).toEqual([member.id]);
    const { headers } = await scim('get', `/Groups/${id}`).expect(200);
    const tag = String(headers['etag']);
    await scim('get', `/Groups/${id}`).set('if-none-match', tag).expect(304);
    await scim('delete', `/Users/${member.id}`).expect(204);
    await scim('get', `/Groups/${id}`).set('if-none-match', tag).expect(200);
    await patch(`/Groups/${id}`, { op: 'replace', path: 'displayName', value: 'other' })
      .set('if-match', tag)
      .expect(412);
    await scim('delete', `/Groups/${id}`).set('if-match', tag).expect(412);
  });

  // RFC 7644 3.5.2.1: such an operation does not change when the group was changed.
  it('keeps its version where a PATCH changes nobody', async () => {
    const { id: inside } = await created('m-inside');
    const { id: outside } = await created('m-outside');
    const { id, meta } = await group('unchanged', [inside]);
    const operations = [
      { op: 'add', path: 'members', value: [{ value: inside }] },
      { op: 'add', path: 'members', value: [{ value: 'nobody' }] },
      { op: 'Remove', path: 'members', value: [{ $ref: null, value: outside }] },
      { op: 'remove', path: `members[value eq "${outside}"]` },
      { op: 'replace', path: 'displayName', value: 'unchanged' },
    ];
    for (const operation of operations) await patch(`/Groups/${id}`, operation).expect(204);
    await patch(`/Groups/${id}`, ...operations).expect(204);
    expect(parsed<Resource>(await scim('get', `/Groups/${id}`).expect(200)).meta).toEqual(meta);
    await patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value: outside }] }).expect(204);
    const after = parsed<Resource>(await scim('get', `/Groups/${id}`).expect(200));
    expect(after.meta.version).toBe('W/"2"');
  });

  it('has the members of a PUT and no others, none where it names none', async () => {
    const { id: value } = await created('m-put');
    const { id } = await group('put', [value]);
    const put = (more: object) => body('put', `/Groups/${id}`, { schemas: [groupSchema], displayName: 'put', ...more });
    expect(parsed(await put({ members: [{ value }] }).expect(200))).toMatchObject({ members: [{ value }] });
    expect(parsed(await put({}).expect(200))).not.toHaveProperty('members');
    expect(await membersOf(id)).toEqual([]);
  });

  it('loses none of a hundred members that are added at once', async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, async (_, i) => (await created(`crowd-${i}`)).id));
    const { id } = await group('crowd');
    await Promise.all(
      ids.map((value) => patch(`/Groups/${id}`, { op: 'add', path: 'members', value: [{ value }] }).expect(204)),
    );
    expect((await membersOf(id)).toSorted()).toEqual(ids.toSorted());
    await Promise.all(
      ids
        .slice(0, 50)
        .map((value) => patch(`/Groups/${id}`, { op: 'remove', path: `members[value eq "${value}"]` }).expect(204)),
    );
    expect((await membersOf(id)).toSorted()).toEqual(ids.slice(50).toSorted());
  });

  it('has the members of one of several replacements at once, and the log tells of each', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, (_, i) => created(`swapped-${i}`)));
    const idsOf = (from: number) => users.slice(from, from + 3).map(({ id }) => id);
    const { id } = await group('swapped', idsOf(0));
    const replace = (ids: readonly string[]) =>
      patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: ids.map((value) => ({ value })) }).expect(204);
    const sets = [idsOf(0), idsOf(1), idsOf(2), idsOf(3)];
    await Promise.all(sets.map(replace));
    const end = (await membersOf(id)).toSorted();
    expect(sets.map((set) => set.toSorted())).toContainEqual(end);
    const told = new Set<string>();
    const { items } = await service.store.auditEvents.list(
      { type: 'DirectoryMembershipChanged' },
      { limit: 500, cursor: null },
    );
    for (const { details } of items as readonly { readonly details: Readonly<Record<string, unknown>> }[]) {
      if (details['groupId'] !== id) continue;
      for (const name of details['removed'] as readonly string[]) expect(told.delete(name)).toBe(true);
      for (const name of details['added'] as readonly string[]) told.add(name);
    }
    expect([...told].map((name) => users.find(({ userName }) => userName === name)?.id).toSorted()).toEqual(end);
    const version = async () => parsed<Resource>(await scim('get', `/Groups/${id}`).expect(200)).meta.version;
    const before = await version();
    await replace(end);
    expect(await version()).toBe(before);
    await replace([]);
    expect(await membersOf(id)).toEqual([]);
  });

  it('takes a thousand members in one body, and more than other bodies have', async () => {
    const [a] = [(await created('big')).id];
    const members = Array.from({ length: 1_500 }, (_, i) => ({
      value: `nobody-${i}`.padEnd(60, 'x'),
      display: 'x'.repeat(40),
    }));
    const answer = await body('post', '/Groups', {
      schemas: [groupSchema],
      displayName: 'big',
      members: [...members, { value: a }],
    });
    expect(answer.status).toBe(201);
    expect(await membersOf(parsed<Resource>(answer).id)).toEqual([a]);
  });

  it('has a name that no other has', async () => {
    await group('unique');
    await body('post', '/Groups', { schemas: [groupSchema], displayName: 'UNIQUE' }).expect(409);
  });
});

describe('the service', () => {
  it('describes itself', async () => {
    expect(parsed(await scim('get', '/ServiceProviderConfig').expect(200))).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      etag: { supported: true },
    });
    expect(parsed(await scim('get', '/ResourceTypes').expect(200))).toMatchObject({ totalResults: 2 });
    expect(parsed(await scim('get', '/ResourceTypes/User').expect(200))).toMatchObject({ endpoint: '/Users' });
    expect(parsed(await scim('get', `/Schemas/${userSchema}`).expect(200))).toMatchObject({ id: userSchema });
    await scim('get', '/Schemas/other').expect(404);
    await scim('get', '/Schemas?filter=id%20eq%20%22x%22').expect(403);
  });

  it('answers in the form of SCIM whatever is wrong', async () => {
    const answers = [
      await scim('get', '/Nothing').expect(404),
      await scim('post', '/Users').set('content-type', 'text/plain').send('x').expect(415),
      await scim('post', '/Users').set('content-type', json).send('{"a":1,"a":2}').expect(400),
      await scim('post', '/Users').set('content-type', json).send('{').expect(400),
      await scim('post', '/Users').set('content-type', json).send('{"__proto__":{"x":1}}').expect(400),
      await scim('put', '/Users').expect(405),
      await scim('get', '/Users').set('accept', 'text/html').expect(406),
      await scim('post', '/Bulk').set('content-type', json).send('{}').expect(404),
      await scim('post', '/.search').set('content-type', json).send('{}').expect(400),
      await scim('get', '/Users/%zz').expect(400),
      await scim('get', `/Users/${'x'.repeat(1_000)}`).expect(400),
      await scim('patch', '/Users/a%00b').set('content-type', json).send('{').expect(400),
      await scim('delete', '/Groups/a%00b').expect(404),
      await scim('post', '/Users').set('content-type', json).send('{"userName":"\\ud800"}').expect(400),
      await scim('post', '/Users')
        .set('content-type', json)
        .send('{"a":'.repeat(400_000) + '1' + '}'.repeat(400_000))
        .expect(400),
      await scim('post', '/Users')
        .set('content-type', json)
        .send(`"${'x'.repeat(5 * 1024 * 1024)}"`)
        .expect(413),
    ];
    for (const answer of answers) {
      expect(answer.headers['content-type']).toContain(json);
      expect(parsed(answer)).toMatchObject({ schemas: [errorSchema], status: String(answer.status) });
    }
    // One series for each route that there is: what has no route has no label of its own.
    const { text } = await service.metrics();
    expect(text).toContain('route="/scim/v2/Users/:id",method="PATCH"');
    expect(text).not.toContain('route="/scim/v2/Users",method="PUT"');
  });
});
