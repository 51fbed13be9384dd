// Tests src/access/keep-revocation-config-map.ts, src/kubernetes/revocation-enforcement-files.ts
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClusterConflictError } from '../../../src/kubernetes/cluster-error.js';
import type { ClusterConnection } from '../../../src/kubernetes/cluster-connection.js';
import { embeddedRevocation } from '../../../src/config/cluster-config.js';
import { keepRevocationConfigMap, mergedList } from '../../../src/access/keep-revocation-config-map.js';
import { keyOfUsername, readValueOfUsernames } from '../../../src/kubernetes/revocation-enforcement-files.js';
import { DenyList } from '../../../src/access/deny-list.js';
import type { Store } from '../../../src/store/store.js';
import type { RevokedCertificate } from '../../../src/model/certificate.js';
import { aRevocation } from '../../helpers/revocations.js';

const now = new Date('2026-03-01T10:00:00Z');
const ends = (fingerprintSha256: string, notAfter: string) => ({ fingerprintSha256, notAfter: new Date(notAfter) });
const id = (n: number) => n.toString(16).padStart(64, '0');
const until = new Date('2026-03-09T00:00:00Z');
const named = (...names: readonly (readonly [string, readonly string[]])[]) =>
  new Map(names.map(([username, live]) => [username, { until, live }]));
const usersIn = (data: Readonly<Record<string, string>>) =>
  Object.values(data).flatMap((text) => readValueOfUsernames(text) ?? []);

describe('the merged list', () => {
  it('adds what is revoked, drops what has expired, and keeps what kubepass does not know', () => {
    const found = { old: '2026-02-01T00:00:00Z', foreign: '2026-04-01T00:00:00Z' };
    expect(mergedList(found, { revoked: [ends('aa', '2026-03-02T00:00:00.500Z')], names: new Map() }, now)).toEqual({
      data: { aa: '2026-03-02T00:00:00Z', foreign: '2026-04-01T00:00:00Z' },
      left: [],
    });
  });

  it('has the live certificates of each name, without those that are known as revoked', () => {
    const revoked = [ends(id(1), '2026-03-02T00:00:00Z')];
    const first = mergedList({}, { revoked, names: named(['jane', [id(1), id(2)]]) }, now);
    expect(first.data['user-6a616e65']).toBe(`2026-03-09T00:00:00Z\n=jane\n${id(2)}\n`);
    // A replica that knows less keeps the name and what is revoked, and takes the certificates of the database.
    const { data } = mergedList(first.data, { revoked: [], names: named(['jane', [id(1), id(2), id(3)]]) }, now);
    expect(data['user-6a616e65']).toBe(`2026-03-09T00:00:00Z\n=jane\n${id(2)}\n${id(3)}\n`);
    expect(mergedList(first.data, { revoked: [], names: new Map() }, now).data['user-6a616e65']).toBe(
      '2026-03-09T00:00:00Z\n=jane\n',
    );
    expect(mergedList(first.data, { revoked: [], names: new Map() }, until).data).toEqual({});
  });

  it('tells names apart that are longer than a key', () => {
    const [one, other] = ['é'.repeat(63) + 'a', 'é'.repeat(63) + 'b'];
    const { data } = mergedList({}, { revoked: [], names: named([one, [id(1)]], [other, [id(2)]]) }, now);
    expect(Object.keys(data)).toEqual([keyOfUsername(one)]);
    expect(usersIn(data)).toEqual([{ until, usernames: [one, other], live: [id(1), id(2)] }]);
    for (const key of Object.keys(data)) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
  });

  it('holds 1,000 names with 10 live certificates each', () => {
    const names = Array.from(
      { length: 1_000 },
      (_, n) => [`person-${n}@corp.example`, Array.from({ length: 10 }, (__, i) => id(n * 100 + i))] as const,
    );
    const revoked = Array.from({ length: 1_000 }, (_, n) => ends(id(n * 100 + 99), '2026-03-02T00:00:00Z'));
    const { data, left } = mergedList({}, { revoked, names: named(...names) }, now);
    expect(left).toEqual([]);
    expect(Object.keys(data)).toHaveLength(2_000);
    // The limits of an API server and of etcd.
    const values = Object.values(data).join('').length;
    expect(values).toBeLessThan(1024 * 1024);
    expect(values + 2 * Object.keys(data).join('').length).toBeLessThan(1.5 * 1024 * 1024);
  });

  it('refuses all of a name whose live certificates do not fit, and says so', () => {
    const many = Array.from({ length: 16_000 }, (_, n) => id(n));
    const names = named(['machine', many], ['jane', [id(20_000)]]);
    const { data, left } = mergedList({}, { revoked: [ends(id(30_000), '2026-03-02T00:00:00Z')], names }, now);
    expect(left).toEqual([expect.stringMatching(/^all certificates of 1 usernames are refused/)]);
    expect(usersIn(data)).toEqual([
      { until, usernames: ['jane'], live: [id(20_000)] },
      { until, usernames: ['machine'], live: [] },
    ]);
  });
});

