// Tests src/store/lists/list.ts, src/store/lists/read-page.ts, src/store/lists/list-filter.ts,
// src/store/tables/request-table.ts, src/store/tables/certificate-table.ts
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditEventFilter } from '../../../src/model/audit-event.js';
import type { RequestFilter } from '../../../src/model/certificate-request.js';
import type { CertificateFilter } from '../../../src/model/certificate.js';
import { InvalidCursorError } from '../../../src/model/errors.js';
import { newId } from '../../../src/model/new-id.js';
import type { Page, PageQuery, Visibility } from '../../../src/model/outcome.js';
import type { Write } from '../../../src/store/steps/step.js';
import type { Store } from '../../../src/store/store.js';
import { insertApiToken } from '../../../src/store/tables/api-token-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { openTestStore } from '../../helpers/test-store.js';
import { aCertificate, anEvent, aRequest, aToken, instant, sha256, testStore } from './records.js';

/** All items, page by page. */
async function readAll<T>(list: (page: PageQuery) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list({ limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    expect(items.length, 'a list without end').toBeLessThan(1000);
    if (page.nextCursor !== null) expect(page.items).toHaveLength(limit);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

const second = (n: number): Date => new Date(Date.UTC(2026, 2, 1, 10, 0, n));
const descending = (a: string, b: string): number => (a < b ? 1 : -1);
/** Both databases compare texts so. */
const byOctets = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

/** A store that several tests read. */
async function storeToRead() {
  const { store, close } = await openTestStore();
  closing.push(close);
  return { store, commit: (operations: readonly Write[]) => store.writer.commit({ operations, events: [] }) };
}
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

/** 23 requests, several in the same millisecond, between two requesters and two collectors. */
async function withRequests(open = storeToRead) {
  const opened = await open();
  const requests = Array.from({ length: 23 }, (_, i) => {
    const createdAt = second(Math.floor(i / 3));
    return aRequest({
      id: newId(createdAt, randomBytes),
      createdAt,
      state: i % 2 ? 'pending' : 'issued',
      cluster: i % 5 ? 'demo' : 'prod',
      username: `user-${String(i % 4)}`,
      requester: { name: i % 3 ? 'hr' : 'jane', groups: [], roles: [] },
      collector: i % 7 ? 'hr' : 'jane',
      labels: { ...(i % 2 ? {} : { team: 'a=b' }), ...(i % 3 ? {} : { constructor: '', env: 'prod' }) },
    });
  });
  await opened.commit(requests.map((request) => insertRequest(request)));
  return { ...opened, requests };
}
const requestsToRead = once(() => withRequests());

describe('requests', () => {
  it.each<RequestFilter & Visibility>([
    {},
    { state: 'pending' },
    { cluster: 'prod' },
    { username: 'user-1' },
    { requester: 'jane' },
    { visibleTo: 'jane' },
    { visibleTo: 'hr' },
    { visibleTo: 'nobody' },
    { labels: [{ key: 'team', value: 'a=b' }] },
    { labels: [{ key: 'team', value: 'a' }] },
    { labels: [{ key: 'constructor', value: '' }] },
    {
      labels: [
        { key: 'env', value: 'prod' },
        { key: 'team', value: 'a=b' },
      ],
      cluster: 'demo',
    },
    {
      labels: [
        { key: 'env', value: 'prod' },
        { key: 'env', value: 'dev' },
      ],
    },
    { username: 'user-1', usernamePrefix: 'user' },
    { username: 'user-1', usernamePrefix: 'user-2' },
    { state: 'issued', cluster: 'demo', username: 'user-2', requester: 'hr', visibleTo: 'hr' },
  ])('are listed newest first, each exactly once: %j', async (filter) => {
    const { store, requests } = await requestsToRead();
    const expected = requests
      .filter(
        (r) =>
          (filter.state === undefined || r.state === filter.state) &&
          (filter.cluster === undefined || r.cluster === filter.cluster) &&
          (filter.username === undefined || r.username === filter.username) &&
          (filter.usernamePrefix === undefined || r.username.startsWith(filter.usernamePrefix)) &&
          (filter.requester === undefined || r.requester.name === filter.requester) &&
          (filter.labels ?? []).every(({ key, value }) => Object.hasOwn(r.labels, key) && r.labels[key] === value) &&
          (filter.visibleTo === undefined || [r.requester.name, r.collector].includes(filter.visibleTo)),
      )
      .map(({ id }) => id)
      .toReversed();
    for (const limit of [1, 2, 5, 23, 500]) {
      const items = await readAll((page) => store.requests.list(filter, page), limit);
      expect(items.map(({ id }) => id)).toEqual(expected);
    }
  });

  it.each<RequestFilter & Visibility>([
    { usernamePrefix: 'user-' },
    { usernamePrefix: 'user-1' },
    { usernamePrefix: 'User' },
    { usernamePrefix: 'us%r_' },
    { usernamePrefix: 'user-', state: 'issued' },
    { usernamePrefix: 'user-', cluster: 'prod', requester: 'hr' },
    { usernamePrefix: 'user-', labels: [{ key: 'team', value: 'a=b' }] },
    { usernamePrefix: 'user-', visibleTo: 'jane' },
  ])('are listed by username where usernames begin alike, each exactly once: %j', async (filter) => {
    const { store, requests } = await requestsToRead();
    const expected = requests
      .filter(
        (r) =>
          r.username.startsWith(filter.usernamePrefix ?? '') &&
          (filter.state === undefined || r.state === filter.state) &&
          (filter.cluster === undefined || r.cluster === filter.cluster) &&
          (filter.requester === undefined || r.requester.name === filter.requester) &&
          (filter.labels === undefined || 'team' in r.labels) &&
          (filter.visibleTo === undefined || [r.requester.name, r.collector].includes(filter.visibleTo)),
      )
      .sort((a, b) => byOctets(a.username, b.username))
      .map(({ id }) => id);
    for (const limit of [1, 2, 5, 23, 500]) {
      const items = await readAll((page) => store.requests.list(filter, page), limit);
      expect(items.map(({ id }) => id)).toEqual(expected);
    }
  });

  it('that come meanwhile move nothing in the pages that follow', async () => {
    const { store, requests, commit } = await withRequests(testStore);
    const first = await store.requests.list({}, { limit: 5, cursor: null });
    await commit([insertRequest(aRequest({ createdAt: second(100) }))]);
    const second_ = await store.requests.list({}, { limit: 500, cursor: first.nextCursor });
    expect([...first.items, ...second_.items].map(({ id }) => id)).toEqual(requests.map(({ id }) => id).toReversed());
  });

  it('that are pending and wanted are listed newest first, each exactly once', async () => {
    const { store, requests } = await requestsToRead();
    for (const filter of [{}, { cluster: 'prod' }, { username: 'user-1', requester: 'hr' }]) {
      const isWanted = ({ collector }: { readonly collector: string }) => collector === 'hr';
      const expected = requests
        .filter(
          (r) =>
            r.state === 'pending' &&
            isWanted(r) &&
            (filter.cluster === undefined || r.cluster === filter.cluster) &&
            (filter.username === undefined || r.username === filter.username) &&
            (filter.requester === undefined || r.requester.name === filter.requester),
        )
        .map(({ id }) => id)
        .toReversed();
      expect(expected.length).toBeGreaterThan(0);
      for (const limit of [1, 2, 5, 23, 500]) {
        const items = await readAll((page) => store.requests.listPending(filter, isWanted, page), limit);
        expect(items.map(({ id }) => id)).toEqual(expected);
      }
    }
  });

  it('that are pending are looked through a thousand at a time, wherever the wanted ones are', async () => {
    const { store, commit } = await testStore();
    const requests = Array.from({ length: 2500 }, (_, i) =>
      aRequest({ createdAt: second(i), username: i % 1200 === 0 ? 'wanted' : 'other' }),
    );
    await commit(requests.map((request) => insertRequest(request)));
    let seen = 0;
    const isWanted = ({ username }: { readonly username: string }) => {
      seen += 1;
      return username === 'wanted';
    };
    const pages: (readonly string[])[] = [];
    let cursor: string | null = null;
    do {
      const before = seen;
      const page: Page<{ readonly id: string }> = await store.requests.listPending({}, isWanted, { limit: 50, cursor });
      expect(seen - before).toBeLessThanOrEqual(1000);
      pages.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const wanted = [requests[2400], requests[1200], requests[0]].map((request) => request?.id);
    expect(pages).toEqual([[wanted[0]], [wanted[1]], [wanted[2]]]);
  });

  it('that recovery must finish come oldest first', async () => {
    const { store, commit } = await testStore();
    const csr = Buffer.of(0x30, 0);
    const requests = [
      aRequest({ createdAt: second(3), state: 'issuing' }),
      aRequest({ createdAt: second(1), state: 'approved', certificationRequest: csr }),
      aRequest({ createdAt: second(2), state: 'approved' }),
      aRequest({ createdAt: second(0), state: 'pending', certificationRequest: csr }),
      aRequest({ createdAt: second(4), state: 'issued', certificationRequest: csr }),
    ];
    await commit(requests.map((request) => insertRequest(request)));
    expect((await store.requests.unfinished()).map(({ id }) => id)).toEqual([requests[0]?.id, requests[1]?.id]);
  });

  it('that have lapsed come by the instant at which they did', async () => {
    const { store, commit } = await testStore();
    const requests = [
      aRequest({ state: 'pending', waitsUntil: second(5) }),
      aRequest({ state: 'approved', waitsUntil: second(4) }),
      aRequest({ state: 'pending', waitsUntil: second(6) }),
      aRequest({ state: 'issuing', waitsUntil: second(1) }),
      aRequest({ state: 'pending', waitsUntil: null }),
    ];
    await commit(requests.map((request) => insertRequest(request)));
    expect((await store.requests.lapsed(second(5))).map(({ id }) => id)).toEqual([requests[1]?.id, requests[0]?.id]);
  });
});

/** 23 certificates, several issued and ending in the same second. */
const certificatesToRead = once(async () => {
  const opened = await storeToRead();
  const jane = aRequest({ requester: { name: 'jane', groups: [], roles: [] }, collector: 'bob' });
  const hr = aRequest({ requester: { name: 'hr', groups: [], roles: [] }, collector: 'hr' });
  const certificates = Array.from({ length: 23 }, (_, i) =>
    aCertificate(i % 3 ? hr : jane, {
      fingerprintSha256: sha256(String(i)),
      issuedAt: second(Math.floor(i / 4)),
      notAfter: second(100 + (i % 6)),
      cluster: i % 5 ? 'demo' : 'prod',
      username: `user-${String(i % 4)}`,
      groups: i % 2 ? ['dev', 'ops'] : ['dev'],
      serialNumber: i < 2 ? 'aa' : `${i % 2 ? '-' : ''}b0${String(i).padStart(2, '0')}`,
      issuerFingerprintSha256: sha256(`ca-${String(i)}`),
    }),
  );
  await opened.commit([
    insertRequest(jane),
    insertRequest(hr),
    ...certificates.map((certificate) => insertCertificate(certificate)),
  ]);
  const visibleTo = (name: string) =>
    certificates.filter((_, i) => (i % 3 ? name === 'hr' : name === 'jane' || name === 'bob'));
  const requestedBy = (name: string) => certificates.filter((_, i) => name === (i % 3 ? 'hr' : 'jane'));
  return { ...opened, certificates, requestedBy, visibleTo };
});

describe('certificates', () => {
  it('of an identity that are valid now come newest first, without orphans, at most 100', async () => {
    const { store, commit } = await testStore();
    const request = aRequest();
    const valid = { notBefore: second(0), notAfter: second(60) };
    const certificates = [
      ...Array.from({ length: 103 }, (_, i) => aCertificate(request, { ...valid, issuedAt: second(i) })),
      aCertificate(request, { ...valid, issuedAt: second(200), cluster: 'prod' }),
      aCertificate(request, { ...valid, issuedAt: second(200), username: 'joe' }),
      aCertificate(request, { ...valid, issuedAt: second(200), orphan: true }),
      aCertificate(request, { ...valid, issuedAt: second(200), notAfter: second(30) }),
      aCertificate(request, { ...valid, issuedAt: second(200), notBefore: second(31) }),
    ];
    await commit([insertRequest(request), ...certificates.map((certificate) => insertCertificate(certificate))]);
    const active = await store.certificates.activeOf('demo', 'jane', second(30));
    expect(active.map(({ issuedAt }) => issuedAt)).toEqual(Array.from({ length: 100 }, (_, i) => second(102 - i)));
    expect(await store.certificates.activeOf('demo', 'jane', second(60))).toEqual([]);
  });

  it.each<CertificateFilter & Visibility>([
    {},
    { cluster: 'prod' },
    { username: 'user-3' },
    { group: 'ops' },
    { group: 'none' },
    { serialNumber: 'aa' },
    { serialNumber: '-b005' },
    { serialNumber: 'none' },
    { visibleTo: 'jane' },
    { visibleTo: 'bob' },
    { visibleTo: 'hr' },
    { notAfterBefore: second(103) },
    { notAfterAfter: second(103) },
    { notAfterAfter: second(101), notAfterBefore: second(104), group: 'ops', visibleTo: 'hr' },
    { group: 'ops', cluster: 'demo', visibleTo: 'bob' },
    { requester: 'hr' },
    { requester: 'bob' },
    { requester: 'jane', visibleTo: 'bob', cluster: 'demo' },
    { requester: 'hr', notAfterAfter: second(101) },
    { collector: 'hr' },
    { collector: 'bob' },
    { collector: 'jane', requester: 'hr' },
    { collector: 'bob', notAfterAfter: second(101), usernamePrefix: 'user-' },
    { collector: 'hr', visibleTo: 'jane' },
    { usernamePrefix: 'user-' },
    { usernamePrefix: 'user-3' },
    { usernamePrefix: 'u_er-' },
    { usernamePrefix: 'user-', group: 'ops' },
    { usernamePrefix: 'user-', cluster: 'demo', requester: 'hr', visibleTo: 'hr' },
    { usernamePrefix: 'user-', serialNumber: 'aa' },
    { usernamePrefix: 'user-2', notAfterAfter: second(101) },
    { usernamePrefix: 'user-', notAfterBefore: second(104), group: 'ops' },
    { usernamePrefix: 'user-', username: 'user-1', cluster: 'demo' },
    { usernamePrefix: 'user-2', username: 'user-1' },
  ])('are listed in order, each exactly once: %j', async (filter) => {
    const { store, certificates, requestedBy, visibleTo } = await certificatesToRead();
    const byExpiry = filter.notAfterAfter !== undefined || filter.notAfterBefore !== undefined;
    const byUsername = filter.usernamePrefix !== undefined && filter.username === undefined && !byExpiry;
    const requested = filter.requester === undefined ? certificates : requestedBy(filter.requester);
    const expected = (filter.visibleTo === undefined ? requested : visibleTo(filter.visibleTo))
      .filter((c) => requested.includes(c) && c.username.startsWith(filter.usernamePrefix ?? ''))
      .filter(
        (c) =>
          (filter.cluster === undefined || c.cluster === filter.cluster) &&
          (filter.username === undefined || c.username === filter.username) &&
          (filter.collector === undefined || c.collector === filter.collector) &&
          (filter.group === undefined || c.groups.includes(filter.group)) &&
          (filter.serialNumber === undefined || c.serialNumber === filter.serialNumber) &&
          (filter.notAfterBefore === undefined || c.notAfter < filter.notAfterBefore) &&
          (filter.notAfterAfter === undefined || c.notAfter > filter.notAfterAfter),
      )
      // Sorting is stable: certificates that expire together are in the order in which they were recorded.
      .sort((a, b) => {
        if (byExpiry) return a.notAfter.getTime() - b.notAfter.getTime();
        return byUsername ? byOctets(a.username, b.username) : certificates.indexOf(b) - certificates.indexOf(a);
      })
      .map((c) => c.fingerprintSha256);
    for (const limit of [1, 2, 5, 23, 500]) {
      const items = await readAll((page) => store.certificates.list(filter, page), limit);
      expect(items.map((c) => c.fingerprintSha256)).toEqual(expected);
    }
  });
});

describe('a list by username', () => {
  const prefix = 'é\u{1f600}';
  // In the order of their octets in UTF-8, which differs from that of JavaScript for the last two.
  const usernames = [
    'a',
    'é',
    prefix,
    `${prefix}!`,
    `${prefix}z`,
    `${prefix}\uffff`,
    `${prefix}\u{10ffff}`,
    'é\u{1f601}',
  ];
  const wanted = usernames.slice(2, 7);

  async function withUsernames() {
    const opened = await testStore();
    const request = aRequest();
    // Each username twice, and in no order.
    const order = [5, 0, 7, 3, 6, 1, 4, 2, 6, 5, 4, 3, 2, 1, 0, 7];
    await opened.commit([
      insertRequest(request),
      ...order.map((i) => insertCertificate(aCertificate(request, { username: usernames[i] ?? '' }))),
    ]);
    return opened;
  }

  it('has the usernames of the prefix and no others, in the order of the database, in pages of any size', async () => {
    const { store } = await withUsernames();
    for (const limit of [1, 3, 500]) {
      const items = await readAll((page) => store.certificates.list({ usernamePrefix: prefix }, page), limit);
      expect(items.map(({ username }) => username)).toEqual(wanted.flatMap((username) => [username, username]));
    }
  });

  it('does not leave the prefix behind with the cursor of another one', async () => {
    const { store } = await withUsernames();
    const { nextCursor } = await store.certificates.list({ usernamePrefix: 'a' }, { limit: 1, cursor: null });
    const page = await store.certificates.list({ usernamePrefix: prefix }, { limit: 500, cursor: nextCursor });
    expect(page.items.map(({ username }) => username)).toEqual(wanted.flatMap((username) => [username, username]));
    const last = await store.certificates.list({ usernamePrefix: 'é' }, { limit: 13, cursor: null });
    const behind = await store.certificates.list({ usernamePrefix: 'a' }, { limit: 500, cursor: last.nextCursor });
    expect(behind.items).toEqual([]);
  });
});

const requestIds = Array.from({ length: 4 }, () => newId(second(0), randomBytes));

describe('audit events', () => {
  it.each<AuditEventFilter>([
    {},
    { type: 'RequestDenied' },
    { type: 'PolicyReplayed' },
    { type: 'PolicyReplayed', principal: 'jane' },
    { type: 'RequestDenied', principal: 'jane', cluster: 'prod' },
    { principal: 'jane' },
    { cluster: 'prod' },
    { requestId: requestIds[1] ?? '' },
    { fingerprintSha256: sha256('1') },
    { after: second(5) },
    { before: second(5) },
    { after: second(2), before: second(8), principal: 'jane', type: 'RequestDenied' },
  ])('are listed oldest first, or newest first, each exactly once: %j', async (filter) => {
    const { store, commit } = await testStore();
    const drafts = Array.from({ length: 23 }, (_, i) =>
      anEvent({
        // The instants are not in the order of the numbers, because a clock may step back.
        at: second((i * 7) % 12),
        type: i % 2 ? 'RequestDenied' : 'RequestApproved',
        principal: i % 3 ? 'jane' : null,
        cluster: i % 5 ? 'demo' : 'prod',
        requestId: requestIds[i % 4] ?? '',
        fingerprintSha256: i % 3 ? null : sha256(String(i % 2)),
      }),
    );
    await commit([], drafts);
    const { after, before, ...equal } = filter;
    const expected = drafts.flatMap((draft, i) =>
      Object.entries(equal).every(([key, value]) => draft[key as keyof typeof draft] === value) &&
      (after === undefined || draft.at > after) &&
      (before === undefined || draft.at < before)
        ? [i + 1]
        : [],
    );
    for (const limit of [1, 4, 23, 500]) {
      const seqsOf = async (more: AuditEventFilter) =>
        (await readAll((page) => store.auditEvents.list({ ...filter, ...more }, page), limit)).map(({ seq }) => seq);
      expect(await seqsOf({})).toEqual(expected);
      expect(await seqsOf({ order: 'newest' })).toEqual(expected.toReversed());
      const behind = expected.filter((seq) => seq > 9);
      expect(await seqsOf({ afterSeq: 9 })).toEqual(behind);
      expect(await seqsOf({ afterSeq: 9, order: 'newest' })).toEqual(behind.toReversed());
    }
    if (filter.requestId !== undefined)
      expect((await store.auditEvents.ofRequest(filter.requestId)).map(({ seq }) => seq)).toEqual(expected);
  });

  it('are listed in either order where a record has several, and hardly any has both values', async () => {
    const { store, commit } = await testStore();
    const drafts = Array.from({ length: 6_600 }, (_, i) => {
      const record = Math.floor(i / 3);
      const isBoth = record % 900 === 500;
      return anEvent({
        at: second(record),
        type: i % 3 ? 'RequestDenied' : 'RequestApproved',
        principal: isBoth || record % 2 ? 'jane' : 'joe',
        cluster: isBoth || record % 2 === 0 ? 'prod' : 'demo',
      });
    });
    await commit([], drafts);
    const wanted = { principal: 'jane', cluster: 'prod', type: 'RequestDenied' };
    const expected = drafts.flatMap(({ principal, cluster, type }, i) =>
      principal === 'jane' && cluster === 'prod' && type === 'RequestDenied' ? [i + 1] : [],
    );
    expect(expected).toHaveLength(4);
    for (const [order, seqs] of [
      [{}, expected],
      [{ order: 'newest' }, expected.toReversed()],
    ] as const)
      for (const limit of [1, 3, 50]) {
        const found: number[] = [];
        let cursor: string | null = null;
        do {
          const page: Page<{ seq: number }> = await store.auditEvents.list({ ...wanted, ...order }, { limit, cursor });
          found.push(...page.items.map(({ seq }) => seq));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(found).toEqual(seqs);
      }
  });

  it('are read in chunks after a number, up to the head', async () => {
    const { store, commit } = await testStore();
    expect(await store.auditEvents.head()).toEqual({ seq: 0, hash: '0'.repeat(64) });
    await commit([], [anEvent(), anEvent(), anEvent()]);
    const events = await store.auditEvents.chunk(1, 1);
    expect(events.map(({ seq }) => seq)).toEqual([2]);
    const last = (await store.auditEvents.chunk(2, 10))[0];
    expect(await store.auditEvents.head()).toEqual({ seq: 3, hash: last?.hash });
  });
});

describe('API tokens', () => {
  it('are listed newest first, each exactly once', async () => {
    const { store, commit } = await testStore();
    const tokens = Array.from({ length: 11 }, (_, i) =>
      aToken({ id: sha256(String(i)), createdAt: second(Math.floor(i / 3)) }),
    );
    await commit(tokens.map((token) => insertApiToken({ token, secretSha256: sha256(token.id) })));
    const expected = tokens
      .map((token) => `${token.createdAt.toISOString()} ${token.id}`)
      .sort(descending)
      .map((key) => key.slice(-64));
    for (const limit of [1, 2, 11, 500])
      expect((await readAll((page) => store.apiTokens.list(page), limit)).map(({ id }) => id)).toEqual(expected);
  });
});

describe('a cursor', () => {
  const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const lists: Record<string, (store: Store, page: PageQuery) => Promise<unknown>> = {
    requests: (store, page) => store.requests.list({}, page),
    certificates: (store, page) => store.certificates.list({}, page),
    'expiring certificates': (store, page) =>
      store.certificates.list({ notAfterAfter: instant('2026-01-01T00:00:00Z') }, page),
    'requests by username': (store, page) => store.requests.list({ usernamePrefix: 'a' }, page),
    'certificates by username': (store, page) => store.certificates.list({ usernamePrefix: 'a' }, page),
    'audit events': (store, page) => store.auditEvents.list({}, page),
    'newest audit events': (store, page) => store.auditEvents.list({ order: 'newest' }, page),
    'decided requests': (store, page) => store.requests.list({ decidedBy: 'bob' }, page),
    'API tokens': (store, page) => store.apiTokens.list(page),
  };
  const malformed = [
    '',
    'x',
    '!!!!',
    'null',
    cursor(),
    cursor('unknown order', 'x'),
    `${cursor('requests/newest', 'x')}=`,
    ` ${cursor('requests/newest', 'x')}`,
    cursor('requests/newest'),
    cursor('requests/username', 'x'),
    cursor('certificates/username', 'x', 'y'),
    cursor('certificates/username', 1, '1'),
    cursor('requests/newest', 1),
    cursor('requests/newest', newId(new Date(0), randomBytes)),
    cursor('certificates/newest', '2026-01-01T00:00:00.000Z', '1'),
    cursor('certificates/soonest', 'yesterday', '1'),
    cursor('certificates/soonest', '2026-01-01T00:00:00.000Z', 'x'),
    cursor('certificates/soonest', '2026-01-01T00:00:00.000Z'),
    cursor('audit-events/oldest', '-1'),
    cursor('audit-events/oldest', '1e3'),
    cursor('audit-events/oldest', '9'.repeat(30)),
    cursor('api-tokens/newest', '', 'x'),
    Buffer.from('{"order":"requests/newest"}').toString('base64url'),
  ];

  it.each(Object.keys(lists))('that is malformed or of another list is refused: %s', async (name) => {
    const { store } = await testStore();
    const list = lists[name];
    for (const text of malformed)
      await expect(list?.(store, { limit: 10, cursor: text }), text).rejects.toBeInstanceOf(InvalidCursorError);
  });

  it('of one order of a list is refused under the other', async () => {
    const { store } = await certificatesToRead();
    const { nextCursor } = await store.certificates.list({}, { limit: 1, cursor: null });
    await expect(
      store.certificates.list({ notAfterAfter: second(0) }, { limit: 1, cursor: nextCursor }),
    ).rejects.toBeInstanceOf(InvalidCursorError);
  });
});
