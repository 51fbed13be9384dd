// Tests src/directory/scim/scim-routes.ts, src/directory/scim/render.ts, src/directory/scim/scim-input.ts,
// src/directory/scim/user-attributes.ts, src/directory/scim/group-attributes.ts
/**
 * The calls of Okta's test for SCIM servers ("Okta-SCIM-20-SPEC-Test.json"), and the calls of its provisioning,
 * replayed step by step: the same calls in the same order, and at least its assertions.
 */
import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
let token: string;
beforeAll(async () => {
  service = await startService();
  const made = makeApiToken({ name: 'okta', roles: ['directory'] }, [], { now: new Date(), random: randomBytes });
  await service.store.writer.commit({
    operations: [insertApiToken({ token: made.token, secretSha256: made.secretSha256 })],
    events: [],
  });
  token = made.secret;
});
afterAll(() => service.close());

interface Step {
  readonly does: string;
  readonly method: 'get' | 'post' | 'put' | 'patch';
  /** `{name}` stands for what an earlier step remembered. */
  readonly path: string;
  readonly body?: object;
  /** In place of the token. */
  readonly authorization?: string;
  readonly status: number;
  /** Paths into the answer, with what Okta expects there; `present`: anything but nothing. */
  readonly expects?: Readonly<Record<string, unknown>>;
  /** For later steps: a path into the answer, by the name. */
  readonly remembers?: Readonly<Record<string, string>>;
}

const present = Symbol('present');
const list = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const error = 'urn:ietf:params:scim:api:messages:2.0:Error';
const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
const name = `runner-${Date.now()}@corp.example`;
const person = {
  schemas: [core],
  userName: name,
  name: { givenName: 'Rita', familyName: 'Runner' },
  emails: [{ primary: true, value: name, type: 'work' }],
  displayName: 'Rita Runner',
  active: true,
};
const named = (userName: string) => `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`;
const fullUser = {
  'name.familyName': present,
  'name.givenName': present,
  userName: present,
  active: present,
  'emails.0.value': present,
};

const spec: readonly Step[] = [
  {
    ...{ does: 'lists one user', method: 'get', path: '/Users?count=1&startIndex=1', status: 200 },
    expects: {
      'schemas.0': list,
      itemsPerPage: 1,
      startIndex: 1,
      totalResults: present,
      'Resources.0.id': present,
      ...Object.fromEntries(Object.keys(fullUser).map((path) => [`Resources.0.${path}`, present])),
    },
    remembers: { first: 'Resources.0.id' },
  },
  {
    does: 'reads that user',
    method: 'get',
    path: '/Users/{first}',
    status: 200,
    expects: { id: '{first}', ...fullUser },
  },
  {
    ...{ does: 'finds nobody of a wrong name', method: 'get', path: named('nobody@corp.example'), status: 200 },
    expects: { 'schemas.0': list, totalResults: 0 },
  },
  {
    ...{ does: 'is told of a wrong id', method: 'get', path: '/Users/010101001010101011001010101011', status: 404 },
    expects: { 'schemas.0': error, detail: present },
  },
  { does: 'sees that the name is free', method: 'get', path: named(name), status: 200, expects: { totalResults: 0 } },
  {
    ...{ does: 'makes the user', method: 'post', path: '/Users', body: person, status: 201 },
    expects: {
      active: true,
      id: present,
      'name.familyName': 'Runner',
      'name.givenName': 'Rita',
      'schemas.0': core,
      userName: name,
    },
    remembers: { made: 'id' },
  },
  {
    ...{ does: 'reads the user', method: 'get', path: '/Users/{made}', status: 200 },
    expects: { userName: name, 'name.familyName': 'Runner', 'name.givenName': 'Rita' },
  },
  { does: 'is refused the same name', method: 'post', path: '/Users', body: person, status: 409 },
  {
    ...{ does: 'finds the name in other case', method: 'get', path: named(name.toUpperCase()), status: 200 },
    expects: { totalResults: 1 },
  },
  {
    ...{ does: 'lists groups', method: 'get', path: '/Groups', status: 200 },
    expects: { 'schemas.0': list, totalResults: present },
  },
  {
    ...{ does: 'is refused without a token', method: 'get', path: named(name.toUpperCase()), status: 401 },
    authorization: 'non-token',
    expects: { 'schemas.0': error, detail: present, status: '401' },
  },
  {
    ...{ does: 'is told that nobody has an id', method: 'get', path: '/Users/00919288221112222', status: 404 },
    expects: { 'schemas.0': error, detail: present, status: '404' },
  },
];

