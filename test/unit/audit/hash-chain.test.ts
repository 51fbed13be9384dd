// Tests src/audit/hash-chain.ts
import { describe, expect, it } from 'vitest';
import { type ChainHead, type ChainReader, genesis, verifyChain } from '../../../src/audit/hash-chain.js';
import type { AuditEvent, UnchainedEvent } from '../../../src/model/audit-event.js';
import { chainedEvent } from '../../helpers/chained-event.js';

const draft = (details: UnchainedEvent['details'] = {}): UnchainedEvent => ({
  type: 'CertificateRequested',
  at: new Date('2026-01-02T03:04:05.006Z'),
  principal: 'jane',
  cluster: 'demo',
  requestId: null,
  fingerprintSha256: null,
  details,
});

function chainOf(count: number): AuditEvent[] {
  const events: AuditEvent[] = [];
  let head: ChainHead = genesis;
  for (let i = 0; i < count; i++) {
    const event = chainedEvent(head, draft({ number: i }));
    events.push(event);
    head = event;
  }
  return events;
}

function readerOf(events: readonly AuditEvent[]): ChainReader {
  return {
    chunk: (afterSeq, limit) => Promise.resolve(events.filter(({ seq }) => seq > afterSeq).slice(0, limit)),
    head: () => Promise.resolve(events.at(-1) ?? genesis),
    start: () => Promise.resolve(genesis),
  };
}

describe('verifyChain', () => {
  it('accepts an empty log', async () => {
    expect(await verifyChain(readerOf([]))).toEqual({
      valid: true,
      events: 0,
      archivedEvents: 0,
      head: '0'.repeat(64),
      firstInvalidSeq: null,
    });
  });

  it.each([1, 2, 3, 7, 100])('accepts an untouched log, %i events at a time', async (chunkSize) => {
    const events = chainOf(7);
    expect(await verifyChain(readerOf(events), chunkSize)).toEqual({
      valid: true,
      events: 7,
      archivedEvents: 0,
      head: events[6]?.hash,
      firstInvalidSeq: null,
    });
  });

  it.each<[string, Partial<AuditEvent>]>([
    ['at', { at: new Date('2026-01-02T03:04:05.007Z') }],
    ['an unreadable at', { at: new Date(NaN) }],
    ['type', { type: 'RequestApproved' }],
    ['principal', { principal: 'bob' }],
    ['cluster', { cluster: null }],
    ['requestId', { requestId: 'x' }],
    ['fingerprintSha256', { fingerprintSha256: 'x' }],
    ['details', { details: { number: 99 } }],
    ['canonical', { canonical: '{}' }],
    ['hash', { hash: 'f'.repeat(64) }],
    ['previousHash', { previousHash: 'f'.repeat(64) }],
  ])('finds an event whose %s was edited', async (_, edit) => {
    const events = chainOf(5).map((event) => (event.seq === 3 ? { ...event, ...edit } : event));
    expect(await verifyChain(readerOf(events), 2)).toMatchObject({ valid: false, events: 2, firstInvalidSeq: 3 });
  });

  it('finds an edit that was hashed again, at the event after it', async () => {
    const events = chainOf(5);
    events[2] = chainedEvent(events[1] as AuditEvent, draft({ number: 'another' }));
    expect(await verifyChain(readerOf(events))).toMatchObject({ valid: false, firstInvalidSeq: 4 });
  });

  it.each([1, 2, 200])('finds an event that is missing, %i at a time', async (chunkSize) => {
    const events = chainOf(5).filter(({ seq }) => seq !== 3);
    expect(await verifyChain(readerOf(events), chunkSize)).toMatchObject({ valid: false, firstInvalidSeq: 3 });
  });

  it('finds events that changed places', async () => {
    const [a, b, c] = chainOf(3) as [AuditEvent, AuditEvent, AuditEvent];
    const events = [a, { ...c, seq: 2 }, { ...b, seq: 3 }];
    expect(await verifyChain(readerOf(events))).toMatchObject({ valid: false, firstInvalidSeq: 2 });
  });

  it('finds that events which were there when it began are gone', async () => {
    const events = chainOf(3);
    const reader = { ...readerOf(events.slice(0, 2)), head: () => Promise.resolve(events[2] as AuditEvent) };
    expect(await verifyChain(reader)).toMatchObject({ valid: false, firstInvalidSeq: 3 });
  });

  it('answers for the log as it was when it began, whatever is appended meanwhile', async () => {
    const events = chainOf(4);
    const reader = readerOf(events);
    const growing: ChainReader = {
      ...reader,
      chunk: (afterSeq, limit) => {
        events.push(chainedEvent(events.at(-1) ?? genesis, draft()));
        return reader.chunk(afterSeq, limit);
      },
    };
    expect(await verifyChain(growing, 1)).toMatchObject({ valid: true, events: 4 });
  });

  it('gives the event loop its turn between chunks', async () => {
    let turns = 0;
    let running = true;
    const count = () => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await verifyChain(readerOf(chainOf(50)), 5);
    running = false;
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  describe('behind archives', () => {
    /** A log whose events up to `archived` are in archives; those before `kept` have left the database. */
    const archivedLog = (events: readonly AuditEvent[], archived: number, kept: number): ChainReader => ({
      ...readerOf(events.filter(({ seq }) => seq >= kept)),
      start: () => Promise.resolve(events[archived - 1] ?? genesis),
    });

    it.each([1, 4, 5])('accepts the rest, event %i being the first that is still there', async (kept) => {
      expect(await verifyChain(archivedLog(chainOf(9), 4, kept), 2)).toMatchObject({
        ...{ valid: true, events: 9, archivedEvents: 4, firstInvalidSeq: null },
      });
    });

    it('finds that more is gone than was archived', async () => {
      expect(await verifyChain(archivedLog(chainOf(9), 4, 6))).toMatchObject({ valid: false, firstInvalidSeq: 5 });
    });

    it('finds that the rest does not follow from the archives', async () => {
      const events = chainOf(9);
      const reader = { ...readerOf(events), start: () => Promise.resolve({ seq: 4, hash: 'f'.repeat(64) }) };
      expect(await verifyChain(reader)).toMatchObject({ valid: false, events: 4, firstInvalidSeq: 5 });
    });

    it.each([3, 4])('finds that everything behind them is gone: %i events are left', async (left) => {
      const events = chainOf(9);
      const reader = { ...readerOf(events.slice(0, left)), start: () => Promise.resolve(events[3] as ChainHead) };
      expect(await verifyChain(reader)).toMatchObject({ valid: false, firstInvalidSeq: 5 });
    });

    it('goes on behind events that are archived and deleted meanwhile', async () => {
      const events = chainOf(40);
      let archived = 0;
      const reader: ChainReader = {
        chunk: (afterSeq, limit) => {
          archived = Math.min(30, archived + 7);
          return Promise.resolve(events.filter(({ seq }) => seq > archived && seq > afterSeq).slice(0, limit));
        },
        head: () => Promise.resolve(events.at(-1) as ChainHead),
        start: () => Promise.resolve(events[archived - 1] ?? genesis),
      };
      expect(await verifyChain(reader, 3)).toMatchObject({ valid: true, firstInvalidSeq: null });
    });
  });
});
