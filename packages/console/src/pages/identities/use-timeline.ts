import { useRef } from 'preact/hooks';
import { announce } from '../../parts/announce.js';
import { type Data, useData } from '../../parts/data.js';
import { many } from '../../parts/words.js';
import { type Given, read } from '../../service/client.js';
import { rowsOf, type Row } from './rows.js';

interface FoundRows {
  readonly rows: readonly Row[];
  /** How many usernames the rows have. */
  readonly identities: number;
  /** False while more pages are being read. */
  readonly isComplete: boolean;
}

/** A busy service changes every second: between two reads it rests these many times as long as a read takes. */
const rests = 10;

/** Reads all pages. The first read gives rows as they come; a later one replaces them when it is complete. */
export function useTimeline(
  filters: Pick<Given<'/v1/timeline'>, 'usernamePrefix' | 'username' | 'blocked'> & {
    readonly cluster?: string;
    readonly group?: string;
  },
): Data<FoundRows> {
  const asked = JSON.stringify(filters);
  const last = useRef({ asked: '', until: 0 });
  const data: Data<FoundRows> = useData(
    async (signal) => {
      const before = last.current.asked === asked ? data.value.peek() : undefined;
      const rest = last.current.until - performance.now();
      if (before?.isComplete && rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      const begun = performance.now();
      let found: FoundRows = { rows: [], identities: 0, isComplete: false };
      let cursor: string | undefined;
      while (!found.isComplete) {
        const page = await read('/v1/timeline', { ...filters, limit: 10_000, cursor }, signal);
        cursor = page.nextCursor ?? undefined;
        found = {
          rows: [...found.rows, ...rowsOf(page, filters)],
          identities: found.identities + page.items.length,
          isComplete: cursor === undefined,
        };
        if (!before?.isComplete && !signal.aborted) data.value.value = found;
      }
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
