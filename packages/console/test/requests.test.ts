// Tests packages/console/src/pages/requests/request-words.ts, packages/console/src/pages/requests/differences.ts,
// packages/console/src/parts/steady.ts
import { describe, expect, it } from 'vitest';
import { differences } from '../src/pages/requests/differences.js';
import {
  listChange,
  nextToDecide,
  type Request,
  resultInWords,
  stagesOf,
  turnInWords,
} from '../src/pages/requests/request-words.js';
import { steadied } from '../src/parts/steady.js';

const approval = (principal: string, stage: number) => ({ principal, at: `at ${principal}`, comment: null, stage });

/** A request that two team leads approve, then security. */
const request = (more: object = {}): Request =>
  ({
    id: '1',
    state: 'pending',
    username: 'jane',
    cluster: 'demo',
    collector: 'jane',
    certificate: null,
    failure: null,
    approvals: [],
    awaiting: [
      { stage: 0, needed: 2, approvers: { groups: ['team-leads'] } },
      { stage: 1, needed: 1, approvers: { groups: ['security'] } },
    ],
    decision: {
      outcome: 'permitted',
      stages: [
        { count: 2, approvers: { groups: ['team-leads'] } },
        { count: 1, approvers: { groups: ['security'] } },
      ],
    },
    ...more,
  }) as unknown as Request;

describe('whose turn it is', () => {
  it.each([
    [{}, '2 × anyone in team-leads'],
    [{ awaiting: [{ stage: 1, needed: 1, approvers: { names: ['sam', 'kim'] } }] }, 'sam or kim'],
    [{ awaiting: [{ stage: 0, needed: 1 }] }, 'any approver'],
    [{ state: 'approved' }, 'jane collects it'],
    [{ state: 'approved', collector: 'me' }, 'yours to collect'],
    [{ state: 'issuing' }, 'being signed'],
    [{ state: 'issued', certificate: { status: 'revoked' } }, 'revoked'],
    [{ state: 'denied', decision: { outcome: 'denied' } }, 'by policy'],
    [{ state: 'denied' }, 'by an approver'],
    [{ state: 'failed', failure: { message: 'the cluster refused it' } }, 'the cluster refused it'],
    [{ state: 'cancelled' }, ''],
  ])('of %j is %j', (more, words) => {
    expect(turnInWords(request(more), 'me', false)).toBe(words);
  });

  it('is the reader’s where they could approve it', () => {
    expect(turnInWords(request(), 'me', true)).toBe('your turn');
  });
});

describe('what has become of a request', () => {
  const whole = { expirationSeconds: 3_600, cluster: 'prod-eu' };
  const leads = { stage: 0, needed: 2, approvers: { groups: ['team-leads'] } };
  const security = { stage: 1, needed: 1, approvers: { groups: ['security'] } };
  it.each([
    [{ awaiting: [security], approvals: [approval('otto', 0)] }, 'One more from security.'],
    [{ awaiting: [leads, security] }, 'It takes approvals: two from team-leads, then one from security.'],
    [{ awaiting: [{ stage: 0, needed: 1 }], approvals: [approval('otto', 0)] }, 'One more from any approver.'],
    [{ state: 'approved' }, 'The kubeconfig is ready for jane.'],
    [{ state: 'approved', collector: 'me' }, 'The kubeconfig is ready for you.'],
    [{ state: 'issuing' }, 'The certificate is being signed.'],
    [{ state: 'denied' }, 'No certificate is issued.'],
    [{ state: 'failed', failure: { message: 'the cluster refused it' } }, 'The cluster refused it.'],
  ])('with %j is said: %s', (more, words) => {
    expect(resultInWords('Approved', request({ ...whole, ...more }), 'me')).toBe(
      `Approved: jane, 1 hour on prod-eu. ${words}`,
    );
  });
});

describe('the differences to the request before', () => {
  const whole = (more: object = {}) =>
    request({ groups: ['b', 'a'], labels: {}, requester: 'alice', reason: null, expirationSeconds: 3_600, ...more });
  it('are none where only the order of groups is another one', () =>
    expect(differences(whole(), whole({ id: '2', groups: ['a', 'b'] }))).toEqual({}));
  it('say what was there', () =>
    expect(
      differences(
        whole({ labels: { team: 'payments' }, blastRadius: { clusterAdmin: { by: [] } } }),
        whole({
          ...{ username: 'max', expirationSeconds: 7_200, groups: ['a'], reason: 'INC-1' },
          blastRadius: { clusterAdmin: { by: [{}] } },
        }),
      ),
    ).toEqual({
      ...{ username: 'jane', lifetime: '1 hour', groups: 'a, b', reason: 'none', labels: 'team=payments' },
      'cluster-admin': 'no',
    }));
});

describe('stages', () => {
  it('are one after the other, with who has approved', () => {
    const one = request({
      approvals: [approval('otto', 0), approval('lena', 0)],
      awaiting: [{ stage: 1, needed: 1 }],
    });
    expect(stagesOf(one).map(({ counted, needed, look }) => [counted, needed, look])).toEqual([
      [2, 0, 'done'],
      [0, 1, 'now'],
    ]);
  });

  it('count what the service counts: an approval of somebody who was blocked is shown, and missing', () => {
    const one = request({ approvals: [approval('otto', 0), approval('lena', 0)], awaiting: [{ stage: 0, needed: 1 }] });
    expect(stagesOf(one)[0]).toMatchObject({ counted: 1, needed: 1, look: 'now' });
    expect(stagesOf(one)[0]?.given.map(({ principal }) => principal)).toEqual(['otto', 'lena']);
  });

  it('of a request that was denied before its approvals wait for nobody', () => {
    const [first] = stagesOf(request({ state: 'denied', awaiting: [], approvals: [approval('otto', 0)] }));
    expect(first).toMatchObject({ counted: 1, needed: 0, look: 'later' });
  });
});

describe('the request that opens after a decision', () => {
  it.each([
    [['a', 'b', 'c'], 'a', 'b'],
    [['a', 'b', 'c'], 'b', 'c'],
    [['a', 'b', 'c'], 'c', 'a'],
    [['a'], 'a', undefined],
    [['a', 'b'], 'x', 'a'],
    [[], 'x', undefined],
  ])('among %j after %s is %s', (queue, id, next) => {
    expect(nextToDecide(queue, id)).toBe(next);
  });
});

describe('a list that changes while somebody points at it', () => {
  const rows = (...keys: string[]) => keys.map((row) => ({ row, isGone: false }));
  const key = (row: string) => row;

  it('keeps each row in its place: new ones come at the end, and those that went are marked', () => {
    expect(steadied(rows('a', 'b', 'c'), ['new', 'a', 'c'], key)).toEqual([
      { row: 'a', isGone: false },
      { row: 'b', isGone: true },
      { row: 'c', isGone: false },
      { row: 'new', isGone: false },
    ]);
  });

  it('takes a row back that has come again', () => {
    expect(steadied([{ row: 'a', isGone: true }], ['a'], key)).toEqual(rows('a'));
  });

  it('is announced by counts', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => request({ id })) as [Request, Request, Request];
    expect(listChange([a], [b, a, c])).toBe('2 requests came into this list.');
    expect(listChange([a, b], [b])).toBe('1 request left this list.');
    expect(listChange([a, b], [a, b])).toBeUndefined();
  });
});
