// Tests src/store/tables/cluster-issuer-table.ts
import { describe, expect, it } from 'vitest';
import type { IssuerProbe } from '../../../src/model/issuer.js';
import type { Write } from '../../../src/store/steps/step.js';
import {
  type IssuerMove,
  certifyIssuer,
  insertIssuer,
  moveIssuer,
  rememberIssuerProbe,
  renameIssuer,
  requireIssuer,
} from '../../../src/store/tables/cluster-issuer-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { anAttempt, anEvent, anIssuer, aRequest, instant, sha256, testStore, type TestStore } from './records.js';

const committed = { committed: true };
const conflictOf = (issuer: string, cluster = 'demo') => ({
  committed: false,
  conflict: { kind: 'issuer', cluster, issuer },
});
const at = instant('2026-03-02T10:00:00.001Z');
const probed = (time: string, accepts: 'yes' | 'no'): IssuerProbe => ({
  at: instant(time),
  addresses: [
    {
      address: 'https://10.0.0.1:6443',
      accepts,
      acceptedAs: accepts === 'yes' ? 'kubepass-probe' : null,
      reason: null,
    },
  ],
});
const move = (name: string, from: IssuerMove['from'], to: IssuerMove['to']) =>
  moveIssuer({ cluster: 'demo', name, from, to, at });
const require = (issuer: string, ...states: IssuerMove['from'][]): Write =>
  requireIssuer({ cluster: 'demo', issuer, states });

/** A cluster with an active issuer `first` and a next one `second`. */
async function withTwo(): Promise<TestStore> {
  const opened = await testStore();
  await opened.commit([
    insertIssuer(anIssuer()),
    insertIssuer(anIssuer({ name: 'second', state: 'next', fingerprints: [] })),
  ]);
  return opened;
}
const statesIn = async ({ store }: TestStore) =>
  (await store.issuers.ofCluster('demo')).map(({ name, state }) => `${name} ${state}`);

describe('the issuers of a cluster', () => {
  it('are found as they were inserted, by name', async () => {
    const { store, commit } = await testStore();
    expect(await store.issuers.ofCluster('demo')).toEqual([]);
    const issuers = [
      anIssuer({ name: 'z', probe: probed('2026-03-01T10:00:00.000Z', 'yes') }),
      anIssuer({ name: 'a', state: 'uncertified', fingerprints: [] }),
      anIssuer({ cluster: 'other' }),
    ];
    expect(await commit(issuers.map(insertIssuer))).toEqual(committed);
    expect(await store.issuers.ofCluster('demo')).toStrictEqual([issuers[1], issuers[0]]);
    expect(await store.issuers.ofCluster('other')).toStrictEqual([issuers[2]]);
  });

  it('have names of their own, and only one of them is active', async () => {
    const opened = await withTwo();
    const insert = (overrides: Parameters<typeof anIssuer>[0]) => opened.commit([insertIssuer(anIssuer(overrides))]);
    expect(await insert({ name: 'second', state: 'retired' })).toEqual(conflictOf('second'));
    expect(await insert({ name: 'third' })).toEqual(conflictOf('third'));
    expect(await insert({ name: 'third', state: 'next' })).toEqual(committed);
    expect(await insert({ cluster: 'other' })).toEqual(committed);
    expect(await statesIn(opened)).toEqual(['first active', 'second next', 'third next']);
  });

  it('move from the state they are in, and one follows another in one step', async () => {
    const opened = await withTwo();
    expect(await opened.commit([move('second', 'retiring', 'active')])).toEqual(conflictOf('second'));
    expect(await opened.commit([move('nobody', 'next', 'active')])).toEqual(conflictOf('nobody'));
    // The one before is active still.
    expect(await opened.commit([move('second', 'next', 'active')])).toEqual(conflictOf('second'));
    const follow = [move('first', 'active', 'retiring'), move('second', 'next', 'active')];
    expect(await opened.commit(follow)).toEqual(committed);
    expect(await statesIn(opened)).toEqual(['first retiring', 'second active']);
    expect((await opened.store.issuers.ofCluster('demo'))[1]).toMatchObject({ since: at, probe: null });
    expect(await opened.commit(follow)).toEqual(conflictOf('first'));
  });

  it('gain certificates, each at the end', async () => {
    const { store, commit } = await withTwo();
    const certify = (name: string, text: string) =>
      commit([certifyIssuer({ cluster: 'demo', name, fingerprintSha256: sha256(text) })]);
    for (const text of ['a', 'a', 'b', 'b', 'a']) expect(await certify('second', text)).toEqual(committed);
    expect(await certify('nobody', 'a')).toEqual(conflictOf('nobody'));
    const [first, second] = await store.issuers.ofCluster('demo');
    expect(first?.fingerprints).toEqual([sha256('ca')]);
    expect(second?.fingerprints).toEqual(['a', 'b', 'a'].map(sha256));
  });

  it('keep their latest probe, in whatever order they come', async () => {
    const { store, commit } = await withTwo();
    const [earlier, later] = [probed('2026-03-01T10:00:00.999Z', 'no'), probed('2026-03-01T10:00:01.000Z', 'yes')];
    const remember = (name: string, probe: IssuerProbe) =>
      commit([rememberIssuerProbe({ cluster: 'demo', name, probe })]);
    for (const probe of [earlier, later, earlier]) expect(await remember('second', probe)).toEqual(committed);
    expect(await remember('nobody', later)).toEqual(conflictOf('nobody'));
    const [first, second] = await store.issuers.ofCluster('demo');
    expect(first?.probe).toBeNull();
    expect(second?.probe).toStrictEqual(later);
  });

  it('get another name, unless it is taken', async () => {
    const opened = await withTwo();
    const rename = (from: string, to: string) => opened.commit([renameIssuer({ cluster: 'demo', from, to })]);
    expect(await rename('first', 'second')).toEqual(conflictOf('second'));
    expect(await rename('nobody', 'third')).toEqual(conflictOf('nobody'));
    expect(await rename('first', 'users-2026')).toEqual(committed);
    expect(await statesIn(opened)).toEqual(['second next', 'users-2026 active']);
  });
});

