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
