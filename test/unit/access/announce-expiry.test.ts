// Tests src/access/announce-expiry.ts, src/store/tables/ending-certificates.ts,
// src/store/tables/expiry-notice-table.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventPayload } from '../../../src/webhooks/event-payload.js';
import type { Context } from '../../../src/context/context.js';
import { announceExpiry, forgetOldNotices } from '../../../src/access/announce-expiry.js';
import type { Certificate } from '../../../src/model/certificate.js';
import { probeUsername } from '../../../src/model/cluster.js';
import type { Step } from '../../../src/store/steps/step.js';
import { insertExpiryNotice } from '../../../src/store/tables/expiry-notice-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../../src/store/tables/revocation-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { deliveriesOf, type Webhook } from '../../../src/webhooks/webhook.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { aCertificate, aRequest } from '../store/records.js';

const day = 86_400;
let issuance: TestIssuance;
let context: Context;
beforeEach(async () => {
  issuance = await testIssuance();
  context = telling(issuance.context);
});
afterEach(() => issuance.close());

const chat: Webhook = {
  name: 'chat',
  events: ['certificate.expiring'],
  clusters: null,
  secrets: [],
  sender: { send: () => Promise.resolve({ kind: 'abandoned' }), close() {} },
};
const telling = (of: Context, expiryNoticeSeconds: readonly number[] = [600, day, 7 * day]) => ({
  ...of,
  settings: { ...of.settings, expiryNoticeSeconds },
  deliveriesOf: (announcement: Parameters<typeof of.deliveriesOf>[0]) =>
    deliveriesOf([chat], randomBytes, eventPayload)(announcement),
});

/**
 * Puts a certificate into the inventory that ends after so many seconds. Its lifetime is a year unless something else
 * is said.
 */
