// Tests src/directory/scim/scim-input.ts
import { describe, expect, it } from 'vitest';
import {
  readGroupFilter,
  readPath,
  readUserFilter,
  ScimInputError,
} from '../../../../../src/directory/scim/scim-input.js';

describe('a filter of users', () => {
  it.each([
    ['userName eq "Jane@corp.example"', [{ attribute: 'userName', value: 'Jane@corp.example' }]],
    ['USERNAME EQ "a\\"b"', [{ attribute: 'userName', value: 'a"b' }]],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "a"', [{ attribute: 'userName', value: 'a' }]],
    [
      'externalId eq "4711" and active eq true',
      [
        { attribute: 'externalId', value: '4711' },
        { attribute: 'active', value: true },
      ],
    ],
    ['active eq "False"', [{ attribute: 'active', value: false }]],
    ['emails[type eq "work"].value eq "a@b"', [{ attribute: 'email', value: 'a@b', type: 'work' }]],
    ['emails[type eq "work" and value eq "a@b"]', [{ attribute: 'email', value: 'a@b', type: 'work' }]],
    ['emails[value eq "a@b"]', [{ attribute: 'email', value: 'a@b', type: null }]],
    ['emails.value eq "a@b"', [{ attribute: 'email', value: 'a@b', type: null }]],
    ['id eq "x"', [{ attribute: 'id', value: 'x' }]],
    [
      'id eq "x" AND manager EQ "y"',
      [
        { attribute: 'id', value: 'x' },
        { attribute: 'notKept', value: 'y' },
      ],
    ],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "y"',
      [{ attribute: 'notKept', value: 'y' }],
    ],
  ])('is read: %s', (written, expected) => {
    expect(readUserFilter(written)).toEqual(expected);
  });

  it.each([
    '',
    'userName',
    'userName eq',
    'userName eq jane',
    'userName eq "jane',
    'userName co "j"',
    'userName eq "a" or userName eq "b"',
    'not (userName eq "a")',
    '(userName eq "a")',
    'userName eq "a" and',
    'userName eq 1',
    'active eq "maybe"',
    'nickName eq "a"',
    '__proto__ eq "a"',
    'emails[type eq "work"]',
    'emails[value eq "a" and value eq "b"]',
    'emails[type eq "work"] eq "a"',
    'emails[type eq "work" and type eq "home"].value eq "a"',
    'emails.x[type eq "a"].value eq "b"',
    `userName eq "${'a'.repeat(2_048)}"`,
    Array.from({ length: 11 }, () => 'userName eq "a"').join(' and '),
  ])('is refused: %s', (written) => {
    expect(() => readUserFilter(written)).toThrow(ScimInputError);
  });
});

it('reads the filters of groups', () => {
  expect(readGroupFilter('displayName eq "a" and members.value eq "b"')).toEqual([
    { attribute: 'displayName', value: 'a' },
    { attribute: 'member', value: 'b' },
  ]);
  expect(readGroupFilter('members[value eq "b"]')).toEqual([{ attribute: 'member', value: 'b' }]);
  expect(() => readGroupFilter('members[value eq "b"] eq "a"')).toThrow(ScimInputError);
});

it('reads paths', () => {
  expect(readPath('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value').path).toEqual({
    schema: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user',
    attribute: 'manager',
    sub: 'value',
  });
  expect(readPath('members[value eq "a"]').selected).toHaveLength(1);
});
