// Tests src/directory/scim/user-attributes.ts, src/directory/scim/group-attributes.ts,
// src/directory/scim/scim-input.ts
import { describe, expect, it } from 'vitest';
import { groupPatch, readGroup } from '../../../../../src/directory/scim/group-attributes.js';
import { patchUser, readPatch, readUser } from '../../../../../src/directory/scim/user-attributes.js';
import { ScimInputError } from '../../../../../src/directory/scim/scim-input.js';
import type { DirectoryUserAttributes } from '../../../../../src/model/directory.js';

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const jane: DirectoryUserAttributes = {
  userName: 'jane@corp.example',
  externalId: '4711',
  active: true,
  displayName: 'Jane Doe',
  name: { formatted: null, familyName: 'Doe', givenName: 'Jane' },
  emails: [{ value: 'jane@corp.example', type: 'work', primary: true }],
};
const operations = (...Operations: readonly object[]) => readPatch({ schemas: [patchSchema], Operations });
const patched = (...given: readonly object[]) => patchUser(jane, operations(...given));
const scimTypeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof ScimInputError) return error.scimType;
    throw error;
  }
  return 'none';
};

describe('a PATCH of a user', () => {
  it('means the same in both dialects of Entra', () => {
    const old = patched(
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Replace', path: 'name.givenName', value: 'Janet' },
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'janet@corp.example' },
      { op: 'Add', path: `${enterprise}:employeeNumber`, value: '12' },
      { op: 'Remove', path: 'displayName' },
    );
    const pathless = patched({
      op: 'replace',
      value: {
        active: false,
        'name.givenName': 'Janet',
        'emails[type eq "work"].value': 'janet@corp.example',
        [`${enterprise}:employeeNumber`]: '12',
        displayName: null,
      },
    });
    expect(pathless).toEqual(old);
    expect(old).toEqual({
      ...jane,
      active: false,
      displayName: null,
      name: { ...jane.name, givenName: 'Janet' },
      emails: [{ value: 'janet@corp.example', type: 'work', primary: true }],
    });
  });

  it('takes Okta’s deactivation, with the id inside the value', () => {
    expect(patched({ op: 'replace', value: { id: 'another', active: false } })).toEqual({ ...jane, active: false });
  });

  it('makes the email that a filter selects where there is none', () => {
    const { emails } = patched({ op: 'Add', path: 'emails[type eq "home"].value', value: 'j@home.example' });
    expect(emails).toEqual([...jane.emails, { value: 'j@home.example', type: 'home', primary: false }]);
  });

  it('removes the emails that a value names, and all of them where it names none', () => {
    const [own] = jane.emails;
    const both = { op: 'add', path: 'emails', value: [{ value: 'j@home.example', type: 'home' }] };
    const remove = (value?: object) => patched(both, { op: 'Remove', path: 'emails', value }).emails;
    expect(remove([{ value: 'J@home.example' }])).toEqual([own]);
    expect(remove([])).toHaveLength(2);
    expect(remove()).toEqual([]);
  });

  it('leaves one email primary', () => {
    const value = [{ value: 'other@corp.example', type: 'other', primary: true }];
    expect(patched({ op: 'add', path: 'emails', value }).emails.filter(({ primary }) => primary)).toHaveLength(1);
  });

  it.each([
    { op: 'replace', path: 'nickName', value: 'J' },
    { op: 'add', path: 'addresses[type eq "work"].streetAddress', value: 'x' },
    { op: 'replace', path: `${enterprise}:manager`, value: { value: '26118915' } },
    { op: 'replace', value: { password: 'secret', nickName: 'J', 'a b': 1, __proto: {} } },
    { op: 'add', path: 'password', value: 'secret' },
    { op: 'add', value: { [enterprise]: { department: 'x' } } },
    { op: 'replace', path: 'constructor.prototype', value: { polluted: true } },
    { op: 'add', path: '__proto__', value: { polluted: true } },
  ])('drops what is not kept: %j', (operation) => {
    const outcome = scimTypeOf(() => expect(patched(operation)).toEqual(jane));
    expect(['none', 'invalidPath']).toContain(outcome);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['mutability', { op: 'replace', path: 'id', value: 'other' }],
    ['mutability', { op: 'replace', path: `${userSchema}:id`, value: 'other' }],
    ['mutability', { op: 'remove', path: 'userName' }],
    ['mutability', { op: 'remove', path: 'active' }],
    ['mutability', { op: 'add', path: 'meta.version', value: '1' }],
    ['noTarget', { op: 'remove' }],
    ['invalidValue', { op: 'replace', path: 'active', value: 'no' }],
    ['invalidValue', { op: 'replace', path: 'userName', value: '' }],
    ['invalidValue', { op: 'replace', path: 'userName', value: 'a\u0000b' }],
    ['invalidValue', { op: 'replace', path: 'displayName', value: 'x'.repeat(257) }],
    ['invalidPath', { op: 'replace', path: 'emails[type eq "work"', value: 'x' }],
    ['invalidPath', { op: 'replace', path: 'name..givenName', value: 'x' }],
    ['invalidSyntax', { op: 'move', path: 'active', value: true }],
    ['invalidSyntax', { op: 'replace', OP: 'add', path: 'active', value: true }],
  ])('refuses with %s: %j', (expected, operation) => {
    expect(scimTypeOf(() => patched(operation))).toBe(expected);
  });

  it('refuses more operations than it would carry out', () => {
    const many = Array.from({ length: 1_001 }, () => ({ op: 'replace', path: 'active', value: true }));
    expect(scimTypeOf(() => operations(...many))).toBe('tooMany');
  });
});

