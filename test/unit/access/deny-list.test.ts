// Tests src/access/deny-list.ts
import { describe, expect, it } from 'vitest';
import { DenyList } from '../../../src/access/deny-list.js';
import type { RevokedCertificate } from '../../../src/model/certificate.js';
import { afterCommit, followedWriter } from '../../../src/store/writer/followed-writer.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { instant, sha256, testStore } from '../store/records.js';

const now = instant('2026-03-01T10:00:00.000Z');
const later = instant('2026-03-02T10:00:00.000Z');

const revocation = (name: string, more: Partial<RevokedCertificate> = {}): RevokedCertificate => ({
  fingerprintSha256: sha256(name),
  cluster: 'demo',
  serialNumber: '01',
  issuer: 'CN=ca',
  issuerFingerprintSha256: null,
  username: name,
  notAfter: later,
  reason: 'unspecified',
  comment: null,
  revokedAt: now,
  revokedBy: 'admin',
  ...more,
});

async function opened() {
  const { store, commit } = await testStore();
  let time = now;
  const logged: string[] = [];
  const log = { info() {}, warn() {}, error: (_: object, message: string) => void logged.push(message) };
  const list = (reader = store.revocations) => new DenyList({ reader, clock: () => time, log });
  const revoke = (revoked: RevokedCertificate) => commit([insertRevocation(revoked)]);
  return { store, list, revoke, logged, setTime: (to: Date) => (time = to) };
}

describe('the deny list', () => {
  it('knows every revocation of before, but for certificates that have expired', async () => {
    const { list, revoke, store } = await opened();
    const operations = Array.from({ length: 1200 }, (_, i) => insertRevocation(revocation(`user ${i}`)));
    await store.writer.commit({ operations, events: [] });
    await revoke(revocation('expired', { notAfter: now }));
    await revoke(revocation('elsewhere', { cluster: 'other' }));
    const denied = list();
    expect(denied.isLoaded()).toBe(false);
    await denied.load();
    expect(denied.isLoaded()).toBe(true);
    expect(denied.size()).toBe(1201);
    expect(denied.find('demo', sha256('user 1199'))).toMatchObject({ username: 'user 1199' });
    expect(denied.find('demo', sha256('elsewhere'))).toBeNull();
    expect(denied.find('other', sha256('elsewhere'))).not.toBeNull();
    expect(denied.find('demo', sha256('expired'))).toBeNull();
    expect([...denied.ofCluster('other')]).toHaveLength(1);
  });

  it('has the revocations of clusters that share their trust on each of them', async () => {
    const { store, revoke } = await opened();
    const sharing = (cluster: string) => (cluster === 'apart' ? ['apart'] : ['demo', 'other']);
    const log = { info() {}, warn() {}, error() {} };
    const denied = new DenyList({ reader: store.revocations, clock: () => now, log, sharing });
    await revoke(revocation('jane'));
    await revoke(revocation('mary', { cluster: 'other' }));
    await denied.load();
    for (const cluster of ['demo', 'other']) {
      for (const username of ['jane', 'mary'])
        expect(denied.find(cluster, sha256(username))).toMatchObject({ username });
      expect([...denied.ofCluster(cluster)]).toHaveLength(2);
      expect(denied.changesOf(cluster)).toBe(2);
    }
    expect([denied.find('apart', sha256('jane')), ...denied.ofCluster('apart')]).toEqual([null]);
    expect([...denied.all()]).toHaveLength(2);
  });

  it('follows what other processes revoke', async () => {
    const { list, revoke } = await opened();
    await revoke(revocation('before'));
    const denied = list();
    await denied.load();
    const changes = denied.changesOf('demo');
    await revoke(revocation('one'));
    await revoke(revocation('two'));
    await denied.follow();
    for (const username of ['one', 'two']) expect(denied.find('demo', sha256(username))).toMatchObject({ username });
    expect(denied.changesOf('demo')).toBeGreaterThan(changes);
    await revoke(revocation('three'));
    await denied.follow();
    expect(denied.find('demo', sha256('three'))).not.toBeNull();
  });

  it('knows those of its own process before their commit is answered', async () => {
    const { list, store } = await opened();
    const denied = list();
    await denied.load();
    const learning = afterCommit('revoked', { waits: true }, (revoked) => {
      for (const one of revoked) denied.add(one);
    });
    const writer = followedWriter(store.writer, [learning]);
    const step = { operations: [insertRevocation(revocation('own'))], events: [] };
    expect(await writer.commit(step)).toEqual({ committed: true });
    expect(denied.find('demo', sha256('own'))).not.toBeNull();
    const twice = await writer.commit(step);
    expect(twice.committed).toBe(false);
    await denied.follow();
    expect(denied.size()).toBe(1);
  });

  it('follows a database that was put back under it, and forgets no revocation', async () => {
    const [first, second] = [await opened(), await opened()];
    for (const name of ['one', 'two', 'three']) await first.revoke(revocation(name));
    let { revocations } = first.store;
    const reader = {
      lastN: () => revocations.lastN(),
      unexpired: (...asked: Parameters<typeof revocations.unexpired>) => revocations.unexpired(...asked),
      chunk: (...asked: Parameters<typeof revocations.chunk>) => revocations.chunk(...asked),
    };
    const denied = first.list(reader as typeof revocations);
    await denied.load();
    await second.revoke(revocation('after the backup was put back'));
    ({ revocations } = second.store);
    await denied.follow();
    expect(denied.find('demo', sha256('after the backup was put back'))).not.toBeNull();
    expect(denied.find('demo', sha256('three'))).not.toBeNull();
    await second.revoke(revocation('later'));
    await denied.follow();
    expect(denied.find('demo', sha256('later'))).not.toBeNull();
  });

  it('forgets certificates that have expired, and lists none of them', async () => {
    const { list, revoke, setTime } = await opened();
    await revoke(revocation('jane'));
    const denied = list();
    await denied.load();
    await denied.follow();
    setTime(later);
    expect([...denied.ofCluster('demo')]).toEqual([]);
    await denied.follow();
    expect(denied.size()).toBe(0);
  });

  it('answers from memory while the database is out of reach, and reads on afterwards', async () => {
    const { list, revoke, store, logged } = await opened();
    await revoke(revocation('jane'));
    let isDown = false;
    const reader = {
      lastN: () => store.revocations.lastN(),
      unexpired: (...asked: Parameters<typeof store.revocations.unexpired>) => store.revocations.unexpired(...asked),
      chunk: (...asked: Parameters<typeof store.revocations.chunk>) =>
        isDown ? Promise.reject(new Error('down')) : store.revocations.chunk(...asked),
    };
    const denied = list(reader as typeof store.revocations);
    await denied.load();
    isDown = true;
    await revoke(revocation('joan'));
    await denied.follow();
    await denied.follow();
    expect(logged).toHaveLength(1);
    expect(denied.find('demo', sha256('jane'))).not.toBeNull();
    isDown = false;
    await denied.follow();
    expect(denied.find('demo', sha256('joan'))).not.toBeNull();
  });
});