const provisioning: readonly Step[] = [
  {
    ...{ does: 'takes the password and keeps none', method: 'post', path: '/Users', status: 201 },
    body: {
      ...person,
      userName: `p-${name}`,
      externalId: '00ujl29u0le5T6Aj10h7',
      password: '1mz050nq',
      groups: [],
      locale: 'en-US',
    },
    expects: { password: undefined, id: present },
    remembers: { provisioned: 'id' },
  },
  {
    ...{ does: 'replaces the profile', method: 'put', path: '/Users/{provisioned}', status: 200 },
    body: {
      ...{
        schemas: [core],
        id: '{provisioned}',
        userName: `p-${name}`,
        externalId: '00ujl29u0le5T6Aj10h7',
        active: true,
      },
      name: { givenName: 'Another', middleName: 'Excited', familyName: 'User' },
      meta: { resourceType: 'User' },
    },
    expects: { 'name.givenName': 'Another', id: '{provisioned}' },
  },
  {
    ...{ does: 'deactivates by PATCH', method: 'patch', path: '/Users/{provisioned}', status: 200 },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    },
    expects: { active: false },
  },
  {
    ...{ does: 'posts the person again on return', method: 'post', path: '/Users', status: 201 },
    body: { ...person, userName: `p-${name}`, externalId: '00ujl29u0le5T6Aj10h7' },
    expects: { id: '{provisioned}', active: true },
  },
  {
    ...{ does: 'makes a group', method: 'post', path: '/Groups', status: 201 },
    body: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: `g-${name}`, members: [] },
    remembers: { group: 'id' },
  },
  {
    ...{ does: 'adds a member', method: 'patch', path: '/Groups/{group}', status: 204 },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: '{provisioned}', display: 'x' }] }],
    },
  },
  {
    ...{ does: 'sees the member', method: 'get', path: '/Groups/{group}', status: 200 },
    expects: { 'members.0.value': '{provisioned}' },
  },
  {
    ...{
      does: 'renames the group, with its id inside the value',
      method: 'patch',
      path: '/Groups/{group}',
      status: 204,
    },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { id: '{group}', displayName: `h-${name}` } }],
    },
  },
];

const remembered = new Map<string, string>();
const filled = (text: string) => text.replace(/\{(\w+)\}/g, (whole, key: string) => remembered.get(key) ?? whole);

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (found, part) =>
        typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[part] : undefined,
      value,
    );
}

async function replay({
  method,
  path,
  body,
  authorization,
  status,
  expects = {},
  remembers = {},
}: Step): Promise<void> {
  const agent = request(service.address);
  const call = agent[method](`/scim/v2${filled(path)}`)
    .set('authorization', authorization ?? `Bearer ${token}`)
    .set('accept', 'application/scim+json')
    .set('accept-charset', 'utf-8')
    .set('content-type', 'application/scim+json; charset=utf-8');
  const answer = await (body ? call.send(filled(JSON.stringify(body))) : call);
  expect(answer.status, answer.text).toBe(status);
  const told: unknown = answer.text === '' ? null : JSON.parse(answer.text);
  for (const [where, wanted] of Object.entries(expects)) {
    const found = at(told, where);
    if (wanted === present) expect(found, where).toBeDefined();
    else expect(found, where).toBe(typeof wanted === 'string' ? filled(wanted) : wanted);
  }
  for (const [key, where] of Object.entries(remembers)) remembered.set(key, String(at(told, where)));
}

describe('Okta', () => {
  beforeAll(() =>
    replay({
      does: '',
      method: 'post',
      path: '/Users',
      body: { ...person, userName: 'first@corp.example' },
      status: 201,
    }),
  );
  for (const step of [...spec, ...provisioning]) it(step.does, () => replay(step));
});
