// Tests src/store/tables/revocation-table.ts, src/store/tables/identity-table.ts,
// src/store/tables/identity-block-table.ts, src/store/tables/expiry-notice-table.ts,
// src/store/tables/certificate-table.ts
import { expect, describe, it } from 'vitest';
import type { RevokedCertificate } from '../../../../src/model/certificate.js';
import type { IdentityBlock } from '../../../../src/model/identity.js';
import {
  advanceExpiry,
  forgetExpiryNotices,
  insertExpiryNotice,
} from '../../../../src/store/tables/expiry-notice-table.js';
import {
  insertIdentityBlock,
  removeIdentityBlock,
  requireUnblocked,
} from '../../../../src/store/tables/identity-block-table.js';
import { insertCertificate } from '../../../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../../../src/store/tables/revocation-table.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { aCertificate, aRequest, countsOf, instant, sha256, testStore } from '../../../unit/store/records.js';

const now = instant('2026-03-01T10:00:00.000Z');
const later = instant('2026-03-02T10:00:00.000Z');

function revocationOf(certificate: ReturnType<typeof aCertificate>): RevokedCertificate {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = certificate;
  return {
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
    reason: 'keyCompromise',
    comment: 'laptop lost',
    revokedAt: now,
    revokedBy: 'admin',
  };
}

const block: IdentityBlock = {
  username: 'Jane',
  clusters: ['demo'],
  reason: 'cessationOfOperation',
  comment: null,
  until: later,
  blockedAt: now,
  blockedBy: 'hr',
};

/** A lineage of a certificate and its renewals, oldest first. */
function lineageOf(renewals: number) {
  const first = aCertificate(aRequest({ state: 'issued' }), { fingerprintSha256: sha256('0'), serialNumber: '01' });
  const all = [first];
  for (let generation = 1; generation <= renewals; generation++)
    all.push(
      aCertificate(aRequest({ state: 'issued' }), {
        fingerprintSha256: sha256(String(generation)),
        serialNumber: `1${String(generation)}`,
        notAfter: later,
        renewal: { of: all.at(-1)?.fingerprintSha256 ?? '', lineage: first.fingerprintSha256, generation },
      }),
    );
  return all;
}

async function withLineage(renewals: number) {
  const opened = await testStore();
  const certificates = lineageOf(renewals);
  for (const certificate of certificates) {
    const request = aRequest({ id: certificate.requestId, state: 'issued', renewal: certificate.renewal });
    expect(await opened.commit([insertRequest(request), insertCertificate(certificate)])).toEqual({ committed: true });
  }
  return { ...opened, certificates };
}

describe('revocations', () => {
  it('keeps a revocation with its certificate, once, in the order of commits', async () => {
    const { commit, store, certificates } = await withLineage(1);
    const [first, second] = certificates.map(revocationOf) as [RevokedCertificate, RevokedCertificate];
    expect(await commit([insertRevocation(second)])).toEqual({ committed: true });
    expect(await commit([insertRevocation(first)])).toEqual({ committed: true });
    expect(await commit([insertRevocation(first)])).toEqual({
      committed: false,
      conflict: { kind: 'revocation', fingerprintSha256: first.fingerprintSha256 },
    });
    const all = await store.revocations.chunk(0n, 10);
    expect(all.map(({ n: _, ...revoked }) => revoked)).toEqual([second, first]);
    expect(await store.revocations.chunk(all[0]?.n ?? 0n, 10)).toEqual([all[1]]);
    expect(await store.certificates.findByFingerprint(first.fingerprintSha256)).toMatchObject({
      revocation: { reason: 'keyCompromise', comment: 'laptop lost', revokedAt: now, revokedBy: 'admin' },
    });
  });

  it('keeps that of a certificate that the database does not know', async () => {
    const { commit, store } = await testStore();
    const revoked = revocationOf(aCertificate(aRequest()));
    expect(await commit([insertRevocation(revoked)])).toEqual({ committed: true });
    expect(await store.revocations.find(revoked.fingerprintSha256)).toMatchObject(revoked);
    expect(await store.revocations.find('no fingerprint')).toBeNull();
  });

  it('leaves a revoked certificate out of the active ones and of quotas', async () => {
    const { commit, store, certificates } = await withLineage(0);
    const limit = { kind: 'livePerUsername', cluster: 'demo', username: 'jane' } as const;
    const at = new Date((certificates[0]?.notAfter.getTime() ?? 0) - 1000);
    expect(await countsOf(store, [limit], '', at)).toEqual([1]);
    expect(await store.certificates.activeOf('demo', 'jane', at)).toHaveLength(1);
    await commit(certificates.map((one) => insertRevocation(revocationOf(one))));
    expect(await countsOf(store, [limit], '', at)).toEqual([0]);
    expect(await store.certificates.activeOf('demo', 'jane', at)).toEqual([]);
  });
});

