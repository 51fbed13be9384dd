// Tests bench/peers/process-model.ts
import { describe, expect, it } from 'vitest';
import { modelOf } from '../../../bench/peers/process-model.js';
import type { Round } from '../../../bench/peers/round.js';

const round = (loop: number, database: number): Round => ({
  perSecond: 1,
  answered: 1,
  cpu: { service: 2 * loop, database },
  threads: Object.entries({ MainThread: loop, 'writer-thread': 0.1, 'crypto-worker': 0.125 }).map(([name, busy]) => ({
    ...{ name, busy, waiting: 0 },
  })),
});

describe('the model of more processes', () => {
  const text = modelOf(
    'P-256',
    [round(0.2, 0)],
    [
      { connections: 32, rounds: [round(0.25, 0.2)] },
      { connections: 16, rounds: [round(0.25, 0.4)] },
    ],
  );

  it('says that it is a model, and which thread is full first', () => {
    expect(text).toContain('**A model, not measured**');
    expect(text).toContain(
      'the event loop at 5,000/s (0.20 ms), the crypto thread at 8,000/s (0.13 ms), the writer at 10,000/s (0.10 ms)',
    );
  });

  it('lets each process have an event loop, and all of them one PostgreSQL', () => {
    expect(text).toContain('| 1 | 32 | 0.25 ms | 0.50 ms | 0.20 ms | event loop | 4,000/s |');
    expect(text).toContain('| 2 | 16 | 0.25 ms | 0.50 ms | 0.40 ms | PostgreSQL | 2,500/s |');
  });
});
