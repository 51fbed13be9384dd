// Tests src/policy/selector.ts
import { describe, expect, it } from 'vitest';
import type { PrincipalSelector } from '../../../src/model/decision.js';
import { matchesPrincipal } from '../../../src/policy/selector.js';
import { requester } from './builders.js';

describe('matchesPrincipal', () => {
  const jane = requester({ name: 'jane', groups: ['leads', 'staff'], roles: ['approver'] });
  const rows: [string, PrincipalSelector, boolean][] = [
    ['nothing said matches any', {}, true],
    ['a name', { names: ['j*'] }, true],
    ['another name', { names: ['joe'] }, false],
    ['an empty list of names', { names: [] }, false],
    ['one of the groups', { groups: ['none', 'lead*'] }, true],
    ['another group', { groups: ['lead'] }, false],
    ['an empty list of groups', { groups: [] }, false],
    ['a role', { roles: ['admin', 'approver'] }, true],
    ['another role', { roles: ['admin'] }, false],
    ['an empty list of roles', { roles: [] }, false],
    ['all fields', { names: ['jane'], groups: ['staff'], roles: ['approver'] }, true],
    ['all fields but one', { names: ['jane'], groups: ['staff'], roles: ['admin'] }, false],
    ['a variable has no meaning here', { names: ['${requester.username}'] }, false],
  ];
  it.each(rows)('%s', (_, selector, matches) => {
    expect(matchesPrincipal(selector, jane)).toBe(matches);
  });
});
