import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, PageQuery } from '../model/outcome.js';

/** The items of an export that are in memory at once: a few milliseconds of the event loop. */
const atOnce = 100;
/**
 * After each portion the event loop is left to others. A hundred thousand certificates take five seconds longer for
 * it.
 */
const restMilliseconds = 5;

/**
 * All items of a list, in its order. They are read in portions, each when it is taken; `begin` prepares to read them.
 */
export async function* inPortions<T>(
  begin: () => Promise<(page: PageQuery) => Promise<Page<T>>>,
): AsyncGenerator<readonly T[], void, void> {
  const read = await begin();
  for (let cursor: string | null = null; ;) {
    const { items, nextCursor }: Page<T> = await read({ limit: atOnce, cursor });
    if (items.length > 0) yield items;
    if (nextCursor === null) return;
    cursor = nextCursor;
    await sleep(restMilliseconds);
  }
}
