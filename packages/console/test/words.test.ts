// Tests packages/console/src/parts/words.ts, packages/console/src/pages/audit/event-types.ts
import { describe, expect, it } from 'vitest';
import { eventTypes } from '../src/pages/audit/event-types.js';
import {
  approversInWords,
  distance,
  duration,
  either,
  instantsIn,
  many,
  sentence,
  spaced,
} from '../src/parts/words.js';

describe('a duration', () => {
  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [59.6, '1 minute'],
    [600, '10 minutes'],
    [5_400, '1 hour 30 minutes'],
    [28_800, '8 hours'],
    [86_400, '1 day'],
    [90_061, '1 day 1 hour 1 minute 1 second'],
    [31_536_000, '365 days'],
  ])('of %d seconds is %s', (seconds, words) => expect(duration(seconds)).toBe(words));
});

describe('a distance', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  it.each([
    [0, 'just now'],
    [-44, 'just now'],
    [44, 'in a moment'],
    [-45, '1 minute ago'],
    [-89, '1 minute ago'],
    [-90, '2 minutes ago'],
    [16 * 60, 'in 16 minutes'],
    [-3_569, '59 minutes ago'],
    [-3_570, '1 hour ago'],
    [-3_600, '1 hour ago'],
    [23.4 * 3_600, 'in 23 hours'],
    [23.5 * 3_600, 'in 1 day'],
    [3 * 86_400, 'in 3 days'],
    [-400 * 86_400, '400 days ago'],
  ])('of %d seconds is %s', (seconds, words) => {
    expect(distance(now + seconds * 1000, now)).toBe(words);
    expect(distance(new Date(now + seconds * 1000).toISOString(), now)).toBe(words);
  });
});

describe('an instant', () => {
  const now = Date.parse('2026-12-31T23:30:00Z');
  it.each([
    [
      'UTC',
      '2026-11-29T04:48:30Z',
      'Sun 29 Nov, 04:48',
      'UTC',
      '29 Nov 2026, 04:48:30 UTC (29 Nov 2026, 04:48:30 UTC)',
    ],
    [
      'Europe/Berlin',
      '2026-11-29T04:48:30Z',
      '29 Nov 2026, 05:48',
      'CET',
      '29 Nov 2026, 05:48:30 CET (29 Nov 2026, 04:48:30 UTC)',
    ],
    [
      'Europe/Berlin',
      '2027-07-01T04:48:30Z',
      'Thu 1 Jul, 06:48',
      'CEST',
      '1 Jul 2027, 06:48:30 CEST (1 Jul 2027, 04:48:30 UTC)',
    ],
    [
      'Asia/Kolkata',
      '2026-12-31T23:45:00Z',
      'Fri 1 Jan, 05:15',
      'GMT+5:30',
      '1 Jan 2027, 05:15:00 GMT+5:30 (31 Dec 2026, 23:45:00 UTC)',
    ],
    [
      'America/New_York',
      '2027-01-01T02:00:00Z',
      'Thu 31 Dec, 21:00',
      'GMT-5',
      '31 Dec 2026, 21:00:00 GMT-5 (1 Jan 2027, 02:00:00 UTC)',
    ],
    [
      'America/New_York',
      '2025-01-01T02:00:00Z',
      '31 Dec 2024, 21:00',
      'GMT-5',
      '31 Dec 2024, 21:00:00 GMT-5 (1 Jan 2025, 02:00:00 UTC)',
    ],
  ])('in %s: %s', (timeZone, instant, words, zone, exact) => {
    const { at, zoneAt, exactly } = instantsIn(timeZone, 'en-GB');
    expect([at(instant, now), zoneAt(instant), exactly(instant)]).toEqual([words, zone, exact]);
    expect(at(Date.parse(instant), now)).toBe(words);
  });
});

describe('a name of the API', () => {
  it.each([
    ['CertificateRequested', 'Certificate requested'],
    ['ApiTokenCreated', 'API token created'],
    ['read-cluster-csrs', 'Read cluster CSRs'],
    ['manage-api-tokens', 'Manage API tokens'],
    ['localCA', 'Local CA'],
    ['key_proof', 'Key proof'],
  ])('%s is %s', (name, words) => expect(spaced(name)).toBe(words));

  it('becomes words for every type of audit event, and no two have the same', () => {
    const words = eventTypes.map(spaced);
    for (const one of words) expect(one).toMatch(/^(API|[A-Z][a-z]+)( API| [a-z]+)+$/);
    expect(new Set(words).size).toBe(eventTypes.length);
    expect(eventTypes.length).toBeGreaterThan(40);
  });
});

describe('those who may approve', () => {
  it.each([
    [{}, 'any approver'],
    [{ names: ['bob'] }, 'bob'],
    [{ groups: ['team-leads'] }, 'anyone in team-leads'],
    [{ groups: ['a', 'b', 'c'] }, 'anyone in a, b or c'],
    [{ roles: ['admin'] }, 'anyone with the role admin'],
    [{ names: ['bob', 'eve'], groups: ['security'] }, 'bob or eve, and anyone in security'],
    [{ names: [] }, 'nobody'],
  ])('%j are: %s', (approvers, words) => expect(approversInWords(approvers)).toBe(words));
});

describe('a sentence', () => {
  it.each([
    ['no such request', 'No such request.'],
    ['Is it?', 'Is it?'],
    ['done.', 'Done.'],
    ['', '.'],
  ])('of %j is %j', (text, words) => expect(sentence(text)).toBe(words));
});

it('joins alternatives, and counts', () => {
  expect([either([]), either(['a']), either(['a', 'b'])]).toEqual(['', 'a', 'a or b']);
  expect([many(1, 'request'), many(1, 'request', true), many(12_000, 'request')]).toEqual([
    '1 request',
    '1+ requests',
    '12,000 requests',
  ]);
});