describe('requests', () => {
  it('tells who made them, as they were then', async () => {
    const { store, commit } = await testStore();
    const requester = { name: 'Jane 😀', groups: ['a', 'b"'], roles: ['requester', 'approver'] } as const;
    const [first, second] = [aRequest({ requester }), aRequest()];
    for (const request of [first, second]) await commit([insertRequest(request)]);
    const found = await store.requests.requestersOf([first.id, first.id, second.id, aRequest().id, 'no id']);
    expect(found).toEqual(
      new Map([
        [first.id, requester],
        [second.id, second.requester],
      ]),
    );
    expect(await store.requests.requestersOf([])).toEqual(new Map());
  });

  it('tells for which of some usernames a certificate is being signed', async () => {
    const { store, commit } = await testStore();
    for (const [username, state] of [
      ['ann', 'issuing'],
      ['ann', 'issuing'],
      ['ben', 'approved'],
      ['cleo', 'pending'],
      ['dora', 'issuing'],
      ['eve', 'issued'],
    ] as const)
      await commit([insertRequest(aRequest({ username, state }))]);
    const asked = ['ann', 'Ann', 'ben', 'cleo', 'eve', 'nobody'];
    expect(await store.requests.issuingAmong(asked)).toEqual(new Set(['ann']));
    expect(await store.requests.issuingAmong([])).toEqual(new Set());
  });
});

