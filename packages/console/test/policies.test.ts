// Tests packages/console/src/pages/policies/in-words.ts
import { describe, expect, it } from 'vitest';
import { checkInWords, policyInWords, valueInWords } from '../src/pages/policies/in-words.js';

describe('a policy in words', () => {
  it('says what it leaves out as what that means', () => {
    expect(policyInWords('Policy', { selector: {}, approval: { mode: 'manual' } })).toEqual([
      ['Clusters', 'any'],
      ['Asked by', 'anybody who may ask'],
      ['Usernames', 'none'],
      ['Groups', 'none'],
      ['Collected by', 'the requester alone'],
      ['Given', 'after approval by any approver'],
    ]);
  });

  it('has a phrase for each part', () => {
    const words = policyInWords('Policy', {
      selector: {
        clusters: ['prod-*', 'stage'],
        labels: { team: ['payments'] },
        requesters: { groups: ['sre'], roles: ['requester'] },
      },
      allowed: {
        usernames: ['*@corp.example'],
        groups: ['team-*', 'oncall'],
        groupsFromDirectory: { leads: ['ops'] },
        collectors: ['*'],
      },
      constraints: {
        minExpirationSeconds: 600,
        maxExpirationSeconds: 43_200,
        keyAlgorithms: ['Ed25519'],
        minRsaBits: 3072,
        reason: { pattern: 'INC-.*' },
        hours: { timeZone: 'Europe/Berlin', weekdays: ['Mon', 'Tue'], from: '08:00' },
        notAfter: '2027-01-01T00:00:00Z',
      },
      validations: [
        { expression: 'true', message: 'at most three groups' },
        { expression: 'request.groups.size() < 4' },
      ],
      quota: { livePerUsername: 3 },
      approval: {
        mode: 'manual',
        stages: [{ count: 2, approvers: { groups: ['team-leads'] } }, { approvers: { names: ['bob'] } }],
      },
      renewal: { approval: 'auto', withinSeconds: 604_800 },
    });
    expect(words).toEqual([
      ['Clusters', 'prod-* or stage'],
      ['Asked by', 'anyone in sre, and anyone with the role requester'],
      ['Label team', 'payments'],
      ['Usernames', '*@corp.example'],
      ['Groups', 'team-* or oncall'],
      ['Members of leads', 'also the groups ops'],
      ['Collected by', 'any'],
      ['For at least', '10 minutes'],
      ['For at most', '12 hours'],
      ['Keys', 'Ed25519'],
      ['RSA keys', 'of at least 3072 bits'],
      ['Reason', 'matches INC-.*'],
      ['Hours', 'Mon, Tue, 08:00 to 24:00 (Europe/Berlin)'],
      ['Not after', '2027-01-01T00:00:00Z'],
      ['Must hold', 'at most three groups'],
      ['Must hold', 'request.groups.size() < 4'],
      ['At most', '3 live certificates of a username'],
      ['Given', 'after approval by 2 people (anyone in team-leads), then by bob'],
      ['Renewed', 'at once, within 7 days after people approved'],
    ]);
  });

  it('says what a guardrail matches, and whether it denies or asks for an approval', () => {
    const match = { usernames: ['root'], groups: ['x-*'] };
    expect(policyInWords('Guardrail', { match, message: 'not given out' })).toEqual([
      ['Clusters', 'any'],
      ['Asked by', 'anybody who may ask'],
      ['Usernames', 'root'],
      ['Groups', 'x-*'],
      ['Denies', 'not given out'],
    ]);
    const words = policyInWords('Guardrail', {
      matchConditions: [{ name: 'at night', expression: 'now.getHours() > 20' }],
      resolvesTo: ['cluster-admin', 'secrets'],
      approval: { stages: [{ count: 2 }] },
      message: 'two people',
    });
    expect(words.slice(2)).toEqual([
      ['If at night', 'now.getHours() > 20'],
      ['If it opens', 'cluster-admin or secrets'],
      ['Given', 'after approval by 2 people (any approver)'],
    ]);
  });
});

describe('a check of a decision', () => {
  it.each([
    ['selector.clusters', 'Clusters'],
    ['selector.requesters.groups', 'Asked by'],
    ['selector.labels.example.com/team', 'Label example.com/team'],
    ['allowed.usernames', 'Usernames'],
    ['allowed.groups', 'Groups'],
    ['allowed.collectors', 'Collected by'],
    ['constraints.maxExpirationSeconds', 'For at most'],
    ['validations[0]', 'Must hold'],
    ['quota.livePerUsername', 'At most'],
    ['match.groups', 'Groups'],
    ['matchConditions.at night', 'If at night'],
    ['renewal.lineage', 'Renewal lineage'],
  ])('%s has the words of the policy: %s', (check, words) => expect(checkInWords(check)).toBe(words));

  it('says a lifetime as a duration, and nothing else', () => {
    expect(valueInWords('constraints.maxExpirationSeconds', 'at most 604800')).toBe('at most 7 days');
    expect(valueInWords('constraints.minRsaBits', 'at least 3072')).toBe('at least 3072');
  });
});
