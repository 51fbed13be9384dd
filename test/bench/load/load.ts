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

/** The rate per second over so many seconds, with as many requests at a time as there are connections. */
export async function throughputOf(load: Load, seconds: number): Promise<number> {
  const connections = await openAll(load);
  const next = inTurn(load.requests);
  const began = performance.now();
  const until = began + seconds * 1000;
  let answered = 0;
  try {
    await Promise.all(
      connections.map(async (connection) => {
        while (performance.now() < until) {
          expectStatus(await connection.send(next()), load);
          answered++;
        }
      }),
    );
    return answered / ((performance.now() - began) / 1000);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * The milliseconds of each answer if requests arrive at a fixed rate. Each is timed from the moment when it was due,
 * not when it was sent. Therefore a server that stalls also pays for the requests that had to wait (coordinated
 * omission).
 */
export async function latenciesAt({ perSecond, seconds, ...load }: Arrivals): Promise<readonly number[]> {
  const connections = await openAll(load);
  const next = inTurn(load.requests);
  const total = Math.round(perSecond * seconds);
  const began = performance.now();
  const latencies: number[] = [];
  let begun = 0;
  try {
    await Promise.all(
      connections.map(async (connection) => {
        while (begun < total) {
          const due = began + (begun++ / perSecond) * 1000;
          await until(due);
          expectStatus(await connection.send(next()), load);
          latencies.push(performance.now() - due);
        }
      }),
    );
    return latencies;
  } finally {
    for (const connection of connections) connection.close();
  }
}

const openAll = ({ connections, target }: Load): Promise<HttpConnection[]> =>
  Promise.all(Array.from({ length: connections }, () => HttpConnection.open(target)));

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
