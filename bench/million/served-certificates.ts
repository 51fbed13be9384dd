import type { Store } from '../../src/store/store.js';
import { composeOn } from '../../test/helpers/composed-service.js';
import { figureOf, type Row } from '../report.js';
import type { SeededDatabase } from './databases.js';
import { clusters, oldCa, presentCa } from './rows.js';

/** So many milliseconds may it take to count the live certificates of an issuer. */
const mostMilliseconds = 10;
const rounds = 7;

/**
 * Times the count of the live certificates of the CA that signed nearly all, and of the one that signed three. Throws
 * where they do not agree with a count of all live certificates, one by one.
 */
export async function timeServed(database: SeededDatabase, directory: string, now: Date): Promise<readonly Row[]> {
  const { store, close } = await composeOn(directory, database.environment);
  try {
    const timed: Timed[] = [];
    for (const ca of [presentCa, oldCa])
      for (const cluster of clusters) timed.push({ ca, cluster, ...(await timeOne(store, cluster, ca, now)) });
    const live = timed.reduce((sum, one) => sum + one.live, 0);
    const counted = await store.figures.certificates(now, () => Promise.resolve('go on'));
    const plain = (counted?.notRenewed.live ?? 0) + (counted?.renewed.live ?? 0);
    if (live !== plain) throw new Error(`${String(live)} live certificates of issuers, and ${String(plain)} of all`);
    return timed
      .filter(({ live: some }) => some > 0)
      .map(({ ca, cluster, milliseconds, live: some }) =>
        figureOf(
          `${database.name}: the live certificates on ${cluster} of ${ca === oldCa ? 'an old issuer' : 'the present issuer'}`,
          milliseconds,
          'ms',
          { target: { atMost: mostMilliseconds }, details: some.toLocaleString('en') },
        ),
      );
  } finally {
    await close();
  }
}

interface Timed {
  readonly ca: string;
  readonly cluster: string;
  readonly live: number;
  /** By round. */
  readonly milliseconds: readonly number[];
}

async function timeOne(
  { issuers }: Store,
  cluster: string,
  ca: string,
  now: Date,
): Promise<Pick<Timed, 'live' | 'milliseconds'>> {
  const milliseconds: number[] = [];
  let live = 0;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    ({ live } = await issuers.served(cluster, [ca], now));
    milliseconds.push(performance.now() - began);
  }
  return { live, milliseconds };
}