describe('lineages', () => {
  it('tells of each certificate which one it renews and by which it is superseded last', async () => {
    const { store, commit, certificates } = await withLineage(2);
    const [first, second, third] = certificates.map(({ fingerprintSha256 }) => fingerprintSha256);
    const read = async (fingerprint = '') => store.certificates.findByFingerprint(fingerprint);
    expect(await read(first)).toMatchObject({ renewal: null, supersededBy: second });
    expect(await read(second)).toMatchObject({
      renewal: { of: first, lineage: first, generation: 1 },
      supersededBy: third,
    });
    expect(await read(third)).toMatchObject({
      renewal: { of: second, lineage: first, generation: 2 },
      supersededBy: null,
    });
    const renewal = { of: first ?? '', lineage: first ?? '', generation: 1 };
    const again = aCertificate(aRequest(), { fingerprintSha256: sha256('again'), serialNumber: '77', renewal });
    const request = aRequest({ id: again.requestId, renewal });
    await commit([insertRequest(request), insertCertificate(again)]);
    expect(await read(first)).toMatchObject({ supersededBy: sha256('again') });
    expect(await store.requests.find(request.id)).toMatchObject({ renewal });
  });

  it('counts the first certificate before it is renewed, and knows the keys of a lineage', async () => {
    const { store, commit, certificates } = await withLineage(0);
    const [first] = certificates;
    if (first === undefined) throw new Error('there is no certificate');
    const lineage = first.fingerprintSha256;
    const limit = { kind: 'livePerLineage', cluster: 'demo', lineage } as const;
    expect(await countsOf(store, [limit], '', now)).toEqual([1]);
    expect(await countsOf(store, [limit], '', later)).toEqual([0]);
    const waiting = aRequest({
      state: 'pending',
      publicKey: { algorithm: 'ECDSA-P256', spkiSha256: sha256('waiting') },
      renewal: { of: lineage, lineage, generation: 1 },
    });
    await commit([insertRequest(waiting)]);
    const hasKey = (spkiSha256: string) => store.certificates.hasKeyInLineage(lineage, spkiSha256);
    expect(await hasKey(first.publicKey.spkiSha256)).toBe(true);
    expect(await hasKey(sha256('waiting'))).toBe(true);
    expect(await hasKey(sha256('new'))).toBe(false);
    await commit([insertRevocation(revocationOf(first))]);
    expect(await countsOf(store, [limit], '', now)).toEqual([0]);
  });

  it('counts a lineage once against a quota of live certificates, and not at all for its own renewal', async () => {
    const { store, certificates } = await withLineage(2);
    const lineage = certificates[0]?.fingerprintSha256 ?? '';
    const username = { kind: 'livePerUsername', cluster: 'demo', username: 'jane' } as const;
    const ofLineage = { kind: 'livePerLineage', cluster: 'demo', lineage } as const;
    expect(await countsOf(store, [username, ofLineage], '', now)).toEqual([1, 3]);
    expect(await countsOf(store, [username, ofLineage], '', now, lineage)).toEqual([0, 3]);
  });

  it('takes no orphan for a renewal', async () => {
    const { store, commit, certificates } = await withLineage(0);
    const of = certificates[0]?.fingerprintSha256 ?? '';
    const renewal = { of, lineage: of, generation: 1 };
    const orphan = aCertificate(aRequest(), { orphan: true, renewal: null, fingerprintSha256: sha256('orphan') });
    await commit([insertRequest(aRequest({ id: orphan.requestId, renewal })), insertCertificate(orphan)]);
    expect(await store.certificates.findByFingerprint(of)).toMatchObject({ supersededBy: null });
  });
});

describe('blocked identities', () => {
  const unblocked = (folded: readonly [string, string, string], cluster = 'demo', at = now) =>
    requireUnblocked({ cluster, folded, now: at });

  it('lets nothing begin for a blocked name on its clusters until the block ends', async () => {
    const { commit } = await testStore();
    const request = () => insertRequest(aRequest());
    const asked = (...condition: Parameters<typeof unblocked>) => commit([unblocked(...condition), request()]);
    expect(await asked(['jane', 'hr', 'hr'])).toEqual({ committed: true });
    await commit([insertIdentityBlock({ block, folded: 'jane' })]);
    const blocked = { committed: false, conflict: { kind: 'blocked' } };
    expect(await asked(['jane', 'hr', 'hr'])).toEqual(blocked);
    expect(await asked(['joe', 'jane', 'hr'])).toEqual(blocked);
    expect(await asked(['joe', 'hr', 'jane'])).toEqual(blocked);
    expect(await asked(['joe', 'hr', 'hr'])).toEqual({ committed: true });
    expect(await asked(['jane', 'hr', 'hr'], 'other')).toEqual({ committed: true });
    expect(await asked(['jane', 'hr', 'hr'], 'demo', later)).toEqual({ committed: true });
  });

  it('holds on every cluster where it names none', async () => {
    const { commit } = await testStore();
    await commit([insertIdentityBlock({ block: { ...block, clusters: null, until: null }, folded: 'jane' })]);
    expect(await commit([unblocked(['jane', 'a', 'b'], 'any')])).toMatchObject({ committed: false });
  });

  it('replaces only the block that was seen', async () => {
    const { commit, store } = await testStore();
    await commit([insertIdentityBlock({ block, folded: 'jane' })]);
    const conflict = { committed: false, conflict: { kind: 'identityBlock' } };
    expect(await commit([insertIdentityBlock({ block, folded: 'jane' })])).toEqual(conflict);
    const [stored] = await store.identityBlocks.find(['jane', 'joe']);
    expect(stored).toMatchObject(block);
    const n = stored?.n ?? 0n;
    expect(await commit([removeIdentityBlock({ folded: 'jane', n: n + 1n })])).toEqual(conflict);
    const changed = { ...block, clusters: null };
    expect(
      await commit([
        removeIdentityBlock({ folded: 'jane', n }),
        insertIdentityBlock({ block: changed, folded: 'jane' }),
      ]),
    ).toEqual({ committed: true });
    expect(await store.identityBlocks.chunk('', 10)).toMatchObject([{ ...changed, folded: 'jane' }]);
    expect(await store.identityBlocks.chunk('jane', 10)).toEqual([]);
  });

  it('keeps the part of a leaving, and the part of others beside it', async () => {
    const { commit, store } = await testStore();
    const parts = { jane: { at: later, besides: { ...block, until: later } }, joe: { at: now, besides: null } };
    for (const [folded, leaving] of Object.entries(parts))
      await commit([insertIdentityBlock({ block: { ...block, username: folded }, folded, leaving })]);
    const found = [await store.identityBlocks.find(['jane', 'joe']), await store.identityBlocks.chunk('', 10)];
    for (const blocks of found)
      expect(Object.fromEntries(blocks.map(({ username, leaving }) => [username, leaving]))).toEqual(parts);
  });
});

