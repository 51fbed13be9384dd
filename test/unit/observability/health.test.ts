// Tests src/observability/health.ts
import { expect, it } from 'vitest';
import { healthService, type HealthParts } from '../../../src/observability/health.js';
import { StoreUnavailableError } from '../../../src/model/errors.js';
import { auditor } from '../../helpers/principals.js';

const now = new Date('2026-11-26T12:00:00Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const checkpoint = (size: number, signedAt: Date) => ({ size, signedAt, note: '', root: new Uint8Array(32) });

const parts = (more: Partial<HealthParts> = {}, store: Partial<HealthParts['store']> = {}): HealthParts => ({
  store: {
    ping: () => Promise.resolve(),
    hasRoom: () => true,
    checkpoints: {
      last: () => Promise.resolve(checkpoint(10, at(-30))),
    } as unknown as HealthParts['store']['checkpoints'],
    auditEvents: {
      head: () => Promise.resolve({ seq: 12, hash: '' }),
    } as unknown as HealthParts['store']['auditEvents'],
    ...store,
  },
  clock: () => now,
  isRecovered: () => true,
  clusters: [],
  probes: { last: () => null },
  policies: {
    current: () => ({ policies: [], guardrails: [], digest: '', texts: [] }),
    isRefused: () => false,
    since: () => at(-3600),
  },
  denyList: { size: () => 3, isBehind: false },
  checkpointSeconds: 60,
  webhooks: { names: ['chat', 'mail'], failing: 0 },
  issuers: [],
  tls: null,
  restored: async () => ({ restored: false, notes: [] }),
  notes: () => [],
  ...more,
});

const of = async (given: HealthParts, name: string) =>
  (await healthService(given).report(null)).components.find((component) => component.name === name);

const tlsUntil = (seconds: number) =>
  ({
    current: () => ({ validFrom: at(-900).toISOString(), validTo: at(seconds).toISOString() }),
  }) as unknown as HealthParts['tls'];
const failing = () => Promise.reject(new StoreUnavailableError('x'));

it.each<[string, Partial<HealthParts>, Partial<HealthParts['store']>, object]>([
  ['database', {}, {}, { state: 'ok' }],
  ['database', {}, { ping: failing }, { state: 'failed' }],
  ['recovery', { isRecovered: () => false }, {}, { state: 'failed' }],
  ['writer-queue', {}, { hasRoom: () => false }, { state: 'degraded' }],
  ['policies', {}, {}, { state: 'ok', figures: { secondsInForce: 3600 } }],
  [
    'deny-list',
    { denyList: { size: () => 3, isBehind: true } },
    {},
    { state: 'degraded', figures: { revocations: 3 } },
  ],
  ['checkpoints', {}, {}, { state: 'ok', figures: { events: 12, unsignedEvents: 2, secondsSinceLast: 30 } }],
  ['checkpoints', { checkpointSeconds: 9 }, {}, { state: 'degraded' }],
  ['checkpoints', {}, { auditEvents: { head: failing } as never }, { state: 'degraded', figures: {} }],
  [
    'webhooks',
    { webhooks: { names: ['chat', 'mail'], failing: 1 } },
    {},
    { state: 'degraded', figures: { failing: 1 } },
  ],
  ['issuers', { issuers: [{ keys: { areUsable: false } }] }, {}, { state: 'degraded' }],
  ['tls-certificate', { tls: tlsUntil(101) }, {}, { state: 'ok', figures: { secondsLeft: 101 } }],
  ['tls-certificate', { tls: tlsUntil(99) }, {}, { state: 'degraded', figures: { secondsLeft: 99 } }],
  ['tls-certificate', { tls: tlsUntil(-5) }, {}, { state: 'degraded', figures: { secondsLeft: -5 } }],
])('tells that %s is as it is: %#', async (name, more, store, expected) => {
  expect(await of(parts(more, store), name)).toMatchObject(expected);
});

it('has no component for what is not configured', async () => {
  expect(await of(parts(), 'tls-certificate')).toBeUndefined();
  expect(await of(parts(), 'certificate-authorities')).toBeUndefined();
});

it('tells the end of the local CA that ends first', async () => {
  const authority = (from: number, to: number) => ({
    cluster: { name: 'x' },
    issuers: {
      inStates: () => [{ notBefore: at(from), notAfter: at(to), key: { availability: () => ({ available: true }) } }],
    },
  });
  const clusters = [authority(-10, 1000), authority(-1000, 50)] as unknown as HealthParts['clusters'];
  expect(await of(parts({ clusters }), 'certificate-authorities')).toEqual({
    name: 'certificate-authorities',
    state: 'degraded',
    figures: { held: 2, secondsLeft: 50 },
  });
  expect((await healthService(parts({ clusters })).report(auditor)).clusters).toHaveLength(2);
});

it('tells of keys that cannot be used, and of clusters whose active issuer this process does not have', async () => {
  const issuer = { notBefore: at(-10), notAfter: at(1000), key: { availability: () => ({ available: false }) } };
  const inStates = (...states: readonly string[]) => (states.includes('next') ? [issuer] : []);
  const clusters = [{ cluster: { name: 'x' }, issuers: { inStates } }] as unknown as HealthParts['clusters'];
  expect(await of(parts({ clusters }), 'certificate-authorities')).toEqual({
    name: 'certificate-authorities',
    state: 'degraded',
    figures: { held: 0, notLoaded: 1, keysUnavailable: 1 },
  });
});
