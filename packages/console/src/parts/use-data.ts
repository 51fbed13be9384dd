import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { cursorTaken, follow, type Kind } from '../service/changes.js';
import { type Answer, type Given, read, type Readable } from '../service/client.js';
import { ProblemError } from '../service/problem.js';
import { renewals } from '../service/session.js';

/** A part of the service as the page last read it. */
export interface Data<T> {
  readonly value: Signal<T | undefined>;
  /** Why the last read failed; null where it did not. The value of the read before stays. */
  readonly error: Signal<ProblemError | null>;
  /** Reads it again. */
  readonly reload: () => void;
}

/**
 * Reads when the page opens, when one of `inputs` differs, when one of these kinds has changed, and after a new
 * sign-in. Only the answer of the last read counts; until it is here, the one before stays. A change while it reads
 * lets it read once more afterwards, so that frequent changes do not keep a long read from ending.
 */
export function useData<T>(
  read: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  kinds: readonly Kind[] = [],
): Data<T> {
  const value = useSignal<T | undefined>(undefined);
  const error = useSignal<ProblemError | null>(null);
  const latest = useRef(read);
  latest.current = read;
  const running = useRef<AbortController | null>(null);
  const changes = useRef(0);
  const start = useRef(async (isOther: boolean): Promise<void> => {
    running.current?.abort();
    const before = changes.current;
    const controller = (running.current = new AbortController());
    if (kinds.length > 0) await cursorTaken();
    try {
      const found = await latest.current(controller.signal);
      if (controller.signal.aborted) return;
      value.value = found;
      error.value = null;
    } catch (reason) {
      if (controller.signal.aborted) return;
      if (!(reason instanceof ProblemError)) throw reason;
      // A value of other inputs must not stand below the reason why there is none.
      if (isOther) value.value = undefined;
      error.value = reason;
    }
    running.current = null;
    if (changes.current !== before) await start.current(false);
  });
  const reload = useRef(() => void start.current(false));
  useEffect(() => {
    const onChange = () => (running.current === null ? reload.current() : void (changes.current += 1));
    void start.current(true);
    const stopFollowing = kinds.length > 0 ? follow(kinds, onChange) : () => undefined;
    return () => {
      stopFollowing();
      running.current?.abort();
      running.current = null;
    };
  }, [...inputs, renewals.value]);
  return { value, error, reload: reload.current };
}

/** Reads an address of the API with these parameters, and again as `useData` does. */
export const useRead = <P extends Readable>(path: P, given: Given<P>, kinds: readonly Kind[] = []): Data<Answer<P>> =>
  useData((signal) => read(path, given, signal), [JSON.stringify(given)], kinds);
