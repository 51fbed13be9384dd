// Tests src/policy/decide.ts, src/policy/selector.ts, src/policy/policy-set.ts
import { describe, expect, it } from 'vitest';
import { groupsGivenOnly, groupsOfDirectory, type Policy } from '../../../src/policy/policy-set.js';
import { decide } from '../../../src/policy/decide.js';
import { facts, now, policy, policySet, request, requester, type PolicySpec } from './builders.js';

const spec = (allowed: PolicySpec['allowed'], over: Partial<PolicySpec> = {}) => ({
  allowed: { usernames: ['*'], collectors: ['*'], ...allowed },
  ...over,
});
/** The lost groups of a certificate of jane with group `team` that hr-portal asked for, in these directory groups. */
const lost = (policies: readonly Policy[], names: readonly string[], by = requester(), username = 'jane') =>
  groupsGivenOnly(policySet(policies), { cluster: 'dev-eu', username, requester: by }, ['team', 'other'], names, now);
/** Whether the requester may ask for it now. */
const mayAsk = (policies: readonly Policy[], names: readonly string[], by = requester(), username = 'jane') => {
  const party = { state: 'active', reused: false } as const;
  const directory = {
    required: false,
    username: { ...party, groups: names },
    ...{ requester: { ...party, groups: [] }, collector: { ...party, groups: [] } },
  };
  const asked = request({ username, groups: ['team'] });
  return decide(asked, by, facts({ directory }), policySet(policies), now).outcome === 'permitted';
};

const byG1 = policy('by-g1', spec({ groupsFromDirectory: { g1: ['team'] } }));
const later = '2026-02-01T00:00:00Z';
const earlier = '2026-01-01T00:00:00Z';

describe('a group that only the directory gives', () => {
  it.each([
    ['is not lost by its members', [byG1], ['g1'], false],
    ['is lost by everybody else', [byG1], [], true],
    [
      'is given by another directory group',
      [byG1, policy('g2', spec({ groupsFromDirectory: { g2: ['t*'] } }))],
      ['g2'],
      false,
    ],
    ['is given by name', [byG1, policy('name', spec({ groups: ['team'] }))], [], false],
    [
      'is not given by a policy for other usernames',
      [byG1, policy('name', spec({ usernames: ['alice'], groups: ['team'] }))],
      [],
      true,
    ],
    [
      'is not given by membership in a policy for other usernames',
      [byG1, policy('g2', spec({ usernames: ['alice'], groupsFromDirectory: { g2: ['team'] } }))],
      ['g2'],
      true,
    ],
    [
      'is not given by a policy for another cluster',
      [byG1, policy('name', spec({ groups: ['team'] }, { selector: { clusters: ['prod'] } }))],
      [],
      true,
    ],
    [
      'is not given by a policy for other requesters',
      [byG1, policy('name', spec({ groups: ['team'] }, { selector: { requesters: { roles: ['admin'] } } }))],
      [],
      true,
    ],
    [
      'is given by a policy for the requester’s groups',
      [byG1, policy('name', spec({ groups: ['team'] }, { selector: { requesters: { groups: ['onboarding'] } } }))],
      [],
      false,
    ],
    [
      'is not given by a policy whose time is over',
      [byG1, policy('name', spec({ groups: ['team'] }, { constraints: { notAfter: earlier } }))],
      [],
      true,
    ],
    [
      'is not given by a policy whose time is to come',
      [byG1, policy('name', spec({ groups: ['team'] }, { constraints: { notBefore: later } }))],
      [],
      true,
    ],
    [
      'is given by name to the requester alone',
      [byG1, policy('own', spec({ usernames: ['${requester.username}'], groups: ['team'] }))],
      [],
      true,
    ],
  ] as const)('%s', (_, policies, names, isLost) => {
    expect(lost(policies, names)).toEqual(isLost ? ['team'] : []);
    expect(mayAsk(policies, names)).toBe(!isLost);
  });

  it('is not lost by somebody who may give it to themselves', () => {
    const own = policy('own', spec({ usernames: ['${requester.username}'], groups: ['team'] }));
    const named = policy('named', spec({ groups: ['of-${requester.username}', 'other'] }));
    const jane = requester({ name: 'jane' });
    expect(lost([byG1, own], [], jane)).toEqual([]);
    expect(mayAsk([byG1, own], [], jane)).toBe(true);
    const gives = policy('gives', spec({ groupsFromDirectory: { g1: ['of-*'] } }));
    const subject = { cluster: 'dev-eu', username: 'x', requester: jane };
    expect(groupsGivenOnly(policySet([gives, named]), subject, ['of-jane', 'of-ann'], [], now)).toEqual(['of-ann']);
  });

  it('is no group of a policy that neither requester, username nor cluster could use', () => {
    for (const over of [
      spec({ groupsFromDirectory: { g1: ['team'] }, usernames: ['alice'] }),
      spec({ groupsFromDirectory: { g1: ['team'] } }, { selector: { clusters: ['prod'] } }),
      spec({ groupsFromDirectory: { g1: ['team'] } }, { selector: { requesters: { names: ['root'] } } }),
      spec({ groupsFromDirectory: { g1: ['team'] } }, { constraints: { notAfter: earlier } }),
    ])
      expect(lost([policy('unusable', over)], [])).toEqual([]);
  });

  it('is given by name whatever labels, hours, expressions and quotas say, for another request may satisfy them', () => {
    for (const over of [
      spec({ groups: ['team'] }, { selector: { labels: { env: ['sandbox'] } } }),
      spec({ groups: ['team'] }, { validations: [{ expression: 'directory.groups.exists(g, g == "g1")' }] }),
      spec({ groups: ['team'] }, { quota: { livePerUsername: 1 } }),
    ])
      expect(lost([byG1, policy('name', over)], [])).toEqual([]);
  });

  it('is one of those that the directory gives to anybody on the cluster', () => {
    const alice = policy('alice', spec({ usernames: ['alice'], groupsFromDirectory: { g1: ['team'] } }));
    const prod = policy('prod', spec({ groupsFromDirectory: { g1: ['other'] } }, { selector: { clusters: ['prod'] } }));
    expect(groupsOfDirectory(policySet([alice, prod]), 'dev-eu', ['team', 'other'])).toEqual(['team']);
    expect(groupsOfDirectory(policySet([alice, prod]), 'prod', ['team', 'other'])).toEqual(['team', 'other']);
  });
});
