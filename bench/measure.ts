import { setTimeout as sleep } from 'node:timers/promises';

/** Work before and after each round, which is not measured. */
export interface Turn {
  readonly begin?: () => Promise<void> | void;
  readonly end?: () => Promise<void> | void;
}

/** One of several ways to do the same thing. */
export interface Lane extends Turn {
  readonly once: () => Promise<void>;
}

/** The results of each lane in each round: milliseconds or requests per second. */
export type Rounds<Name extends string, Result> = Readonly<Record<Name, readonly Result[]>>;

/**
 * Lets lanes take turns, so that other work of the machine affects all of them alike. Every other round goes backwards,
 * so that no lane always follows the same one.
 */
export async function takeTurns<Name extends string, Result, Taker extends Turn | Lane>(
  rounds: number,
  lanes: Readonly<Record<Name, Taker>>,
  measure: (lane: Taker, name: Name) => Promise<Result>,
): Promise<Rounds<Name, Result>> {
  const names = Object.keys(lanes) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const lane = lanes[name];
      await lane.begin?.();
      results[name].push(await measure(lane, name));
      await lane.end?.();
    }
  return results;
}

/** A pause, so that work after the end of one run does not slow down the next one. */
const pauseMilliseconds = 50;

/** The milliseconds of each of `times` runs, one after the other with a pause between them. */
export async function oneAtATime(times: number, { once }: Lane): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await once();
    durations.push(performance.now() - began);
    await sleep(pauseMilliseconds);
  }
  return durations;
}

/** The rate per second with `atOnce` requests at a time, until `requests` are done. */
export async function manyAtOnce(requests: number, atOnce: number, { once }: Lane): Promise<number> {
  const began = performance.now();
  let left = requests;
  const worker = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return requests / ((performance.now() - began) / 1000);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Interpolates between the two nearest values if none is at that place. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}
