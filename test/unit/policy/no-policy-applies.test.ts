// Tests src/policy/no-policy-applies.ts
import { expect, it } from 'vitest';
import { decide } from '../../../src/policy/decide.js';
import type { Policy } from '../../../src/policy/policy-set.js';
import { facts, now, policy, policySet, request, requester } from './builders.js';

/** The message to petra, a provisioner in no group, who asks for cluster dev-eu without labels. */
function messageUnder(policies: readonly Policy[], over: Partial<Parameters<typeof requester>[0]> = {}): string {
  const petra = requester({ name: 'petra', groups: [], roles: ['provisioner'], ...over });
  const { violations } = decide(request({ collector: petra.name }), petra, facts(), policySet(policies), now);
  expect(violations).toEqual([
    { source: 'built-in/default-deny', reason: 'NoPolicyApplies', message: expect.any(String) as string },
  ]);
  return violations[0]?.message ?? '';
}

const begin = 'no policy applies to requests of "petra" on cluster "dev-eu"';

it('says that no policy is loaded', () => {
  expect(messageUnder([])).toBe(`${begin}: no policy is loaded`);
});

it.each<[string, Parameters<typeof policy>[1], string]>([
  [
    'a role',
    { selector: { requesters: { roles: ['requester', 'admin'] } } },
    'needs role requester or admin; you have provisioner',
  ],
  ['a name', { selector: { requesters: { names: ['hr-*'] } } }, 'needs requester "hr-*"; you are "petra"'],
  ['a group', { selector: { requesters: { groups: ['leads'] } } }, 'needs group "leads"; you are in no group'],
  ['a cluster', { selector: { clusters: ['prod-*', 'qa'] } }, 'needs cluster "prod-*" or "qa"; you ask for "dev-eu"'],
  ['a label', { selector: { labels: { team: ['a', 'b'] } } }, 'needs label team "a" or "b"; you give none'],
  [
    'a list that matches nothing',
    { selector: { clusters: [], requesters: { roles: [] } } },
    'needs cluster of an empty list, which matches none and role of an empty list, which matches none; ' +
      'you ask for "dev-eu" and you have provisioner',
  ],
  [
    'a later time',
    { constraints: { notBefore: '2026-03-01T00:00:00Z' } },
    'needs a time from 2026-03-01T00:00:00.000Z on; it is 2026-01-02T03:04:05.000Z',
  ],
  [
    'an earlier time',
    { constraints: { notAfter: '2025-03-01T00:00:00Z' } },
    'needs a time until 2025-03-01T00:00:00.000Z; it is 2026-01-02T03:04:05.000Z',
  ],
  [
    'several things at once',
    { selector: { clusters: ['qa'], requesters: { names: ['*'], roles: ['requester'] } } },
    'needs cluster "qa" and role requester; you ask for "dev-eu" and you have provisioner',
  ],
])('names %s that did not fit', (_, spec, words) => {
  expect(messageUnder([policy('developers', spec)])).toBe(`${begin}. policy developers: ${words}`);
});

it('names the value of a label, and the groups, that the request has', () => {
  const selector = { labels: { team: ['a'] }, requesters: { groups: ['leads'] } };
  const petra = requester({ name: 'petra', groups: ['ops', 'on-call'] });
  const asked = request({ collector: 'petra', labels: { team: 'z' } });
  const { violations } = decide(asked, petra, facts(), policySet([policy('p', { selector })]), now);
  expect(violations[0]?.message).toBe(
    `${begin}. policy p: needs label team "a" and group "leads"; you give "z" and you are in "ops" and "on-call"`,
  );
});

it('names the nearest policy first: few fields that do not match, then many that do', () => {
  const far = policy('far', { selector: { clusters: ['qa'], requesters: { roles: ['requester'] } } });
  const near = policy('near', { selector: { requesters: { names: ['hr-*'] } } });
  const nearest = policy('nearest', { selector: { clusters: ['dev-*'], requesters: { roles: ['requester'] } } });
  const named = [...messageUnder([far, near, nearest]).matchAll(/policy (\w+):/g)].map(([, name]) => name);
  expect(named).toEqual(['nearest', 'near', 'far']);
});

it('stays short and plain, whatever the policies and the requester are called', () => {
  const long = policy('p', { selector: { requesters: { names: Array.from({ length: 1000 }, (_, i) => `n${i}`) } } });
  expect(messageUnder([long])).toContain('needs requester "n0", "n1", "n2" or 997 others; ');
  const several = Array.from({ length: 7 }, (_, i) => policy(`p${i}`, { selector: { clusters: ['qa'] } }));
  expect(messageUnder(several)).toMatch(/policy p4: .*\. 2 more policies do not apply either$/);

  const names = Array.from({ length: 50 }, (_, i) => `${'\u202e'.repeat(200)}${i}`);
  const selector = { requesters: { names, groups: names }, clusters: names };
  const many = Array.from({ length: 300 }, (_, i) => policy(`p${i}`, { selector }));
  const message = messageUnder(many, { groups: names });
  expect(message).toMatch(/\. 299 more policies do not apply either$/);
  expect(message).not.toContain('\u202e');
  expect(message.length).toBeLessThan(4096);
});
