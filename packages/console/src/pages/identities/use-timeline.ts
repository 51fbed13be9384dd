import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { announce } from '../../parts/announce.js';
import type { Data } from '../../parts/use-data.js';
import { many } from '../../parts/words.js';
import { cursorTaken, follow } from '../../service/changes.js';
import { api, answerOf } from '../../service/client.js';
import { ProblemError } from '../../service/problem.js';
import { renewals } from '../../service/session.js';
import { rowsOf, type Row } from './rows.js';

export interface TimelineFilters {
  readonly cluster?: string;
  readonly group?: string;
  readonly username?: string;
  readonly usernamePrefix?: string;
  readonly blocked?: 'true' | 'false';
}

export interface FoundRows {
  readonly rows: readonly Row[];
  /** How many usernames the rows have. */
  readonly identities: number;
  /** False while more pages are being read. */
  readonly isComplete: boolean;
}

const pageOfBars = 10_000;
/** A busy service changes every second; reading everything that often is of no use to a person. */
const pauseMilliseconds = 3000;

/**
 * Reads all pages, one after the other. The first read gives rows as they come; a later one replaces them when it is
 * complete. A change while it reads lets it read again afterwards.
 */
export function useTimeline(filters: TimelineFilters): Data<FoundRows> {
  const value = useSignal<FoundRows | undefined>(undefined);
  const error = useSignal<ProblemError | null>(null);
  const read = useRef<() => void>(() => undefined);
  useEffect(() => {
    const stop = new AbortController();
    const state = new Set<'reading' | 'wanted'>();
    value.value = undefined;
    error.value = null;
    const readOnce = async () => {
      const before = value.value?.isComplete ? value.value : null;
      try {
        const found = await readAll(filters, stop.signal, (part) => before ?? (value.value = part));
        if (before && before.rows.length !== found.rows.length)
          announce(`${many(found.rows.length, 'row')} now, ${many(before.rows.length, 'row')} before`);
        value.value = found;
        error.value = null;
      } catch (reason) {
        if (stop.signal.aborted) return;
        if (!(reason instanceof ProblemError)) throw reason;
        error.value = reason;
      }
    };
    const readWhileWanted = async () => {
      state.add('reading');
      await cursorTaken();
      do {
        state.delete('wanted');
        await readOnce();
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
      } while (state.has('wanted') && !stop.signal.aborted);
      state.delete('reading');
    };
    read.current = () => {
      state.add('wanted');
      if (!state.has('reading')) void readWhileWanted();
    };
    read.current();
    const stopFollowing = follow(['certificates', 'identities'], read.current);
    return () => {
      stop.abort();
      stopFollowing();
    };
  }, [JSON.stringify(filters)]);
  const renewal = renewals.value;
  useEffect(() => {
    if (renewal > 0) read.current();
  }, [renewal]);
  return { value, error, reload: () => read.current() };
}

async function readAll(
  filters: TimelineFilters,
  signal: AbortSignal,
  onPart: (found: FoundRows) => void,
): Promise<FoundRows> {
  let found: FoundRows = { rows: [], identities: 0, isComplete: false };
  let cursor: string | null = null;
  do {
    const query = { ...filters, limit: pageOfBars, ...(cursor !== null && { cursor }) };
    const page = await answerOf(api.GET('/v1/timeline', { params: { query }, signal }));
    cursor = page.nextCursor;
    found = {
      rows: [...found.rows, ...rowsOf(page)],
      identities: found.identities + page.items.length,
      isComplete: cursor === null,
    };
    onPart(found);
  } while (cursor !== null);
  return found;
}
