import { useRef } from 'preact/hooks';
import { announce } from '../../parts/announce.js';
import { type Data, useData } from '../../parts/data.js';
import { many } from '../../parts/words.js';
import { api, answerOf } from '../../service/client.js';
import { type CompactTimeline, rowsOf, type Row } from './rows.js';

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
/** A busy service changes every second: between two reads it rests these many times as long as a read takes. */
const rests = 10;

/**
 * Reads all pages, one after the other. The first read gives rows as they come; a later one replaces them when it is
 * complete.
 */
export function useTimeline(filters: TimelineFilters): Data<FoundRows> {
  const asked = JSON.stringify(filters);
  const last = useRef({ asked: '', until: 0 });
  const data: Data<FoundRows> = useData(
    async (signal) => {
      const before = last.current.asked === asked ? data.value.peek() : undefined;
      const rest = last.current.until - performance.now();
      if (before?.isComplete && rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      const begun = performance.now();
      let found: FoundRows = { rows: [], identities: 0, isComplete: false };
      let cursor: string | null = null;
      do {
        // The types of the contract have no tuples.
        const page = await readPage(filters, cursor, signal);
        cursor = page.nextCursor;
        found = {
          rows: [...found.rows, ...rowsOf(page as unknown as CompactTimeline, filters)],
          identities: found.identities + page.items.length,
          isComplete: cursor === null,
        };
        if (!before?.isComplete && !signal.aborted) data.value.value = found;
      } while (cursor !== null);
      last.current = { asked, until: performance.now() + rests * (performance.now() - begun) };
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
