import createClient from 'openapi-fetch';
import type { components, paths } from './contract.js';
import { ProblemError, problemOf, unreachable } from './problem.js';
import { sessionEnded } from './session-end.js';

/** The shapes of the contract by their names. */
export type Schemas = components['schemas'];

/** The public API, typed from its contract. The browser adds the session's cookie. */
export const api = createClient<paths, 'application/json'>({
  baseUrl: location.origin,
  headers: { accept: 'application/json' },
});

interface Answered<T> {
  readonly data?: T | undefined;
  readonly error?: unknown;
  readonly response: Response;
}

/** The answer of a call; throws `ProblemError`. A 401 also says to the whole page that its session has ended. */
export async function answerOf<T>(call: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await call.catch((reason: unknown) => {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
    throw unreachable();
  });
  if (response.ok) return data as T;
  if (response.status === 401) sessionEnded.value = true;
  throw problemOf(error, response);
}

type Got<P extends keyof paths> = paths[P] extends { readonly get: infer G } ? G : never;
type Some<T> = [T] extends [never] ? unknown : T;
/** Texts may come from an address of the console: the service refuses those that it does not know. */
type Texts<Q> = { readonly [K in keyof Q]: (Q[K] extends string | undefined ? string : Q[K]) | undefined };

/** The JSON that an address gives. */
export type Answer<P extends keyof paths> =
  Got<P> extends { responses: { 200: { content: { 'application/json': infer T } } } } ? T : never;
/** Addresses that give JSON. */
export type Readable = { [P in keyof paths]: [Answer<P>] extends [never] ? never : P }[keyof paths];
/** The parameters of an address, those of its path and of its query. */
export type Given<P extends Readable> =
  Got<P> extends { parameters: infer X extends { path?: unknown; query?: unknown } }
    ? Some<X['path'] & object> & Some<Texts<X['query'] & object>>
    : never;

/** Reads an address; throws `ProblemError`. An empty text is left out of the query. */
export function read<P extends Readable>(path: P, given: Given<P>, signal?: AbortSignal): Promise<Answer<P>> {
  const all = Object.entries(given as object).filter(([, value]) => value !== '');
  const isOfPath = ([name]: readonly [string, unknown]) => path.includes(`{${name}}`);
  const params = {
    path: Object.fromEntries(all.filter(isOfPath)),
    query: Object.fromEntries(all.filter((one) => !isOfPath(one))),
  };
  // The types of `Given` and `Answer` are those of the contract, and the client wants to infer them once more.
  const get = api.GET as (path: P, init: object) => Promise<Answered<Answer<P>>>;
  return answerOf(get(path, { params, ...(signal && { signal }) }));
}

/** Runs what a button does. Resolves to the problem, or null where it succeeded. */
export async function problemFrom(action: () => Promise<unknown>): Promise<ProblemError | null> {
  try {
    await action();
    return null;
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}
