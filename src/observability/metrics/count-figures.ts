import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../context/context.js';
import type { CertificateCount, RecordFigures } from '../../model/record-figures.js';
import type { Store } from '../../store/store.js';

/** How long others have the event loop between two portions of certificates. */
const pauseMilliseconds = 50;

export interface CountingOptions {
  readonly store: Pick<Store, 'figures' | 'auditEvents' | 'checkpoints'>;
  readonly clock: () => Date;
  readonly log: Log;
  /** Between two counts of the records that few statements find; default 15,000. */
  readonly recordsMilliseconds?: number;
  /** The same for certificates, at least; default 60,000. */
  readonly certificatesMilliseconds?: number;
  /**
   * Counting certificates may take this part of the time; default 1/200. So a million of them are counted about every
   * ten minutes, a thousand at once.
   */
  readonly partOfTime?: number;
}

/** Figures that were counted, with the instant at which that began and the time that it took. */
export interface Counted<Figures> {
  readonly at: Date;
  readonly seconds: number;
  readonly figures: Figures;
}

/** Counts what is in the database, again and again, and keeps the last figures. */
export class FigureCounting {
  #certificates: Counted<CertificateCount> | null = null;
  #records: Counted<RecordFigures> | null = null;

  /** The last count; null until the first one has ended. */
  certificates(): Counted<CertificateCount> | null {
    return this.#certificates;
  }

  records(): Counted<RecordFigures> | null {
    return this.#records;
  }

  /** Begins. `stop` resolves once nothing is being counted any more. */
  begin(options: CountingOptions): { stop(): Promise<void> } {
    const { recordsMilliseconds = 15_000, certificatesMilliseconds = 60_000, partOfTime = 1 / 200 } = options;
    const stopping = new AbortController();
    const { signal } = stopping;
    const running = Promise.all([
      inTurns('records', signal, options.log, async () => {
        this.#records = await counted(options.clock, () => countRecords(options));
        return recordsMilliseconds;
      }),
      inTurns('certificates', signal, options.log, async () => {
        let paused = 0;
        const began = performance.now();
        const at = options.clock();
        const figures = await options.store.figures.certificates(at, async () => {
          const pausing = performance.now();
          await rest(pauseMilliseconds, signal);
          paused += performance.now() - pausing;
          return signal.aborted ? 'end' : 'go on';
        });
        const took = performance.now() - began;
        if (figures !== null) this.#certificates = { at, seconds: took / 1000, figures };
        return Math.max(certificatesMilliseconds, (took - paused) / partOfTime);
      }),
    ]);
    return {
      async stop() {
        stopping.abort();
        await running;
      },
    };
  }
}

async function countRecords({ store, clock }: CountingOptions): Promise<RecordFigures> {
  const [records, { seq }, checkpoint] = [
    await store.figures.records(clock()),
    await store.auditEvents.head(),
    await store.checkpoints.last(),
  ];
  return {
    ...records,
    auditEvents: seq,
    checkpoint: checkpoint && { size: checkpoint.size, signedAt: checkpoint.signedAt },
  };
}

async function counted<Figures>(clock: () => Date, count: () => Promise<Figures>): Promise<Counted<Figures>> {
  const [at, began] = [clock(), performance.now()];
  const figures = await count();
  return { at, seconds: (performance.now() - began) / 1000, figures };
}

/** How long to wait before figures that could not be counted are counted again. */
const againMilliseconds = 15_000;

/** Counts, waits for as long as `count` answers, and so on. Never rejects. */
async function inTurns(what: string, signal: AbortSignal, log: Log, count: () => Promise<number>): Promise<void> {
  let isFailing = false;
  while (!signal.aborted) {
    let wait = againMilliseconds;
    try {
      wait = await count();
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ err: error, what }, 'figures could not be counted: the metrics keep the old ones');
      isFailing = true;
    }
    await rest(wait, signal);
  }
}

/** Ends early with the signal. Does not keep the process alive. */
const rest = (milliseconds: number, signal: AbortSignal): Promise<unknown> =>
  sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