describe('announcements of expiry', () => {
  it('are claimed once for each certificate and distance, and forgotten later', async () => {
    const { commit, store } = await testStore();
    const notice = { fingerprintSha256: sha256('a'), seconds: 600, announcedAt: now };
    const claim = (seconds: number) => commit([insertExpiryNotice({ ...notice, seconds })]);
    expect(await claim(600)).toEqual({ committed: true });
    expect(await claim(600)).toEqual({ committed: false, conflict: { kind: 'expiryNotice' } });
    expect(await claim(3600)).toEqual({ committed: true });
    await commit([forgetExpiryNotices(later)]);
    expect(await claim(600)).toEqual({ committed: true });
    expect(await store.expiryNotices.through(600)).toBeNull();
    const advance = (from: Date | null, through: Date) => commit([advanceExpiry({ seconds: 600, from, through })]);
    await advance(now, later);
    expect(await store.expiryNotices.through(600)).toBeNull();
    await advance(null, now);
    await advance(null, later);
    expect(await store.expiryNotices.through(600)).toEqual(now);
    await advance(now, later);
    await advance(now, now);
    expect(await store.expiryNotices.through(600)).toEqual(later);
    await advance(later, now);
    expect(await store.expiryNotices.through(600)).toEqual(now);
  });
});

describe('identities', () => {
  it('whose certificates all end in time are found among many that end so', async () => {
    const { commit, store } = await testStore();
    const past = instant('2026-02-01T10:00:00.000Z');
    const soon = instant('2026-03-01T12:00:00.000Z');
    const ends: readonly (readonly [username: string, notAfter: Date])[] = [
      ['a-late', later],
      ['b-soon', soon],
      ['c-both', soon],
      ['c-both', later],
      ['d-past', past],
      ...Array.from({ length: 2000 }, () => ['e-many', soon] as const),
      ['f-past-and-soon', past],
      ['f-past-and-soon', soon],
    ];
    const certificates = ends.map(([username, notAfter], i) =>
      aCertificate(aRequest({ state: 'issued', username }), {
        ...{ username, notAfter, fingerprintSha256: sha256(String(i)) },
        serialNumber: (i + 1).toString(16).padStart(4, '0'),
      }),
    );
    await commit(
      certificates.flatMap((certificate) => [
        insertRequest(aRequest({ id: certificate.requestId, username: certificate.username, state: 'issued' })),
        insertCertificate(certificate),
      ]),
    );
    const notAfterBefore = instant('2026-03-01T13:00:00.000Z');
    const page = { limit: 2, cursor: null };
    const first = await store.identities.list({ notAfterBefore }, now, page);
    expect(first.items.map(({ username }) => username)).toEqual(['b-soon', 'e-many']);
    const second = await store.identities.list({ notAfterBefore }, now, { ...page, cursor: first.nextCursor });
    expect(second.items.map(({ username }) => username)).toEqual(['f-past-and-soon']);
  });
});

