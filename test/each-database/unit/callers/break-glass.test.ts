// Tests src/callers/break-glass.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeApiToken } from '../../../../src/callers/api-tokens.js';
import { BreakGlassUses } from '../../../../src/callers/break-glass.js';
import type { AuditEventDraft } from '../../../../src/model/audit-event.js';

const minute = 60_000;
const now = new Date('2026-03-01T10:00:00Z');
const { token: made } = makeApiToken({ name: 'break-glass', roles: ['admin'] }, [], { now, random: randomBytes });
const token = { ...made, breakGlass: true };

let events: AuditEventDraft[];
let warnings: object[];
let record: (event: AuditEventDraft) => Promise<void>;
let uses: BreakGlassUses;
beforeEach(() => {
  vi.useFakeTimers();
  events = [];
  warnings = [];
  record = async (event) => {
    events.push(event);
  };
  uses = new BreakGlassUses({
    record: (event) => record(event),
    log: { warn: (fields) => warnings.push(fields) },
    clock: () => now,
    intervalMilliseconds: minute,
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const counts = () => events.map(({ details }) => (details as { uses: number }).uses);

describe('uses of a break-glass token', () => {
  it('tells of the first one before it goes on', async () => {
    let commit = () => {};
    record = (event) =>
      new Promise((resolve) => {
        commit = () => {
          events.push(event);
          resolve();
        };
      });
    let goesOn = 0;
    const waiting = [uses.use(token), uses.use(token)].map((use) => use.then(() => (goesOn += 1)));
    await vi.advanceTimersByTimeAsync(10);
    expect([goesOn, events.length]).toEqual([0, 0]);
    commit();
    await Promise.all(waiting);
    expect(events).toMatchObject([
      { type: 'BreakGlassTokenUsed', principal: 'break-glass', details: { tokenId: token.id, uses: 1 } },
    ]);
  });

  it('tells of the others once a minute, with their number, and of each token for itself', async () => {
    const other = { ...token, id: 'other' };
    for (let i = 0; i < 5; i += 1) await uses.use(token);
    await uses.use(other);
    expect(counts()).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(minute);
    expect(counts()).toEqual([1, 1, 4]);
    await uses.use(token);
    await vi.advanceTimersByTimeAsync(minute - 1);
    expect(counts()).toEqual([1, 1, 4]);
    await vi.advanceTimersByTimeAsync(1);
    expect(counts()).toEqual([1, 1, 4, 1]);
    expect(warnings).toHaveLength(4);
  });

  it('tells at once of one after a quiet minute', async () => {
    await uses.use(token);
    await vi.advanceTimersByTimeAsync(minute);
    await uses.use(token);
    expect(counts()).toEqual([1, 1]);
  });

  it('lets nobody in whose use cannot be recorded, and tries again for the next one', async () => {
    const working = record;
    record = () => Promise.reject(new Error('disk full'));
    const both = await Promise.allSettled([uses.use(token), uses.use(token)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    record = working;
    await uses.use(token);
    expect(counts()).toEqual([1]);
  });

  it('loses no use where a later event cannot be recorded, nor at the end', async () => {
    const working = record;
    await uses.use(token);
    await uses.use(token);
    record = () => Promise.reject(new Error('disk full'));
    await vi.advanceTimersByTimeAsync(minute);
    record = working;
    await uses.use(token);
    await vi.advanceTimersByTimeAsync(minute);
    expect(counts()).toEqual([1, 2]);
    await uses.use(token);
    await uses.close();
    expect(counts()).toEqual([1, 2, 1]);
    await uses.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