describe('a PATCH of a group', () => {
  const changesOf = (...given: readonly object[]) => groupPatch(operations(...given)).members;

  it('removes those whom Entra names in a value, and does not empty the group', () => {
    expect(changesOf({ op: 'Remove', path: 'members', value: [{ $ref: null, value: 'a' }] })).toEqual([
      { kind: 'remove', ids: ['a'] },
    ]);
    expect(changesOf({ op: 'Remove', path: 'members', value: [] })).toEqual([{ kind: 'remove', ids: [] }]);
  });

  it('removes whom a filter selects, and everybody where nobody is named', () => {
    expect(changesOf({ op: 'remove', path: 'members[value eq "a"]' })).toEqual([{ kind: 'remove', ids: ['a'] }]);
    expect(changesOf({ op: 'remove', path: 'members' })).toEqual([{ kind: 'replace', ids: [] }]);
  });

  it('keeps the order of its changes', () => {
    const given = changesOf(
      { op: 'replace', path: 'members', value: [{ value: 'a' }] },
      { op: 'add', value: { members: [{ value: 'b' }, { value: 'b' }] } },
      { op: 'remove', path: 'members[value eq "a"]' },
    );
    expect(given).toEqual([
      { kind: 'replace', ids: ['a'] },
      { kind: 'add', ids: ['b'] },
      { kind: 'remove', ids: ['a'] },
    ]);
  });

  it('takes Okta’s rename, with the id inside the value', () => {
    const patch = groupPatch(operations({ op: 'replace', value: { id: 'another', displayName: 'payments' } }));
    expect(patch).toEqual({ displayName: 'payments', members: [] });
  });

  it('refuses to take away the name, and to change a part of a member', () => {
    expect(scimTypeOf(() => changesOf({ op: 'remove', path: 'displayName' }))).toBe('mutability');
    expect(scimTypeOf(() => changesOf({ op: 'add', path: 'members.value', value: 'a' }))).toBe('invalidPath');
    expect(scimTypeOf(() => changesOf({ op: 'remove', path: 'members[display eq "a"]' }))).toBe('invalidPath');
  });
});

describe('what one call may give', () => {
  it('is bounded before it is read', () => {
    const emails = Array.from({ length: 21 }, (_, i) => `a${i}@corp.example`);
    for (const op of ['add', 'replace', 'remove'])
      expect(scimTypeOf(() => patched({ op, path: 'emails', value: emails }))).toBe('tooMany');
    const paths = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`emails[type eq "${i}"].value`, 'a']));
    expect(scimTypeOf(() => patched({ op: 'add', value: paths }))).toBe('tooMany');
    expect(scimTypeOf(() => readUser({ schemas: [userSchema], userName: 'a', ...paths }))).toBe('tooMany');
  });

  it('says whether somebody is active under the name of the schema too', () => {
    const body = { schemas: [userSchema], userName: 'a' };
    expect(readUser({ ...body, [userSchema]: { active: false } })).toMatchObject({
      attributes: { active: false },
      tellsActive: true,
    });
    expect(readUser(body).tellsActive).toBe(false);
  });
});

describe('a body', () => {
  it('keeps the attributes of people and drops the rest', () => {
    const { attributes: user } = readUser({
      schemas: [userSchema, enterprise],
      id: 'other',
      userName: 'Jane@Corp.example',
      password: 'secret',
      name: { givenName: 'Jane', honorificPrefix: 'Dr.' },
      emails: [{ value: 'jane@corp.example', type: 'work', primary: true, display: 'x' }, {}],
      phoneNumbers: [{ value: '1' }],
      [enterprise]: { department: 'x' },
      meta: { version: 'x' },
    });
    expect(user).toEqual({
      userName: 'Jane@Corp.example',
      externalId: null,
      active: true,
      displayName: null,
      name: { formatted: null, familyName: null, givenName: 'Jane' },
      emails: [{ value: 'jane@corp.example', type: 'work', primary: true }],
    });
    expect(JSON.stringify(user)).not.toContain('secret');
  });

  it('is refused without the schema, without a name, and with a name twice', () => {
    expect(scimTypeOf(() => readUser({ userName: 'jane' }))).toBe('invalidSyntax');
    expect(scimTypeOf(() => readUser({ schemas: [userSchema] }))).toBe('invalidValue');
    expect(scimTypeOf(() => readUser({ schemas: [userSchema], userName: 'a', username: 'b' }))).toBe('invalidSyntax');
    expect(scimTypeOf(() => readUser([]))).toBe('invalidSyntax');
    expect(scimTypeOf(() => readGroup({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'] }))).toBe(
      'invalidValue',
    );
  });
});
