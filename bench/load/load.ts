import { HttpConnection, type Target } from './http-connection.js';

/** The requests as prepared octets. They are sent in order, and after the last one the first follows again. */
export interface Load {
  readonly target: Target;
  readonly connections: number;
  readonly requests: readonly Buffer[];
  readonly expectedStatus: number;
}

export interface Arrivals extends Load {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Throughput<Reading> {
  readonly perSecond: number;
  readonly answered: number;
  /** The readings of the meter before the first request and after the last answer, without opening connections. */
  readonly before: Reading;
  readonly after: Reading;
}

/** The rate over so many seconds, with as many requests at a time as there are connections. */
export async function measureThroughput<Reading>(
  load: Load,
  seconds: number,
  meter: () => Reading,
): Promise<Throughput<Reading>> {
  return overConnections(load, async (connections) => {
    const next = inTurn(load.requests);
    const before = meter();
    const began = performance.now();
    const until = began + seconds * 1000;
    let answered = 0;
    await Promise.all(
      connections.map(async (connection) => {
        while (performance.now() < until) {
          expectStatus(await connection.send(next()), load);
          answered++;
        }
      }),
    );
    return { perSecond: answered / ((performance.now() - began) / 1000), answered, before, after: meter() };
  });
}

/** The rate alone. */
export const throughputOf = async (load: Load, seconds: number): Promise<number> =>
  (await measureThroughput(load, seconds, () => null)).perSecond;

/** Sends each request once. */
export async function sendEach(load: Load): Promise<void> {
  await overConnections(load, async (connections) => {
    const left = load.requests.values();
    await Promise.all(
      connections.map(async (connection) => {
        // All connections take from the same iterator.
        for (const request of left) expectStatus(await connection.send(request), load);
      }),
    );
  });
}

/**
 * The milliseconds of each answer if requests arrive at a fixed rate. Each is timed from the moment when it was due,
 * not when it was sent. Therefore a server that stalls also pays for the requests that had to wait (coordinated
 * omission).
 */
export async function latenciesAt({ perSecond, seconds, ...load }: Arrivals): Promise<readonly number[]> {
  return overConnections(load, async (connections) => {
    const next = inTurn(load.requests);
    const total = Math.round(perSecond * seconds);
    const began = performance.now();
    const latencies: number[] = [];
    let begun = 0;
    await Promise.all(
      connections.map(async (connection) => {
        while (begun < total) {
          const due = began + (begun++ / perSecond) * 1000;
          await until(due);
          // A timer may fire early.
          const from = Math.min(due, performance.now());
          expectStatus(await connection.send(next()), load);
          latencies.push(performance.now() - from);
        }
      }),
    );
    return latencies;
  });
}

async function overConnections<Result>(
  { connections, target }: Load,
  work: (opened: readonly HttpConnection[]) => Promise<Result>,
): Promise<Result> {
  const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(target)));
  try {
    return await work(opened);
  } finally {
    for (const connection of opened) connection.close();
  }
}

function inTurn(requests: readonly Buffer[]): () => Buffer {
  let i = 0;
  return () => requests[i++ % requests.length]!;
}

function expectStatus(status: number, { expectedStatus }: Load): void {
  if (status !== expectedStatus) throw new Error(`answered with ${status}, not ${expectedStatus}`);
}

/**
 * A timer is up to a millisecond late, which counts against the measured server. Waiting in a loop would cost a core.
 */
async function until(due: number): Promise<void> {
  const wait = due - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}
