import { useRef } from 'preact/hooks';
import { announce } from '../../parts/announce.js';
import { type Data, useData } from '../../parts/use-data.js';
import { many } from '../../parts/words.js';
import { api, answerOf } from '../../service/client.js';
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

const barsInPage = 10_000;
/** A busy service changes every second; reading everything that often is of no use to a person. */
const restMilliseconds = 3000;

/**
 * Reads all pages, one after the other. The first read gives rows as they come; a later one replaces them when it is
 * complete.
 */
export function useTimeline(filters: TimelineFilters): Data<FoundRows> {
  const asked = JSON.stringify(filters);
  const last = useRef({ asked: '', at: 0 });
  const data: Data<FoundRows> = useData(
    async (signal) => {
      const before = last.current.asked === asked ? data.value.peek() : undefined;
      const rest = last.current.at + restMilliseconds - performance.now();
      if (before?.isComplete && rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      let found: FoundRows = { rows: [], identities: 0, isComplete: false };
      let cursor: string | null = null;
      do {
        const page = await readPage(filters, cursor, signal);
        cursor = page.nextCursor;
        found = {
          rows: [...found.rows, ...rowsOf(page, filters)],
          identities: found.identities + page.items.length,
          isComplete: cursor === null,
        };
        if (!before?.isComplete && !signal.aborted) data.value.value = found;
      } while (cursor !== null);
      last.current = { asked, at: performance.now() };
      if (before?.isComplete && before.rows.length !== found.rows.length)
        announce(`${many(found.rows.length, 'row')} now, ${many(before.rows.length, 'row')} before`);
      return found;
    },
    [asked],
    ['certificates', 'identities'],
  );
  return data;
}

const readPage = (filters: TimelineFilters, cursor: string | null, signal: AbortSignal) => {
  const query = { ...filters, limit: barsInPage, ...(cursor !== null && { cursor }) };
  return answerOf(api.GET('/v1/timeline', { params: { query }, signal }));
};
