// Tests src/access/watch-reviewers.ts
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { makeApiToken } from '../../../../src/callers/api-tokens.js';
import { endingReviewers } from '../../../../src/access/watch-reviewers.js';

const now = new Date('2026-03-01T10:00:00Z');
const day = 86_400;
const reviewer = (cluster: string, expiresInSeconds: number | null) =>
  makeApiToken({ name: 'api-server', roles: ['reviewer'], cluster, expiresInSeconds }, [], {
    now,
    random: randomBytes,
  });

it('warns of a cluster whose last reviewer ends within two weeks, and of no other one', () => {
  const live = [
    reviewer('soon', 3 * day),
    reviewer('soon', 5 * day),
    reviewer('rotated', 3 * day),
    reviewer('rotated', 60 * day),
    reviewer('lasting', 3 * day),
    reviewer('lasting', null),
  ];
  expect(endingReviewers(live, now)).toEqual([{ cluster: 'soon', endsAt: new Date('2026-03-06T10:00:00Z') }]);
});