const silent = { info() {}, warn() {}, error() {} };
const reader = {} as Store['revocations'];

describe('keeping the ConfigMap', () => {
  beforeEach(() => vi.useFakeTimers({ now }));
  afterEach(() => vi.useRealTimers());

  const cluster = () => {
    let data: Readonly<Record<string, string>> | null = {};
    const faults: Error[] = [];
    let reads = 0;
    const configMaps: ClusterConnection['configMaps'] = {
      find() {
        reads += 1;
        return Promise.resolve(data && { data, wire: {} });
      },
      replaceData(_namespace, _name, _found, written) {
        const fault = faults.shift();
        if (fault) return Promise.reject(fault);
        data = written;
        return Promise.resolve();
      },
    };
    const revoked: RevokedCertificate[] = [];
    const errors: string[] = [];
    let write = (): Promise<unknown> => Promise.resolve();
    const keep = () =>
      keepRevocationConfigMap(
        {
          denyList: Object.assign(new DenyList({ reader, clock: () => now, log: silent }), {
            isLoaded: () => true,
            ofCluster: () => revoked,
          }),
          listedNames: {
            keptBy(_cluster, given) {
              write = given;
            },
            passes: () => Promise.resolve(true),
            of: () => Promise.resolve(new Map()),
            changesOf: () => String(revoked.length),
          },
          clock: () => new Date(),
          log: { info() {}, warn() {}, error: (fields) => void errors.push((fields as { reason: string }).reason) },
        },
        'demo',
        embeddedRevocation,
        { configMaps },
      );
    return {
      ...{ keep, revoked, faults, errors, write: () => write() },
      reads: () => reads,
      data: () => Object.keys(data ?? {}),
      remove: () => (data = null),
      put: () => (data = {}),
    };
  };

  it('writes a revocation within half a second, and asks nothing while nothing changes', async () => {
    const { keep, revoked, data, reads } = cluster();
    const kept = keep();
    await vi.advanceTimersByTimeAsync(1_000);
    const before = reads();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(reads()).toBe(before);
    revoked.push(aRevocation({ fingerprintSha256: 'aa' }));
    await vi.advanceTimersByTimeAsync(500);
    expect(data()).toEqual(['aa']);
    await kept.stop();
  });

  it('tries again at once after a conflict, and later after anything else', async () => {
    const { keep, revoked, data, faults, errors } = cluster();
    faults.push(new ClusterConflictError('changed'), new Error('forbidden'));
    revoked.push(aRevocation({ fingerprintSha256: 'aa' }));
    const kept = keep();
    await vi.advanceTimersByTimeAsync(600);
    expect([data(), errors]).toEqual([[], ['forbidden']]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(data()).toEqual(['aa']);
    await kept.stop();
  });

  it('is waited for until it is written, or cannot be', async () => {
    const { keep, revoked, data, faults, write } = cluster();
    const kept = keep();
    await vi.advanceTimersByTimeAsync(100);
    // Other replicas have written, twice.
    faults.push(new ClusterConflictError('changed'), new ClusterConflictError('changed'));
    revoked.push(aRevocation({ fingerprintSha256: 'aa' }));
    const written = write().then(data);
    await vi.advanceTimersByTimeAsync(200);
    expect(await written).toEqual(['aa']);

    revoked.push(aRevocation({ fingerprintSha256: 'bb' }));
    faults.push(new Error('forbidden'));
    const failed = write().then(data);
    await vi.advanceTimersByTimeAsync(200);
    expect(await failed).toEqual(['aa']);
    await kept.stop();
  });

  it('is written once for all who wait, and not at all once it is stopped', async () => {
    const { keep, revoked, data, reads, write } = cluster();
    const kept = keep();
    await vi.advanceTimersByTimeAsync(100);
    const before = reads();
    revoked.push(aRevocation({ fingerprintSha256: 'aa' }));
    const writes = Array.from({ length: 50 }, () => write());
    await vi.advanceTimersByTimeAsync(200);
    await Promise.all(writes);
    expect([data(), reads() - before]).toEqual([['aa'], 1]);
    revoked.push(aRevocation({ fingerprintSha256: 'bb' }));
    void write();
    await kept.stop();
    expect(data()).toEqual(['aa']);
  });

  it('says once that there is no ConfigMap, and fills it when it comes', async () => {
    const { keep, revoked, data, errors, remove, put } = cluster();
    remove();
    revoked.push(aRevocation({ fingerprintSha256: 'aa' }));
    const kept = keep();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(errors).toHaveLength(1);
    put();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(data()).toEqual(['aa']);
    await kept.stop();
  });

  it('mends what others have changed, within a minute', async () => {
    const { keep, revoked, data, put } = cluster();
    revoked.push(aRevocation({ fingerprintSha256: 'aa' }));
    const kept = keep();
    await vi.advanceTimersByTimeAsync(500);
    put();
    await vi.advanceTimersByTimeAsync(61_000);
    expect(data()).toEqual(['aa']);
    await kept.stop();
  });
});