describe('spellings', () => {
  it('lead from the form in which names are compared to the names of requests', async () => {
    const { commit, store } = await testStore();
    const requester = { name: 'HR-System', groups: [], roles: [] };
    const requests = [
      aRequest({ username: 'JANE', requester, collector: 'HR-System' }),
      aRequest({ username: 'Jane', requester, collector: 'jane' }),
      aRequest({ username: 'Jane' }),
      aRequest({ username: 'jane' }),
      aRequest({ username: 'ｊａｎｅ' }),
      aRequest({ username: 'JAne', state: 'denied' }),
    ];
    for (const request of requests) expect(await commit([insertRequest(request)])).toEqual({ committed: true });
    expect(await store.identities.spellings(['jane'])).toEqual(['JANE', 'Jane', 'ｊａｎｅ']);
    expect(await store.identities.spellings(['hr-system'])).toEqual(['HR-System']);
    expect(await store.identities.spellings(['joe'])).toEqual([]);
  });
});

describe('the revoked certificates of a username', () => {
  it('are those that have not expired, the last to end first', async () => {
    const { commit, store, certificates } = await withLineage(3);
    for (const certificate of certificates.slice(1)) await commit([insertRevocation(revocationOf(certificate))]);
    await commit([insertRevocation({ ...revocationOf(aCertificate(aRequest())), fingerprintSha256: sha256('?') })]);
    const read = (wanted: object) =>
      store.certificates.unexpiredOf('jane', { revoked: true, clusters: null, now, limit: 10, ...wanted });
    const fingerprints = certificates.slice(1).map(({ fingerprintSha256 }) => fingerprintSha256);
    expect((await read({})).map(({ fingerprintSha256 }) => fingerprintSha256)).toEqual(fingerprints.reverse());
    expect(await read({ limit: 2 })).toHaveLength(2);
    expect(await read({ clusters: ['other'] })).toEqual([]);
    expect(await read({ now: later })).toEqual([]);
  });

  it.each([['few', 0] as const, ['many', 1_000] as const])(
    'finds the waiting ones of a name in which whoever it is has a part, where %s wait',
    async (_, others) => {
      const { store, commit } = await testStore();
      const waiting = ['pending', 'approved'] as const;
      const byHr = { name: 'hr', groups: [], roles: [] };
      const own = waiting.flatMap((state) => [
        aRequest({ state, username: 'Ann' }),
        aRequest({ state, username: 'ann', cluster: 'other' }),
        aRequest({ state, username: 'ben', requester: { ...byHr, name: 'Ann' } }),
        aRequest({ state, username: 'ben', collector: 'Ann' }),
      ]);
      const foreign = [
        aRequest({ username: 'ANN' }),
        ...(['issuing', 'denied', 'cancelled'] as const).map((state) => aRequest({ state, username: 'Ann' })),
        ...Array.from({ length: others }, () => aRequest({ username: 'ben' })),
      ];
      // The newest are of others.
      await commit([...own, ...foreign].map((request) => insertRequest(request)));
      const found = async (names: readonly string[], clusters: readonly string[] | null, limit = 100) =>
        (await store.requests.waitingOf(names, clusters, limit)).map(({ id }) => id).sort();
      const idsOf = (requests: typeof own) => requests.map(({ id }) => id).sort();
      expect(await found(['Ann', 'ann'], null)).toEqual(idsOf(own));
      expect(await found(['Ann'], null)).toEqual(idsOf(own.filter(({ username }) => username !== 'ann')));
      expect(await found(['Ann', 'ann'], ['other', 'third'])).toEqual(
        idsOf(own.filter(({ cluster }) => cluster === 'other')),
      );
      expect(await found(['Ann', 'ann'], null, 3)).toHaveLength(3);
      expect(await found(['nobody'], null)).toEqual([]);
    },
  );
});
