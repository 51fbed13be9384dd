// Tests src/http/answers/page-schemas.ts
import { describe, expect, it } from 'vitest';
import { pageOfList } from '../../../src/http/answers/page-schemas.js';
import { InvalidCursorError } from '../../../src/model/errors.js';

const names = ['ä', 'b', 'c', 'd', 'e'];
const page = (limit: number, cursor: string | null = null) => pageOfList(names, { limit, cursor }, (name) => name);

describe('pageOfList', () => {
  it.each([1, 2, 3, 4, 5, 6])('gives every item once, %i at a time', (limit) => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { items, nextCursor } = page(limit, cursor);
      expect(items.length).toBeLessThanOrEqual(limit);
      seen.push(...items);
      cursor = nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(names);
  });

  it('has no next page after the last item', () => expect(page(5).nextCursor).toBeNull());

  it('refuses a cursor that names no item', () => expect(() => page(2, 'bm9uZQ')).toThrow(InvalidCursorError));
});
