// Tests src/callers/oidc/person-of-claims.ts
import { describe, expect, it } from 'vitest';
import type { NamingRules } from '../../../../../src/callers/oidc/token-rules.js';
import { freeNames, reservedNames } from '../../../../helpers/reserved-names.js';
import { personOfClaims } from '../../../../../src/callers/oidc/person-of-claims.js';

const rules: NamingRules = {
  ...{ name: 'corp', usernameClaim: 'sub', usernamePrefix: '', groupsClaim: 'groups', groupsPrefix: '' },
  othersPrefixes: { usernames: [], groups: [] },
};
const jane = { sub: 'jane' };

const person = (claims: Readonly<Record<string, unknown>>, more: Partial<NamingRules> = {}) => {
  const found = personOfClaims(claims, { ...rules, ...more });
  return 'outcome' in found ? { ok: false as const, refusal: found } : { ok: true as const, person: found };
};
const refusal = (claims: Readonly<Record<string, unknown>>, more: Partial<NamingRules> = {}) => {
  const answer = person(claims, more);
  return answer.ok ? answer : answer.refusal;
};

describe('the name of a person', () => {
  it('is the claim behind the prefix', () => {
    expect(person(jane)).toEqual({ ok: true, person: { name: 'jane', groups: [], unmatchedGroups: 0 } });
    const email = { ...jane, email: 'Jane@corp.example', email_verified: true };
    expect(person(email, { usernameClaim: 'email', usernamePrefix: 'corp:' })).toMatchObject({
      person: { name: 'corp:Jane@corp.example' },
    });
  });

  it('may have 253 characters, and no more', () => {
    expect(person({ sub: 'j'.repeat(253) })).toMatchObject({ ok: true });
    expect(refusal({ sub: 'j'.repeat(254) })).toMatchObject({
      reason: 'NameNotPermitted',
      message: '"sub" cannot be a name: it is 254 characters long, at most 253 are allowed',
    });
    expect(refusal({ sub: 'j'.repeat(250) }, { usernamePrefix: 'corp:' })).toMatchObject({
      reason: 'NameNotPermitted',
    });
  });

  it.each([
    ['missing', {}],
    ['empty', { sub: '' }],
    ['a number', { sub: 7 }],
    ['a list', { sub: ['jane'] }],
    ['null', { sub: null }],
  ])('is refused where the claim is %s', (_, claims) => {
    expect(refusal(claims)).toMatchObject({ outcome: 'refused', reason: 'NameMissing' });
  });

  it('is no member that every object has', () => {
    expect(refusal(jane, { usernameClaim: 'constructor' })).toMatchObject({ reason: 'NameMissing' });
    expect(refusal(JSON.parse('{"__proto__":{"sub":"root"}}') as Record<string, unknown>)).toMatchObject({
      reason: 'NameMissing',
    });
  });

  it.each([
    ' jane',
    'jane ',
    'jane doe',
    'jane\n',
    'jane\0',
    '/jane',
    'jane,O=system:masters',
    'jäne',
    'ｊane',
    'jane\u202e',
    'auth0|5f7c8ec7',
    '-jane',
  ])('is refused, not trimmed: %j', (sub) => {
    expect(refusal({ sub })).toMatchObject({ outcome: 'refused', reason: 'NameNotPermitted' });
  });

  it.each(reservedNames)('is not reserved: %s', (sub) => {
    expect(refusal({ sub })).toMatchObject({ outcome: 'refused', reason: 'NameReserved' });
    expect(person({ sub }, { usernamePrefix: 'corp:' })).toMatchObject({ person: { name: `corp:${sub}` } });
  });

  it('is not reserved as prefix and claim together', () => {
    expect(refusal({ sub: 'glass' }, { usernamePrefix: 'break-' })).toMatchObject({ reason: 'NameReserved' });
  });

  it.each(freeNames)('may be %s, which no reserved name looks like', (sub) => {
    expect(person({ sub })).toMatchObject({ person: { name: sub } });
  });

  it.each([false, 'false', 'False', 'no', 0, null])('is no address with email_verified %j', (verified) => {
    const claims = { email: 'jane@corp.example', email_verified: verified };
    expect(refusal(claims, { usernameClaim: 'email' })).toMatchObject({ reason: 'EmailNotVerified' });
    expect(person({ ...claims, ...jane })).toMatchObject({ ok: true });
  });

  it.each([true, 'true'])('is an address with email_verified %j', (verified) => {
    const claims = { email: 'jane@corp.example', email_verified: verified };
    expect(person(claims, { usernameClaim: 'email' })).toMatchObject({ ok: true });
  });

  it('is an address where email_verified is not said, which some providers never do', () => {
    expect(person({ email: 'jane@corp.example' }, { usernameClaim: 'email' })).toMatchObject({ ok: true });
  });

  it('never begins as the names that others give', () => {
    const othersPrefixes = { usernames: ['partner:', 'eu:system:'], groups: [] };
    for (const sub of ['partner:bob', 'Partner:bob', 'eu:system:serviceaccount:ci:deployer'])
      expect(refusal({ sub }, { othersPrefixes })).toMatchObject({ outcome: 'refused', reason: 'NameOfAnotherIssuer' });
    expect(person({ sub: 'partnership' }, { othersPrefixes })).toMatchObject({ ok: true });
    expect(
      refusal({ sub: 'system:serviceaccount:ci:deployer' }, { usernamePrefix: 'eu:', othersPrefixes }),
    ).toMatchObject({ reason: 'NameOfAnotherIssuer' });
  });
});

