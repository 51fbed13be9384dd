// Tests bench/turns/recorded-turns.ts, bench/bench-turns.ts
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../bench/bench-turns.js';
import { findOnPath } from '../../../scripts/executables.js';
import { lineOf } from '../../../bench/report.js';
import { monotonicMilliseconds, RecordedTurns, turnsIn } from '../../../bench/turns/recorded-turns.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const record = [
  'turn 99.0 50.0 MainThread',
  'turn 100.0 9.5 MainThread',
  'sync 101.5 12.25 writer-thread',
  'turn 102.0 11.0 MainThread',
  'turn 150.0 4.5 writer-thread',
  'sync 151.0 4.0 libuv-worker',
  'turn 201.0 60.0 MainThread',
  '',
].join('\n');

describe('turnsIn', () => {
  it('takes the turns and the waits that ended in the period, the longest first', () => {
    expect(Object.fromEntries(turnsIn(record, { began: 100, ended: 200 }))).toEqual({
      MainThread: { turns: [11, 9.5], syncs: [] },
      'writer-thread': { turns: [4.5], syncs: [12.25] },
      'libuv-worker': { turns: [], syncs: [4] },
    });
  });
});

describe('the rows of the turns', () => {
  const threads = turnsIn(record, { began: 100, ended: 200 });

  it('count the long turns, and bound the longest one of each thread', () => {
    expect(rowsOf('SQLite', threads, '400/s').map(lineOf)).toEqual([
      '| SQLite: turns of the event loop over 8 ms of processor time, P-256 CA | 2 |  | ≤ 10: met | 400/s |',
      '| SQLite: the longest turn of the event loop | 11.0 ms |  | ≤ 30 ms: met | 2 over 4 ms, the next 9.50 ms |',
      '| SQLite: the longest turn of the writer | 4.50 ms |  | ≤ 8 ms: met | 1 over 4 ms, its longest wait for the disk 12.3 ms |',
    ]);
  });

  it('are there for a thread that had no long turn, and not for one that is not there', () => {
    const whats = (database: 'SQLite' | 'PostgreSQL') => rowsOf(database, new Map(), '').map(({ what }) => what);
    expect(whats('SQLite')).toContain('SQLite: the longest turn of the writer');
    expect(whats('PostgreSQL')).not.toContain('PostgreSQL: the longest turn of the writer');
  });
});

describe.runIf(process.platform === 'linux' && findOnPath('cc') !== null)('turns.c', () => {
  it('records a long turn of a loop with the name of its thread', () => {
    const directory = temporaryDirectory();
    try {
      const recorded = RecordedTurns.prepare(directory.path);
      const program = `setTimeout(() => { for (let i = 0, sum = 0; i < 300_000_000; i++) sum += i; }, 1);`;
      const began = monotonicMilliseconds();
      const env = { ...process.env, ...recorded.environment };
      expect(spawnSync(process.execPath, ['-e', program], { env }).status).toBe(0);
      const threads = recorded.of({ began, ended: monotonicMilliseconds() });
      expect(threads.get('MainThread')?.turns).not.toHaveLength(0);
    } finally {
      directory.remove();
    }
  });
});