describe('a step that requires an issuer', () => {
  it('is committed only while that has one of the states', async () => {
    const { commit } = await withTwo();
    expect(await commit([require('first', 'active')])).toEqual(committed);
    expect(await commit([require('second', 'active')])).toEqual(conflictOf('second'));
    expect(await commit([require('second', 'next', 'active', 'retiring', 'retired')])).toEqual(committed);
    expect(await commit([require('nobody', 'next', 'active')])).toEqual(conflictOf('nobody'));
    expect(await commit([requireIssuer({ cluster: 'other', issuer: 'first', states: ['active'] })])).toEqual(
      conflictOf('first', 'other'),
    );
  });

  it('behind the change of issuers conflicts, and none with the old one follows in the log', async () => {
    const { store, commit } = await withTwo();
    const begin = (issuer: string) =>
      commit([require(issuer, 'active')], [anEvent({ type: 'IssuanceStarted', principal: issuer })]);
    const results = await Promise.all([
      ...Array.from({ length: 5 }, () => begin('first')),
      begin('second'),
      commit(
        [move('first', 'active', 'retiring'), move('second', 'next', 'active')],
        [anEvent({ principal: 'change' })],
      ),
      ...Array.from({ length: 5 }, () => begin('first')),
      begin('second'),
    ]);
    const events = await store.auditEvents.chunk(0, 100);
    const principals = events.map(({ principal }) => principal);
    const change = principals.indexOf('change');
    expect(principals.slice(0, change)).not.toContain('second');
    expect(principals.slice(change)).toEqual(['change', 'second']);
    expect(results.filter((result) => !result.committed)).toHaveLength(6);
  });
});

it('counts the attempts of an issuer that have begun and not ended', async () => {
  const { store, commit, explain } = await withTwo();
  const intent = { signer: 'localCA', serialNumber: '0a', tbsSha256: sha256('tbs') } as const;
  const requests = [
    aRequest({ state: 'issuing', attempt: anAttempt({ intent: { ...intent, issuer: 'first' } }) }),
    aRequest({ state: 'issuing', attempt: anAttempt({ intent: { ...intent, issuer: 'first' } }) }),
    aRequest({ state: 'issued', attempt: anAttempt({ intent: { ...intent, issuer: 'first' } }) }),
    aRequest({
      state: 'issuing',
      cluster: 'other',
      attempt: anAttempt({ intent: { ...intent, issuer: 'first' } }),
    }),
    // It was begun when a cluster had one CA.
    aRequest({ state: 'issuing', attempt: anAttempt({ intent }) }),
  ];
  await commit(requests.map((request) => insertRequest(request)));
  expect(await store.issuers.attemptsUnderWay('demo', 'first')).toBe(2);
  expect(await store.issuers.attemptsUnderWay('demo', 'second')).toBe(0);
  expect(await store.issuers.attemptsUnderWay('demo', 'default')).toBe(1);
  expect(await store.issuers.attemptsUnderWay('other', 'first')).toBe(1);
  const plan = await explain(`SELECT COUNT(*) FROM "RequestRecord" WHERE "state" = 'issuing'`);
  expect(plan).toContain('RequestRecord_state_n_idx');
});
