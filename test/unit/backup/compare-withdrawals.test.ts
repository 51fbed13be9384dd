// Tests src/backup/compare-withdrawals.ts
import { describe, expect, it } from 'vitest';
import { comparedWithdrawals, type WithdrawalReader } from '../../../src/backup/compare-withdrawals.js';
import type { IdentityBlock } from '../../../src/model/identity.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const blockAt = (minute: number): IdentityBlock => ({
  ...{ username: 'jane', clusters: null, reason: 'keyCompromise', comment: null, until: null },
  ...{ blockedAt: at(minute), blockedBy: 'admin' },
});

/** A database without a block, whose log begins at minute 10 because an archive has what was before. */
const archiving = (acknowledgedAt: Date | null) =>
  ({
    apiTokens: { revokedBeforeTheirEnd: () => Promise.resolve([]) },
    identityBlocks: { find: () => Promise.resolve([]), chunk: () => Promise.resolve([]) },
    auditEvents: {
      list: () => Promise.resolve({ items: [], nextCursor: null, firstSeq: 6 }),
      start: () => Promise.resolve({ seq: 5, hash: '' }),
      chunk: () => Promise.resolve([{ at: at(10) }]),
    },
    restorations: { all: () => Promise.resolve([{ acknowledgedAt }]) },
  }) as unknown as WithdrawalReader;

const unknownTo = async (store: WithdrawalReader, minute: number) =>
  (await comparedWithdrawals(store, [{ folded: 'jane', block: blockAt(minute) }], at(20))).blocks.length;

describe('a block of which the log does not tell', () => {
  it('was lifted where an archive has the events of its time, and holds where it is younger', async () => {
    expect(await unknownTo(archiving(at(11)), 9)).toBe(0);
    expect(await unknownTo(archiving(at(11)), 10)).toBe(1);
  });

  it('holds as long as a restore is not acknowledged', async () => {
    expect(await unknownTo(archiving(null), 9)).toBe(1);
  });
});
