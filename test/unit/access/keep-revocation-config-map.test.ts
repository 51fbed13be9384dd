import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClusterConflictError } from '../../../src/kubernetes/cluster-error.js';
import type { ClusterConnection } from '../../../src/kubernetes/cluster-connection.js';
import { embeddedRevocation } from '../../../src/config/cluster-config.js';
import { keepRevocationConfigMap, mergedList } from '../../../src/access/keep-revocation-config-map.js';
import type { RevokedCertificate } from '../../../src/model/certificate.js';
import { aRevocation } from '../../helpers/revocations.js';

const now = new Date('2026-03-01T10:00:00Z');
const ends = (fingerprintSha256: string, notAfter: string) => ({ fingerprintSha256, notAfter: new Date(notAfter) });

describe('the merged list', () => {
  it('adds what is revoked, drops what has expired, and keeps what kubepass does not know', () => {
    const found = { old: '2026-02-01T00:00:00Z', foreign: '2026-04-01T00:00:00Z' };
    expect(mergedList(found, [ends('aa', '2026-03-02T00:00:00.500Z')], now)).toEqual({
      data: { aa: '2026-03-02T00:00:00Z', foreign: '2026-04-01T00:00:00Z' },
      left: 0,
    });
  });

  it('keeps those that end last where not all fit, and counts the others', () => {
    const many = Array.from({ length: 10_002 }, (_, i) =>
      ends(String(i).padStart(5, '0'), new Date(now.getTime() + (i + 1) * 1000).toISOString()),
    );
    const { data, left } = mergedList({}, many, now);
    expect([Object.keys(data).length, left]).toEqual([10_000, 2]);
    expect(data).not.toHaveProperty('00000');
    expect(data).toHaveProperty('10001');
  });
});

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
    const keep = () =>
      keepRevocationConfigMap(
        {
          denyList: {
            isLoaded: () => true,
            find: () => null,
            ofCluster: () => revoked,
            all: () => revoked,
            follow: async () => {},
            isBehind: false,
          },
          clock: () => new Date(),
          log: { info() {}, warn() {}, error: (fields) => void errors.push((fields as { reason: string }).reason) },
        },
        'demo',
        embeddedRevocation,
        { configMaps },
      );
    return {
      ...{ keep, revoked, faults, errors },
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