async function issued(
  endsIn: number,
  { lifetime = 365 * day, ...more }: Partial<Certificate> & { lifetime?: number } = {},
) {
  const notAfter = new Date(context.clock().getTime() + endsIn * 1000);
  const request = aRequest({ state: 'issued' });
  const notBefore = new Date(notAfter.getTime() - lifetime * 1000);
  const certificate = aCertificate(request, { notBefore, notAfter, ...more });
  const operations: Step['operations'] = [insertRequest(request), insertCertificate(certificate)];
  expect(await context.store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
  return certificate;
}

/** The distances that were told of each certificate, by its username, in the order of the log. */
async function told(): Promise<Readonly<Record<string, readonly number[]>>> {
  const { store } = issuance.context;
  const events = await store.auditEvents.list({ type: 'CertificateExpiring' }, { limit: 500, cursor: null });
  const deliveries = await store.webhookDeliveries.list({}, { limit: 500, cursor: null });
  const byName: Record<string, number[]> = {};
  for (const { details } of events.items)
    (byName[details['username'] as string] ??= []).push(details['seconds'] as number);
  // Whatever is in the log is in the outbox, too.
  const announced = deliveries.items.map(
    ({ payload }) => (JSON.parse(payload) as { data: { username: string; noticeSeconds: number } }).data,
  );
  expect(announced.map(({ username, noticeSeconds }) => `${username} ${String(noticeSeconds)}`).sort()).toEqual(
    Object.entries(byName)
      .flatMap(([name, seconds]) => seconds.map((each) => `${name} ${String(each)}`))
      .sort(),
  );
  return byName;
}

describe('the end of a certificate is announced', () => {
  it('once at each distance, within half a minute, with its audit event and its webhook', async () => {
    const certificate = await issued(8 * day);
    await announceExpiry(context);
    expect(await told()).toEqual({});
    const distances = [7 * day, day, 600];
    for (const [i, seconds] of distances.entries()) {
      const ahead = (certificate.notAfter.getTime() - context.clock().getTime()) / 1000 - seconds;
      issuance.advance(ahead - 1);
      await announceExpiry(context);
      expect(await told()).toEqual(i === 0 ? {} : { jane: distances.slice(0, i) });
      issuance.advance(30);
      await announceExpiry(context);
      await announceExpiry(context);
      expect(await told()).toEqual({ jane: distances.slice(0, i + 1) });
    }
    const { items } = await context.store.auditEvents.list({ type: 'CertificateExpiring' }, { limit: 1, cursor: null });
    expect(items).toMatchObject([
      {
        principal: null,
        cluster: 'demo',
        requestId: certificate.requestId,
        fingerprintSha256: certificate.fingerprintSha256,
        details: { serialNumber: certificate.serialNumber, notAfter: certificate.notAfter.toISOString() },
      },
    ]);
  });

  it('not at a distance of more than half of its lifetime, so not at birth', async () => {
    await issued(day, { username: 'short', lifetime: day + 300 });
    await issued(2 * day, { username: 'long', lifetime: 2 * day });
    await announceExpiry(context);
    expect(await told()).toEqual({});
    issuance.advance(day + 1);
    await announceExpiry(context);
    expect(await told()).toEqual({ long: [day] });
  });

  it('not where it is revoked, superseded, an orphan or of a probe', async () => {
    const first = await issued(day - 60, { username: 'superseded' });
    const { fingerprintSha256: of } = first;
    await issued(30 * day, { username: 'renewed', renewal: { of, lineage: of, generation: 1 } });
    await issued(day - 60, { username: 'orphan', orphan: true });
    await issued(day - 60, { username: probeUsername });
    const revoked = await issued(day - 60, { username: 'revoked' });
    const at = context.clock();
    const revocation = { reason: 'unspecified', comment: null, revokedAt: at, revokedBy: null } as const;
    await context.store.writer.commit({
      operations: [insertRevocation({ ...revoked, ...revocation })],
      events: [],
    });
    await issued(day - 60, { username: 'valid' });
    await announceExpiry(context);
    expect(await told()).toEqual({ valid: [day] });
  });

  it('at the nearest of several distances that passed while nothing ran, and no more once it has ended', async () => {
    await issued(20 * day, { username: 'near' });
    await issued(18 * day, { username: 'ended' });
    await announceExpiry(context);
    issuance.advance(20 * day - 500);
    await announceExpiry(context);
    await announceExpiry(context);
    expect(await told()).toEqual({ near: [600] });
  });

  it('at the end of hundreds that end at the same instant', async () => {
    for (let i = 0; i < 600; i++) await issued(day, { username: `user-${String(i)}` });
    let seen = 0;
    // Stopped after the first part, and begun again: nothing is left out.
    await announceExpiry(context, () => seen++ > 2);
    await announceExpiry(context);
    const events = await context.store.auditEvents.chunk(0, 1000);
    expect(new Set(events.map(({ fingerprintSha256 }) => fingerprintSha256)).size).toBe(600);
    expect(events).toHaveLength(600);
  });
});

describe('it is announced once', () => {
  it('by several replicas at the same time', async () => {
    for (let i = 0; i < 40; i++) await issued(day - i, { username: `user-${String(i)}` });
    const replicas = [context, telling(issuance.replica()), telling(issuance.replica())];
    await Promise.all(replicas.map((replica) => announceExpiry(replica)));
    const all = await told();
    expect(Object.keys(all)).toHaveLength(40);
    expect(Object.values(all).every(({ length }) => length === 1)).toBe(true);
  });

  it.each(['before', 'after'] as const)('where the process died %s a commit', async (when) => {
    for (let i = 0; i < 5; i++) await issued(day - i, { username: `user-${String(i)}` });
    let left = 3;
    const { writer } = context.store;
    const dying = {
      async commit(step: Step) {
        if (left === 1 && when === 'before') throw new Error('killed');
        left -= 1;
        const result = await writer.commit(step);
        if (left < 1) throw new Error('killed');
        return result;
      },
    };
    const dies = announceExpiry({ ...context, store: { ...context.store, writer: dying } });
    await expect(dies).rejects.toThrow('killed');
    await announceExpiry(telling(issuance.restarted()));
    const all = await told();
    expect(Object.keys(all)).toHaveLength(5);
    expect(Object.values(all).every(({ length }) => length === 1)).toBe(true);
  });

  it('where the clock is a day ahead for a while; whatever is issued meanwhile or passed over is told in time', async () => {
    await issued(day + 3600, { username: 'early' });
    await announceExpiry(context);
    issuance.advance(day);
    await announceExpiry(context);
    const early = { early: [7 * day, day] };
    expect(await told()).toEqual(early);
    await issued(3 * day, { username: 'meanwhile' });
    await issued(800 - day, { username: 'passed-over', lifetime: 3600 });
    await announceExpiry(context);
    issuance.advance(300 - day);
    await announceExpiry(context);
    const then = { ...early, meanwhile: [7 * day], 'passed-over': [600] };
    expect(await told()).toEqual(then);
    await issued(day + 7200, { username: 'after', lifetime: 2 * day });
    await issued(3600, { username: 'short', lifetime: 3600 });
    issuance.advance(3000);
    await announceExpiry(context);
    expect(await told()).toEqual({ ...then, short: [600] });
    issuance.advance(4201);
    await announceExpiry(context);
    expect(await told()).toEqual({ ...then, short: [600], after: [day] });
    issuance.advance(3 * day - 7201);
    await announceExpiry(context);
    expect(await told()).toMatchObject({ ...early, meanwhile: [7 * day, day] });
  });

  it('where one of two replicas has a clock that is a day ahead', async () => {
    const ahead = { ...context, clock: () => new Date(context.clock().getTime() + day * 1000) };
    await issued(2 * day + 3600, { username: 'jane' });
    for (let hour = 0; hour < 24; hour += 4) {
      await announceExpiry(ahead);
      await announceExpiry(context);
      await issued(1500, { username: `hour-${String(hour)}`, lifetime: 1500 });
      issuance.advance(1000);
      await announceExpiry(ahead);
      await announceExpiry(context);
      issuance.advance(4 * 3600 - 1000);
    }
    const { jane, ...others } = await told();
    expect(jane).toEqual([7 * day, day]);
    expect(Object.entries(others)).toEqual([0, 4, 8, 12, 16, 20].map((hour) => [`hour-${String(hour)}`, [600]]));
  });

  it('where the distances change: a new one is told once, and an old one not again', async () => {
    await issued(day - 60, { username: 'jane' });
    await issued(20 * day, { username: 'later' });
    await announceExpiry(context);
    expect(await told()).toEqual({ jane: [day] });
    const changed = telling(issuance.context, [3 * day, 30 * day]);
    for (const each of [changed, changed, context, changed]) await announceExpiry(each);
    expect(await told()).toEqual({ jane: [day, 3 * day], later: [30 * day] });
  });
});

it('is not announced at all where no distance is configured', async () => {
  await issued(60);
  await announceExpiry(telling(issuance.context, []));
  expect(await told()).toEqual({});
});

it('forgets what it told of certificates that ended a week ago', async () => {
  await issued(day - 60);
  await announceExpiry(context);
  const again = async () => {
    const { items } = await context.store.auditEvents.list({ type: 'CertificateExpiring' }, { limit: 9, cursor: null });
    const fingerprintSha256 = items[0]?.fingerprintSha256 ?? '';
    const notice = { fingerprintSha256, seconds: day, announcedAt: context.clock() };
    return context.store.writer.commit({ operations: [insertExpiryNotice(notice)], events: [] });
  };
  issuance.advance(13 * day);
  await forgetOldNotices(context);
  expect(await again()).toMatchObject({ committed: false });
  issuance.advance(2 * day);
  await forgetOldNotices(context);
  expect(await again()).toEqual({ committed: true });
});