describe('the groups of a person', () => {
  it('are a list of texts, or one text, behind the prefix and each once', () => {
    expect(person({ ...jane, groups: ['a', 'b', 'a'] })).toMatchObject({ person: { groups: ['a', 'b'] } });
    expect(person({ ...jane, groups: 'a' }, { groupsPrefix: 'corp:' })).toMatchObject({
      person: { groups: ['corp:a'] },
    });
    expect(person({ ...jane, roles: ['a'] }, { groupsClaim: 'roles' })).toMatchObject({ person: { groups: ['a'] } });
  });

  it('are left out and counted where nobody could name them here', () => {
    const groups = [
      '/team',
      'two words',
      '',
      'x'.repeat(254),
      'Domain Users',
      'ops',
      'grüße',
      'system:masters',
      'System:x',
    ];
    expect(person({ ...jane, groups })).toMatchObject({ person: { groups: ['ops'], unmatchedGroups: 8 } });
  });

  it('are named as the provider does where the prefix makes them names', () => {
    expect(person({ ...jane, groups: ['/team'] }, { groupsPrefix: 'corp:' })).toMatchObject({
      person: { groups: ['corp:/team'], unmatchedGroups: 0 },
    });
    expect(person({ ...jane, groups: [''] }, { groupsPrefix: 'corp' })).toMatchObject({
      person: { groups: [], unmatchedGroups: 1 },
    });
  });

  it('never begin as the groups that others give', () => {
    const othersPrefixes = { usernames: [], groups: ['partner:', 'system:'] };
    expect(person({ ...jane, groups: ['partner:admins', 'PARTNER:x', 'ours'] }, { othersPrefixes })).toMatchObject({
      person: { groups: ['ours'], unmatchedGroups: 2 },
    });
  });

  it.each([
    ['a number', 7],
    ['an object', { admins: true }],
    ['a list with a number', ['a', 7]],
    ['a list of lists', [['a']]],
  ])('are refused where the claim is %s', (_, groups) => {
    expect(refusal({ ...jane, groups })).toMatchObject({ outcome: 'refused', reason: 'GroupsUnreadable' });
  });

  it('are refused past 1,000', () => {
    const groups = (count: number) => Array.from({ length: count }, (_, i) => `g${i}`);
    expect(person({ ...jane, groups: groups(1000) })).toMatchObject({ ok: true });
    expect(refusal({ ...jane, groups: groups(1001) })).toMatchObject({ reason: 'TooManyGroups' });
  });

  it('are never taken for none where the token says that they are elsewhere', () => {
    const names = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } };
    const elsewhere = { outcome: 'refused', reason: 'GroupsNotInToken' };
    expect(refusal({ ...jane, ...names })).toMatchObject(elsewhere);
    expect(refusal({ ...jane, ...names, groups: ['a'] })).toMatchObject(elsewhere);
    expect(refusal({ ...jane, hasgroups: true })).toMatchObject(elsewhere);
    expect(refusal({ ...jane, _claim_names: { roles: 'src1' } }, { groupsClaim: 'roles' })).toMatchObject(elsewhere);
    expect(person({ ...jane, _claim_names: { address: 'src1' } })).toMatchObject({ ok: true });
    expect(person({ ...jane, ...names }, { groupsClaim: 'roles' })).toMatchObject({ ok: true });
  });
});
