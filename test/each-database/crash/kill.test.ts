// Tests src/requests/recover-requests.ts, src/requests/issuance/issue-certificate.ts,
// src/requests/issuance/start-attempt.ts, src/store/writer/ordered-writer.ts
import { describe, expect, it } from 'vitest';
import { onPostgresql } from '../../helpers/test-store.js';
import { localCrashPoints } from '../../crash/crash-points.js';
import { Ledger, load } from '../../crash/ledger.js';
import { serviceToKill } from './service-to-kill.js';

const { start, call } = serviceToKill();
const ledger = new Ledger();

/** Eight clients that continue until the service is gone. */
async function loadUntil(gone: Promise<void>): Promise<void> {
  let running = true;
  void gone.then(() => {
    running = false;
  });
  await load(ledger, Array(8).fill(call), () => running);
}

// Each point once, and as many kills at any moment. A start takes longer than the tested work: fewer rounds on
// PostgreSQL.
const rounds = Number(process.env['KUBEPASS_CRASH_ROUNDS'] ?? (onPostgresql ? 8 : 2 * localCrashPoints.length));
const round = (number: number) => {
  const point = localCrashPoints[number % (2 * localCrashPoints.length)];
  return point === undefined ? undefined : { at: point, on: 1 + ((number * 7) % 40) };
};

describe('kill -9', () => {
  it.each(Array.from({ length: rounds }, (_, number) => [number + 1, round(number)] as const))(
    'round %i: %o',
    async (number, crash) => {
      const child = await start(crash);
      if (!crash) setTimeout(() => child.process.kill('SIGKILL'), 100 + ((number * 137) % 900));
      await loadUntil(child.gone);

      const next = await start();
      await ledger.everythingHolds(call);
      await ledger.lostAnswersCanBeAskedForAgain(call);
      await ledger.everythingHolds(call);
      await next.kill();
    },
  );

  it('issued something in every way', () => {
    expect(ledger.fingerprints.size).toBeGreaterThan(rounds);
    expect(ledger.requests.size).toBeGreaterThan(rounds);
  });
});
